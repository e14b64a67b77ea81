"""As of any block: every answer equals a brute-force replay to that block, on both databases, also after a rewind."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from lives import ACCREDITATION, CONTRACT, GENESIS, Life

from registry.credential.place import BatchId, Place
from registry.ledger.entities import (
    Accreditation,
    Batch,
    Issuer,
    Key,
    PendingChange,
    ProfilePeriod,
    Reaffirmation,
    StatusChange,
    StatusWord,
)
from registry.ledger.history import Facet
from registry.ledger.state import key_of
from registry.ledger.word import IssuerWord
from registry.store.engine import open_engine, reading
from registry.store.reading.evidence import SqlEvidence
from registry.store.reading.past import Past, periods, point_at_time
from registry.store.reading.present import Present
from registry.store.writing.mirror import SqlMirror
from registry.verification.evidence import Ask, Evidence, NoEvidence, TrustedContract

TRUSTED = TrustedContract(CONTRACT, bytes(32), bytes(32))
BLOCKS = 50


def write(mirror, life, first=1, size=4):
    for step in life.steps(first, size, load=mirror.load):
        mirror.commit(step)


@pytest.fixture
def mirror(database_url):
    opened = SqlMirror(open_engine(database_url), CONTRACT, accreditation=ACCREDITATION)
    opened.prepare()
    yield opened
    opened.engine.dispose()


@pytest.fixture
def life(mirror):
    """A mirror that went through a reorganisation before it came to hold this chain."""
    lost = Life(seed=31, issuers=3)
    lost.mine(BLOCKS, events=8)
    write(mirror, lost)
    made = lost.fork(30, seed=32)
    made.mine(BLOCKS - 30, events=8)
    mirror.rewind(30)
    write(mirror, made, first=31)
    return made


def by_key(accreditations):
    return sorted(accreditations, key=key_of)


def assert_past_equals_replay(past, state, everything):
    """`state` is the replay to the block; `everything` the one to the end, for keys that came later."""
    for issuer in everything.all(Issuer):
        number = issuer.issuer_id
        then = state.get(Issuer, number)
        assert past.issuer(number) == then
        assert past.word(number) == (then.word if then else bytes(32))
        assert past.keys(number) == [key for key in state.all(Key) if key.issuer_id == number]
        slots = [period for period in state.all(ProfilePeriod) if period.issuer_id == number]
        assert sorted(past.profiles(number), key=lambda period: period.profile_hash) == slots
        said = state.all(Accreditation)
        assert by_key(past.accreditations_given(number)) == [a for a in said if a.issuer_id == number]
        assert by_key(past.accreditations_received(number)) == [a for a in said if a.subject == number]
    for key in everything.all(Key):
        assert past.key(key.issuer_id, key.account) == state.get(Key, key.issuer_id, key.account)
    for batch in everything.all(Batch):
        place = (batch.issuer_id, batch.batch_id)
        assert past.batch(*place) == state.get(Batch, *place)
        assert past.reaffirmation(*place) == state.get(Reaffirmation, *place)
    for word in everything.all(StatusWord):
        slot = (word.issuer_id, word.batch_id, word.epoch, word.word_index)
        assert past.status_word(*slot) == state.get(StatusWord, *slot)
        changes = [c for c in state.all(StatusChange) if (c.issuer_id, c.batch_id, c.epoch, c.word_index) == slot]
        assert list(reversed(past.status_changes(*slot, 10**6))) == changes
    for pending in [*everything.all(PendingChange), *state.all(PendingChange)]:
        place = (pending.issuer_id, pending.requester, pending.account)
        assert past.pending(*place) == state.get(PendingChange, *place)


def test_every_answer_as_of_every_block_equals_a_replay_to_it(mirror, life):
    everything = life.state()
    with reading(mirror.engine) as connection:
        for block in range(BLOCKS + 1):
            assert_past_equals_replay(Past(connection, CONTRACT, block), life.state(block), everything)


def test_the_past_as_of_the_newest_block_is_the_present(mirror, life):
    state = life.state()
    with reading(mirror.engine) as connection:
        past, present = Past(connection, CONTRACT, BLOCKS), Present(connection, CONTRACT.chain_id)
        for batch in state.all(Batch):
            place = (batch.issuer_id, batch.batch_id)
            assert past.batch(*place) == present.batch(*place) == batch
            assert past.reaffirmation(*place) == present.reaffirmation(*place)
        for issuer in state.all(Issuer):
            number = issuer.issuer_id
            assert past.word(number) == present.word(number)
            assert past.accreditations_given(number) == present.accreditations_given(number)
            assert past.accreditations_received(number) == present.accreditations_received(number)
            assert present.accreditations_given(number, 1) == present.accreditations_given(number)[:1]
        assert state.all(Accreditation)


def places(life):
    rng = random.Random(7)
    return [
        Place(BatchId(CONTRACT, batch.issuer_id, batch.batch_id), rng.randrange(3 * 256))
        for batch in life.state().all(Batch)
    ]


def test_evidence_as_of_a_block_is_what_was_gathered_when_it_was_the_newest(database_url, tmp_path):
    life = Life(seed=42, issuers=3)
    life.mine(40, events=6)
    mirror = SqlMirror(open_engine(database_url), CONTRACT, accreditation=ACCREDITATION)
    mirror.prepare()
    source, then = SqlEvidence(mirror.engine, TRUSTED), {}
    everywhere = places(life)
    for step in life.steps(size=1, load=mirror.load):
        # tiers are told as of now: all of them final, so that the two are alike
        mirror.commit(replace(step, checkpoint=replace(step.checkpoint, final=10**6)))
        block = step.checkpoint.block.number
        then[block] = [source.gather(place, None) for place in everywhere]
    for block, gathered in then.items():
        assert [source.gather(place, None, Ask(block=block)) for place in everywhere] == gathered, block
    assert sum(isinstance(g, Evidence) and g.record is not None and g.status.revoked != 0 for g in then[40]) > 0
    mirror.engine.dispose()


def test_a_block_that_is_not_read_yet_or_was_never_read_is_no_evidence(mirror, life):
    source, place = SqlEvidence(mirror.engine, TRUSTED), places(life)[0]
    for block in (BLOCKS + 1, 0):
        answer = source.gather(place, None, Ask(block=block))
        assert isinstance(answer, NoEvidence)
        assert answer.code == "BLOCK_NOT_READ"


def test_a_time_leads_to_the_newest_block_at_or_before_it(mirror, life):
    source, place = SqlEvidence(mirror.engine, TRUSTED), places(life)[0]
    # of the newest block's own second, another block may still tell something
    times = {12 * 7: 7, 12 * 7 + 11: 7, 12 * BLOCKS - 1: BLOCKS - 1, 11: None, 12 * BLOCKS: None, 12 * BLOCKS + 1: None}
    for seconds, number in times.items():
        found = source.gather(place, None, Ask(time=GENESIS + seconds))
        assert (found.latest.number if isinstance(found, Evidence) else None) == number
    with reading(mirror.engine) as connection:
        point = point_at_time(connection, CONTRACT.chain_id, GENESIS + 12 * 35)
        assert point == life.blocks[34][0].block  # of the canonical branch, not of the lost one


def test_periods_tile_the_time_since_registration_and_say_what_the_replay_says(mirror, life):
    with reading(mirror.engine) as connection:
        for issuer in life.state().all(Issuer):
            found = periods(connection, CONTRACT.chain_id, issuer.issuer_id)
            for facet in Facet:
                of_facet = [period for period in found if period.facet == facet]
                for before, after in pairwise(of_facet):
                    assert (before.until_block, before.until_time) == (after.since_block, after.since_time)
                assert all(period.until_block is None for period in of_facet[-1:])
            for block in range(issuer.registered_block, BLOCKS + 1, 7):
                then = life.state(block).get(Issuer, issuer.issuer_id)
                word = IssuerWord.unpack(then.word)
                assert _value(found, Facet.RECOVERY, block) == then.recovery
                assert _value(found, Facet.PROFILE, block, bytes(32)) == then.profile_hash
                assert int.from_bytes(_value(found, Facet.EPOCH, block, b""), "big") == word.epoch
                assert bool(int.from_bytes(_value(found, Facet.FROZEN, block, b""), "big")) == word.frozen


def _value(found, facet, block, default=None):
    reigning = [
        period.value
        for period in found
        if period.facet == facet
        and period.since_block <= block
        and (period.until_block is None or block < period.until_block)
    ]
    # several changes in one block: the last of them has a reign, the others begin and end in it
    return reigning[-1] if reigning else default

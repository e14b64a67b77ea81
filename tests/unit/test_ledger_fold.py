"""Folding one issuer's life: the state it leaves, and that no log can be missing, doubled, moved or changed."""

import own_vectors
import pytest
from msgspec.structs import replace

from registry.errors import LedgerError
from registry.ledger import events as ev
from registry.ledger.decode import BlockRef, LedgerEvent, decode
from registry.ledger.entities import (
    ENTITY_TYPES,
    Batch,
    Issuer,
    Key,
    PendingChange,
    ProfilePeriod,
    Reaffirmation,
    StatusChange,
    StatusWord,
)
from registry.ledger.history import IssuerChange, history_rows, issuer_of_changes
from registry.ledger.projection import apply, fold, rows_needed
from registry.ledger.state import State, key_of
from registry.ledger.word import IssuerWord, WordDomain

VECTORS = own_vectors.load("ledger/events.json")
LOGS = VECTORS["logs"]
DOMAIN = WordDomain(VECTORS["chainId"], bytes.fromhex(VECTORS["contract"]))


def block_of(place: int) -> BlockRef:
    return BlockRef(100 + place, place.to_bytes(32, "big"), 1_800_000_000 + 12 * place)


def life() -> list[LedgerEvent]:
    return [own_vectors.decoded(log, block_of(place), index=place) for place, log in enumerate(LOGS)]


def account(name: str) -> bytes:
    return own_vectors.generator().secret(name, 20)


def folded() -> State:
    return fold(State(), DOMAIN, life())


def time_of(event: str, number: int = 0) -> int:
    return block_of([place for place, log in enumerate(LOGS) if log["event"] == event][number]).time


def test_word_of_the_last_event_is_the_issuers_word():
    (issuer,) = folded().all(Issuer)
    assert issuer.word.hex() == LOGS[-1]["wordAfter"]
    word = IssuerWord.unpack(issuer.word)
    assert (word.sequence, word.epoch, word.frozen) == (len(LOGS), 1, False)


def test_issuer_has_its_latest_recovery_account_and_profile():
    (issuer,) = folded().all(Issuer)
    secret = own_vectors.generator().secret
    assert (issuer.recovery, issuer.profile_hash) == (account("stranger"), secret("profile 2"))
    assert (issuer.registered_block, issuer.registered_at) == (100, 1_800_000_000)
    first, second = time_of("ProfileChanged"), time_of("ProfileChanged", 1)
    assert {(p.profile_hash, p.since, p.until) for p in folded().all(ProfilePeriod)} == {
        (secret("profile 1"), first, second),
        (secret("profile 2"), second, 0),
    }


def test_keys_have_their_roles_and_times():
    added = [time_of("KeyAdded", number) for number in range(5)]
    assert {(k.account, k.roles, k.added_at, k.retired_at, k.distrust_from) for k in folded().all(Key)} == {
        (account("admin"), 1, added[0], 0, 0),
        (account("anchorer"), 2, added[1], time_of("KeyDistrusted", 1), 1_799_990_000),
        (account("status"), 4, added[2], 0, 0),
        (account("stranger"), 2, added[3], time_of("KeyRetired"), 1_799_000_000),
        (account("thief"), 7, added[4], time_of("KeyDistrusted"), 1_800_100_000),
    }


def test_batches_have_their_records_and_reaffirmations():
    state, secret = folded(), own_vectors.generator().secret
    batches = {b.batch_id: b for b in state.all(Batch)}
    assert set(batches) == {secret("batch", 16), secret("batch 2", 16)}
    batch = batches[secret("batch", 16)]
    assert (batch.root, batch.leaf_count, batch.account) == (secret("root"), 1000, account("anchorer"))
    assert (batch.anchored_at, batch.block_number, batch.tx_hash) == (time_of("Anchored"), 105, b"\xcc" * 32)
    (again,) = state.all(Reaffirmation)
    assert (again.batch_id, again.account) == (secret("batch", 16), account("admin"))
    assert again.reaffirmed_at == time_of("Reaffirmed")


def test_status_words_hold_the_bits_of_their_epoch():
    secret = own_vectors.generator().secret
    one, two = secret("batch", 16), secret("batch 2", 16)
    words = {
        (w.batch_id, w.epoch, w.word_index): (int.from_bytes(w.revoked, "big"), int.from_bytes(w.suspended, "big"))
        for w in folded().all(StatusWord)
    }
    assert words == {
        (one, 0, 0): (1, 0),
        (one, 0, 3): (2**231, 0),
        (one, 0, 1): (0, 4),
        (two, 0, 2**32 - 1): (2**256 - 1, 0),
        (one, 1, 0): (1, 0),
    }


def test_status_changes_keep_every_mask_with_its_reason():
    changes = [(c.action, c.reason, c.epoch, c.word_index, c.position) for c in folded().all(StatusChange)]
    assert sorted(changes) == sorted(
        [
            (1, 9, 0, 0, 0), (1, 9, 0, 3, 1), (2, 6, 0, 1, 0), (3, 0, 0, 1, 0), (1, 4, 0, 2**32 - 1, 0),
            (1, 9, 1, 0, 0),
        ]
    )  # fmt: skip


def test_executed_changes_do_not_wait_and_those_that_recovery_vetoed_are_marked():
    (left,) = folded().all(PendingChange)
    assert (left.requester, left.kind, left.by_recovery, left.vetoed) == (account("thief"), 3, 0, 1)
    waiting = fold(State(), DOMAIN, life()[:16]).all(PendingChange)
    assert [(p.requester, p.account, p.kind, p.roles, p.ready_at) for p in waiting] == [
        (account("admin"), account("thief"), 1, 7, 1_800_300_000)
    ]


def test_frozen_flag_stands_between_frozen_and_unfrozen():
    frozen = next(place for place, log in enumerate(LOGS) if log["event"] == "Frozen")
    state = fold(State(), DOMAIN, life()[: frozen + 2])
    assert IssuerWord.unpack(state.all(Issuer)[0].word).frozen


ADMIN, RECOVERY, NEXT = "0a" * 20, "0b" * 20, "0c" * 20


@pytest.mark.parametrize(
    ("story", "by_recovery"),
    [
        ([], 0),
        ([("Frozen", ADMIN)], 0),
        ([("Frozen", RECOVERY)], 1),
        ([("Frozen", ADMIN), ("Frozen", RECOVERY)], 1),  # it takes the admin's freeze over
        ([("Frozen", RECOVERY), ("Unfrozen", RECOVERY)], 0),
        ([("Frozen", RECOVERY), ("Unfrozen", RECOVERY), ("Frozen", ADMIN)], 0),
        ([("Frozen", RECOVERY), ("RecoveryChanged", NEXT)], 1),  # the next account inherits it …
        ([("Frozen", RECOVERY), ("RecoveryChanged", NEXT), ("Unfrozen", NEXT)], 0),  # … and thaws
        ([("RecoveryChanged", NEXT), ("Frozen", RECOVERY)], 0),  # who is not it any more is an admin
        ([("Frozen", NEXT), ("RecoveryChanged", NEXT)], 0),  # nor does an admin's freeze become its own
    ],
)
def test_freeze_is_the_recovery_accounts_if_it_froze_while_it_was_that(story, by_recovery):
    items, word, frozen = [], bytes(32), False
    for place, (name, account_) in enumerate([("IssuerRegistered", ADMIN), *story]):
        frozen = name == "Frozen" or (frozen and name != "Unfrozen")
        who = {"recovery": RECOVERY if name == "IssuerRegistered" else account_}
        values = {**(who if "Recovery" in name or "Registered" in name else {}), "actor": account_}
        log = own_vectors.generator().log(name, 7, values, word, (0, frozen))
        word = bytes.fromhex(log["wordAfter"])
        items.append(own_vectors.decoded(log, block_of(place), index=place))
    (issuer,) = fold(State(), DOMAIN, items).all(Issuer)
    assert issuer.frozen_by_recovery == by_recovery
    changes = [row for row in history_rows(items) if isinstance(row, IssuerChange)]
    assert issuer_of_changes(changes, issuer.word) == issuer


def words_of(items: list[LedgerEvent]) -> str:
    """What a contract would be asked for after these events: a refusal, or the word that the events lead to."""
    try:
        state = fold(State(), DOMAIN, items)
    except LedgerError:
        return "refused"
    return "".join(issuer.word.hex() for issuer in state.all(Issuer))


IN_STORAGE = LOGS[-1]["wordAfter"]


def test_undisturbed_life_leads_to_the_word_in_storage():
    assert words_of(life()) == IN_STORAGE


@pytest.mark.parametrize("place", range(len(LOGS)))
def test_left_out_event_is_noticed(place):
    items = life()
    del items[place]
    assert words_of(items) != IN_STORAGE
    if place < len(LOGS) - 1:
        assert words_of(items) == "refused"


@pytest.mark.parametrize("place", range(len(LOGS)))
def test_event_given_twice_is_refused_wherever_the_copy_stands(place):
    for at in range(place, len(LOGS) + 1):
        items = life()
        items.insert(at, items[place])
        assert words_of(items) == "refused"


@pytest.mark.parametrize("place", range(len(LOGS)))
def test_event_that_moved_is_refused(place):
    for at in range(len(LOGS)):
        if at == place:
            continue
        items = life()
        items.insert(at, items.pop(place))
        assert words_of(items) == "refused"


@pytest.mark.parametrize("place", range(len(LOGS)))
def test_changed_byte_of_any_topic_or_data_is_refused(place):
    good = own_vectors.raw_log(LOGS[place], block_of(place), place)
    before = fold(State(), DOMAIN, life()[:place])
    topics = b"".join(good.topics)
    for position in range(len(topics) + len(good.data)):
        blob = bytearray(topics + good.data)
        blob[position] ^= 1 << position % 8
        cut = [bytes(blob[at : at + 32]) for at in range(0, len(topics), 32)]
        bad = replace(good, topics=tuple(cut), data=bytes(blob[len(topics) :]))
        with pytest.raises(LedgerError):
            apply(before, DOMAIN, decode(bad, block_of(place)))


def test_refused_event_leaves_the_state_as_it_was():
    items = life()
    state, same = fold(State(), DOMAIN, items[:8]), fold(State(), DOMAIN, items[:8])
    for wrong in (items[0], items[5], items[9], items[20]):
        with pytest.raises(LedgerError):
            apply(state, DOMAIN, wrong)
    assert all(state.all(kind) == same.all(kind) for kind in ENTITY_TYPES)
    fold(state, DOMAIN, items[8:])


@pytest.mark.parametrize("domain", [WordDomain(1, DOMAIN.contract), WordDomain(DOMAIN.chain_id, b"\1" * 20)])
def test_events_of_another_chain_or_contract_are_refused(domain):
    with pytest.raises(LedgerError):
        fold(State(), domain, life()[:1])


def test_message_names_event_block_and_log():
    with pytest.raises(LedgerError, match=r"KeyAdded in block 102, log 2, .* word 1 of issuer 7"):
        fold(State(), DOMAIN, [life()[0], life()[2]])


def forged(event: ev.AnyEvent, place: int, before: bytes, after: tuple[int, bool]) -> LedgerEvent:
    """An event with a word that extends `before`, as somebody who knows the formula can forge it."""
    old, payload = IssuerWord.unpack(before), bytes([place]) * 32
    word = IssuerWord(DOMAIN.head(event.issuer_id, before, payload), old.sequence + 1, *after).pack()
    return LedgerEvent(replace(event, word=word), payload, block_of(place), place, b"\xdd" * 32)


def test_status_action_that_does_not_exist_is_a_ledger_error():
    state = fold(State(), DOMAIN, life())
    changes = (ev.WordMask(0, 1),)
    event = ev.StatusChanged(7, b"\1" * 16, 4, 0, 1, changes, b"\2" * 20, b"")
    with pytest.raises(LedgerError, match="action 4"):
        apply(state, DOMAIN, forged(event, 40, state.all(Issuer)[0].word, (1, False)))


def test_retiring_a_key_that_was_never_added_is_a_ledger_error():
    state = fold(State(), DOMAIN, life())
    event = ev.KeyRetired(7, b"\1" * 20, b"\2" * 20, b"")
    with pytest.raises(LedgerError, match="never added"):
        apply(state, DOMAIN, forged(event, 40, state.all(Issuer)[0].word, (1, False)))


def test_rows_needed_name_every_row_that_applying_reads():
    """With the rows that `rows_needed` names and no others, each event changes the state in the same way."""
    whole = State()
    for item in life():
        loaded = [row for kind, key in rows_needed([item]) if (row := whole.get(kind, *key)) is not None]
        part = State(loaded)
        apply(part, DOMAIN, item)
        apply(whole, DOMAIN, item)
        for kind, key, entity in ((kind, *row) for kind, rows in part.changes() for row in rows.items()):
            assert whole.get(kind, *key) == entity
            assert entity is None or key_of(entity) == key

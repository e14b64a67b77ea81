"""Folding what issuers say of each other: the statements that stay, and that no log can be missing, moved or forged."""

import re
from pathlib import Path

import own_vectors
import pytest
from msgspec.structs import replace

from registry.errors import LedgerError
from registry.ledger import events as ev
from registry.ledger.accreditation import (
    NEVER,
    AccreditationStep,
    accreditation_of_changes,
    accreditations_of_changes,
    accreditor_of_changes,
)
from registry.ledger.decode import TOPICS, BlockRef, LedgerEvent, decode
from registry.ledger.entities import Accreditation, Accreditor, Issuer
from registry.ledger.history import history_of
from registry.ledger.projection import apply, fold, rows_needed
from registry.ledger.slots import accreditor_count, statement_slot
from registry.ledger.state import State, key_of
from registry.ledger.word import WordDomain

VECTORS = own_vectors.load("ledger/accreditation.json")
LOGS = VECTORS["logs"]
REGISTRY, BESIDE = bytes.fromhex(VECTORS["contract"]), bytes.fromhex(VECTORS["accreditation"])
DOMAIN = WordDomain(VECTORS["chainId"], REGISTRY, BESIDE)
SECTION = (Path(__file__).parents[2] / "contracts/SPEC.md").read_text("utf-8").partition("### 5.10 ")[2]
SCOPE_1, SCOPE_2 = (own_vectors.generator().secret(name) for name in ("scope 1", "scope 2"))


def block_of(place: int) -> BlockRef:
    return BlockRef(100 + place, place.to_bytes(32, "big"), 1_800_000_000 + 12 * place)


def life() -> list[LedgerEvent]:
    return [own_vectors.decoded(log, block_of(place), index=place) for place, log in enumerate(LOGS)]


def folded(items: list[LedgerEvent] | None = None) -> State:
    return fold(State(), DOMAIN, life() if items is None else items)


def changes():
    return [row for item in life() for row in history_of(item)]


def row_of_the_specification(name: str) -> list[bytes]:
    line = next(line for line in SECTION.splitlines() if line.startswith(f"| {name}") and "indexed" not in line)
    return [bytes.fromhex(value) for value in re.findall(r"`([0-9a-f]{64})`", line)]


def test_statements_are_the_newest_that_were_said():
    stated = [block_of(place).time for place in range(len(LOGS))]
    assert folded().all(Accreditation) == sorted(
        [
            # said, withdrawn and said again: only the last statement counts
            Accreditation(7, 2, SCOPE_1, 1_850_000_000, 0, stated[4], 0),
            Accreditation(7, 9, SCOPE_1, 1_700_000_000, 0, stated[1], 0),
            Accreditation(7, 9, SCOPE_2, 1, NEVER, stated[3], stated[5]),
        ],
        key=key_of,
    )


def test_word_of_the_accreditor_is_its_own_and_no_issuers():
    state = folded()
    assert state.all(Accreditor) == [Accreditor(7, bytes.fromhex(LOGS[-1]["wordAfter"]))]
    assert state.all(Issuer) == []


def test_worked_example_of_the_specification_is_folded_to_its_words():
    scope = bytes(range(0x60, 0x80))
    admin = bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266")
    words, payloads = zip(
        *((row_of_the_specification(f"`{n}`")[::-1]) for n in ("Accredited", "Withdrawn")), strict=True
    )
    accredited = ev.Accredited(1, 2, scope, 1_800_000_000, 1_900_000_000, admin, words[0])
    withdrawn = ev.Withdrawn(1, 2, scope, admin, words[1])
    items = [
        LedgerEvent(event, payload, block_of(place), place, b"\xdd" * 32)
        for place, (event, payload) in enumerate(zip((accredited, withdrawn), payloads, strict=True))
    ]
    state = fold(State(), WordDomain(31337, REGISTRY, BESIDE), items)
    assert state.all(Accreditor) == [Accreditor(1, words[1])]
    assert state.all(Accreditation)[0].withdrawn_at == block_of(1).time
    assert [statement_slot(1, 2, scope)] == row_of_the_specification("slot of the statement")


@pytest.mark.parametrize("place", range(len(LOGS) - 1))
def test_missing_log_is_noticed_at_the_next_one(place):
    items = life()
    with pytest.raises(LedgerError, match=f"word {place} of accreditor 7"):
        folded(items[:place] + items[place + 1 :])


def test_reordered_and_doubled_logs_are_noticed():
    items = life()
    for wrong in ([items[1], items[0], *items[2:]], [items[0], items[0]], [*items, items[-1]]):
        with pytest.raises(LedgerError):
            folded(wrong)


def test_changed_field_is_noticed():
    for place, log in enumerate(LOGS):
        good = own_vectors.raw_log(log, block_of(place), place)
        topics = (*good.topics[:3], bytes([good.topics[3][0] ^ 1]) + good.topics[3][1:])
        wrong = decode(replace(good, topics=topics), block_of(place))
        with pytest.raises(LedgerError):
            folded([*life()[:place], wrong])


@pytest.mark.parametrize(
    "domain", [WordDomain(1, REGISTRY, BESIDE), WordDomain(31337, REGISTRY, REGISTRY), WordDomain(31337, REGISTRY)]
)
def test_events_of_another_chain_or_contract_are_refused(domain):
    with pytest.raises(LedgerError):
        fold(State(), domain, life()[:1])


def test_withdrawal_of_what_was_never_said_is_a_ledger_error():
    payload, actor = b"\1" * 32, b"\2" * 20
    assert DOMAIN.of_accreditation is not None
    word = DOMAIN.of_accreditation.head(7, bytes(32), payload) + (1).to_bytes(4, "big") + bytes(2)
    with pytest.raises(LedgerError, match="never said"):
        folded([LedgerEvent(ev.Withdrawn(7, 2, SCOPE_1, actor, word), payload, block_of(0), 0, b"\3" * 32)])


def test_rows_needed_name_every_row_that_applying_reads():
    whole = State()
    for item in life():
        part = State(row for kind, key in rows_needed([item]) if (row := whole.get(kind, *key)) is not None)
        apply(part, DOMAIN, item)
        apply(whole, DOMAIN, item)
        for kind, key, entity in ((kind, *row) for kind, rows in part.changes() for row in rows.items()):
            assert whole.get(kind, *key) == entity


def test_history_leads_to_the_rows_at_every_moment():
    for until in range(len(LOGS) + 1):
        state, rows = folded(life()[:until]), changes()[:until]
        assert accreditations_of_changes(reversed(rows)) == state.all(Accreditation)
        assert [accreditor for accreditor in [accreditor_of_changes(rows)] if accreditor] == state.all(Accreditor)
    assert accreditation_of_changes([]) is None
    assert [row.step for row in changes()].count(AccreditationStep.WITHDRAWN) == 2


def test_times_that_no_block_reaches_are_kept_as_never():
    (change,) = [row for row in changes() if row.scope == SCOPE_2 and row.step == AccreditationStep.ACCREDITED]
    assert (change.since, change.until) == (1, NEVER)
    assert NEVER < 2**63  # the largest number of a column


@pytest.mark.parametrize(
    ("said", "time", "holds"),
    [
        (Accreditation(1, 2, SCOPE_1, 100, 0, 50, 0), 99, False),
        (Accreditation(1, 2, SCOPE_1, 100, 0, 50, 0), 100, True),
        (Accreditation(1, 2, SCOPE_1, 100, 200, 50, 0), 199, True),
        (Accreditation(1, 2, SCOPE_1, 100, 200, 50, 0), 200, False),
        (Accreditation(1, 2, SCOPE_1, 100, 200, 50, 150), 149, True),
        (Accreditation(1, 2, SCOPE_1, 100, 200, 50, 150), 150, False),
    ],
)
def test_accreditation_holds_within_its_period_until_it_is_withdrawn(said, time, holds):
    assert said.holds_at(time) is holds


def test_slot_with_the_count_names_the_registry():
    word = bytes(4) + (3).to_bytes(8, "big") + REGISTRY
    assert accreditor_count(word) == (3, REGISTRY)


def test_event_of_one_contract_is_never_read_as_one_of_the_other():
    assert len(set(TOPICS.values())) == len(TOPICS) == len(ev.EVENT_TYPES)
    assert set(ev.ACCREDITATION_TYPES) == {type(item.event) for item in life()}

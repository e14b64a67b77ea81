"""Accreditations: what the second contract's events mean, now and as of any block (SPEC.md, section 5.10). No I/O.

An accreditor has a word of its own in that contract; each of its events must extend it, as in the registry.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import groupby
from typing import ClassVar

from msgspec.structs import replace

from registry.ledger.decode import LedgerEvent
from registry.ledger.entities import Accreditation, Accreditor, Entity
from registry.ledger.events import Accredited, Withdrawn
from registry.ledger.state import RowKey, State
from registry.ledger.word import IssuerWord, WordDomain, gap, next_tail

NEVER = 2**63 - 1
"""No block has this time or a later one; what an issuer says about later moments is kept as this."""


class AccreditationStep(IntEnum):
    """What happened to an accreditation."""

    ACCREDITED = 1
    WITHDRAWN = 2


class AccreditationChange(Entity, frozen=True):
    """An accreditor accredited a subject, or withdrew; `word` (32 bytes) is the accreditor's afterwards."""

    TABLE: ClassVar[str] = "accreditation_change"
    KEY: ClassVar[tuple[str, ...]] = ("issuer_id", "subject", "scope", "block_number", "log_index")

    subject: int
    scope: bytes
    block_number: int
    log_index: int
    step: int
    since: int
    until: int
    word: bytes
    actor: bytes
    changed_at: int


def rows_needed(event: Accredited | Withdrawn) -> list[RowKey]:
    """The rows that `apply` reads for this event."""
    return [(Accreditor, (event.issuer_id,)), (Accreditation, (event.issuer_id, event.subject, event.scope))]


def apply(state: State, domain: WordDomain, item: LedgerEvent, event: Accredited | Withdrawn) -> None:
    """Check one event against its accreditor's word and put what it changes into `state`.

    Raises:
        LedgerError: It does not extend the word: logs were left out, forged or reordered.
    """
    _check_word(state, domain, item, event)
    statement = state.get(Accreditation, event.issuer_id, event.subject, event.scope)
    after = accreditation_after(statement, change_of(item, event))
    if after is None:
        raise gap(item, "it withdraws what was never said")
    state.put(Accreditor(event.issuer_id, event.word))
    state.put(after)


def _check_word(state: State, domain: WordDomain, item: LedgerEvent, event: Accredited | Withdrawn) -> None:
    if domain.of_accreditation is None:
        raise gap(item, "this deployment has no accreditation contract")
    accreditor = state.get(Accreditor, event.issuer_id)
    before = accreditor.word if accreditor else bytes(32)
    head = domain.of_accreditation.head(event.issuer_id, before, item.payload)
    if event.word != head + next_tail(before):
        sequence = IssuerWord.unpack(before).sequence
        raise gap(item, f"it does not extend word {sequence} of accreditor {event.issuer_id}")


def change_of(item: LedgerEvent, event: Accredited | Withdrawn) -> AccreditationChange:
    """The history row of an event; times beyond `NEVER` become `NEVER`."""
    where = (event.issuer_id, event.subject, event.scope, item.block.number, item.log_index)
    step, since, until = AccreditationStep.WITHDRAWN, 0, 0
    if isinstance(event, Accredited):
        step, since, until = AccreditationStep.ACCREDITED, min(event.since, NEVER), min(event.until, NEVER)
    return AccreditationChange(*where, int(step), since, until, event.word, event.actor, item.block.time)


def accreditation_after(before: Accreditation | None, change: AccreditationChange) -> Accreditation | None:
    """The statement after one change of it; None where something is withdrawn that was never said."""
    if change.step == AccreditationStep.ACCREDITED:
        times = (change.since, change.until, change.changed_at, 0)
        return Accreditation(change.issuer_id, change.subject, change.scope, *times)
    return None if before is None else replace(before, withdrawn_at=change.changed_at)


def accreditation_of_changes(changes: Iterable[AccreditationChange]) -> Accreditation | None:
    """The statement that these changes of one (issuer, subject, scope), oldest first, lead to."""
    statement: Accreditation | None = None
    for change in changes:
        statement = accreditation_after(statement, change)
    return statement


def accreditations_of_changes(changes: Iterable[AccreditationChange]) -> list[Accreditation]:
    """All statements that these changes, in any order, lead to, by key."""
    rows = sorted(changes, key=lambda row: (_statement(row), _place(row)))
    made = (accreditation_of_changes(group) for _, group in groupby(rows, _statement))
    return [statement for statement in made if statement is not None]


def accreditor_of_changes(changes: Sequence[AccreditationChange]) -> Accreditor | None:
    """The accreditor after these changes, all that it made, in any order."""
    newest = max(changes, key=_place, default=None)
    return None if newest is None else Accreditor(newest.issuer_id, newest.word)


def _statement(row: AccreditationChange) -> tuple[int, int, bytes]:
    return row.issuer_id, row.subject, row.scope


def _place(row: AccreditationChange) -> tuple[int, int]:
    return row.block_number, row.log_index

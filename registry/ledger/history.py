"""What single events say about the past: one row each, never changed, from which every earlier state can be told.

The projected rows (entities.py) hold the present. These hold how it came about, so that "as of block B" is a query: a
period starts with one row and ends with the next of the same subject. Anchors and status changes need no rows here:
records are written once, and `status_change` is such a history already. No I/O.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any, ClassVar

from msgspec.structs import replace

from registry.ledger import events as ev
from registry.ledger.accreditation import AccreditationChange, change_of
from registry.ledger.decode import LedgerEvent
from registry.ledger.entities import (
    Entity,
    Issuer,
    Key,
    PendingChange,
    ProfilePeriod,
    Reaffirmation,
    StatusChange,
    StatusWord,
)
from registry.ledger.status import Action


class Facet(IntEnum):
    """What an IssuerChange is about, and what its value is."""

    RECOVERY = 1
    PROFILE = 2
    EPOCH = 3
    FROZEN = 4


class KeyStep(IntEnum):
    """What happened to a key."""

    ADDED = 1
    RETIRED = 2
    DISTRUSTED = 3


class RequestStep(IntEnum):
    """What happened to a delayed change."""

    REQUESTED = 1
    VETOED = 2
    EXECUTED = 3


class IssuerChange(Entity, frozen=True):
    """From this event on: recovery account (20 bytes), profile hash (32), epoch (u16, 2 bytes) or frozen (1 byte)."""

    TABLE: ClassVar[str] = "issuer_change"
    KEY: ClassVar[tuple[str, ...]] = ("issuer_id", "facet", "block_number", "log_index")

    facet: int
    block_number: int
    log_index: int
    value: bytes
    actor: bytes
    changed_at: int


class KeyChange(Entity, frozen=True):
    """An account was added in these roles, retired, or distrusted from a block time on."""

    TABLE: ClassVar[str] = "key_change"
    KEY: ClassVar[tuple[str, ...]] = ("issuer_id", "account", "block_number", "log_index")

    account: bytes
    block_number: int
    log_index: int
    step: int
    roles: int
    distrust_from: int
    actor: bytes
    changed_at: int


class RecordReaffirmed(Entity, frozen=True):
    """An account stood by a record; the newest row is the contract's slot."""

    TABLE: ClassVar[str] = "reaffirmation_change"
    KEY: ClassVar[tuple[str, ...]] = ("issuer_id", "batch_id", "block_number", "log_index")

    batch_id: bytes
    block_number: int
    log_index: int
    account: bytes
    changed_at: int


class RequestChange(Entity, frozen=True):
    """A delayed change was requested, vetoed or executed by `actor` (kinds as in ChangeRequested)."""

    TABLE: ClassVar[str] = "request_change"
    KEY: ClassVar[tuple[str, ...]] = ("issuer_id", "requester", "account", "block_number", "log_index")

    requester: bytes
    account: bytes
    block_number: int
    log_index: int
    step: int
    kind: int
    roles: int
    distrust_from: int
    ready_at: int
    actor: bytes
    changed_at: int


HistoryRow = IssuerChange | KeyChange | RecordReaffirmed | RequestChange | AccreditationChange
HISTORY_TYPES: tuple[type[HistoryRow], ...] = HistoryRow.__args__

_SILENT = (ev.Anchored, ev.StatusChanged)


def history_rows(items: Iterable[LedgerEvent]) -> list[HistoryRow]:
    """The rows that events add; most events are anchors and add none."""
    return [row for item in items if not isinstance(item.event, _SILENT) for row in history_of(item)]


def history_of(item: LedgerEvent) -> Sequence[HistoryRow]:
    """The rows that one event adds; none for anchors and status changes."""
    event = item.event
    if isinstance(event, _SILENT):
        return ()
    if isinstance(event, ev.KeyAdded | ev.KeyRetired | ev.KeyDistrusted):
        return (_key_change(event, item),)
    if isinstance(event, ev.ChangeRequested | ev.ChangeVetoed | ev.ChangeExecuted):
        return (_request_change(event, item),)
    if isinstance(event, ev.Reaffirmed):
        where = (item.block.number, item.log_index)
        return (RecordReaffirmed(event.issuer_id, event.batch_id, *where, event.account, item.block.time),)
    if isinstance(event, ev.ACCREDITATION_TYPES):
        return (change_of(item, event),)
    return (_issuer_change(event, item),)


def _key_change(event: ev.KeyAdded | ev.KeyRetired | ev.KeyDistrusted, item: LedgerEvent) -> KeyChange:
    step, roles, distrust_from = KeyStep.RETIRED, 0, 0
    if isinstance(event, ev.KeyAdded):
        step, roles = KeyStep.ADDED, event.roles
    elif isinstance(event, ev.KeyDistrusted):
        step, distrust_from = KeyStep.DISTRUSTED, event.distrust_from
    where = (event.issuer_id, event.account, item.block.number, item.log_index)
    return KeyChange(*where, int(step), roles, distrust_from, event.actor, item.block.time)


def _request_change(
    event: ev.ChangeRequested | ev.ChangeVetoed | ev.ChangeExecuted, item: LedgerEvent
) -> RequestChange:
    if isinstance(event, ev.ChangeRequested):
        step, requester = RequestStep.REQUESTED, event.actor
        what = (event.kind, event.roles, event.distrust_from, event.ready_at)
    else:
        step = RequestStep.VETOED if isinstance(event, ev.ChangeVetoed) else RequestStep.EXECUTED
        requester, what = event.requester, (0, 0, 0, 0)
    where = (event.issuer_id, requester, event.account, item.block.number, item.log_index)
    return RequestChange(*where, int(step), *what, event.actor, item.block.time)


def _issuer_change(
    event: ev.IssuerRegistered
    | ev.RecoveryChanged
    | ev.ProfileChanged
    | ev.StatusEpochOpened
    | ev.Frozen
    | ev.Unfrozen,
    item: LedgerEvent,
) -> IssuerChange:
    match event:
        case ev.IssuerRegistered() | ev.RecoveryChanged():
            facet, value = Facet.RECOVERY, event.recovery
        case ev.ProfileChanged():
            facet, value = Facet.PROFILE, event.profile_hash
        case ev.StatusEpochOpened():
            facet, value = Facet.EPOCH, event.epoch.to_bytes(2, "big")
        case ev.Frozen() | ev.Unfrozen():
            facet, value = Facet.FROZEN, bytes([isinstance(event, ev.Frozen)])
    where = (event.issuer_id, int(facet), item.block.number, item.log_index)
    return IssuerChange(*where, value, event.actor, item.block.time)


def key_of_changes(changes: Iterable[KeyChange]) -> Key | None:
    """The key slot that these changes of one account, oldest first, lead to."""
    key: Key | None = None
    for change in changes:
        if change.step == KeyStep.ADDED:
            key = Key(change.issuer_id, change.account, change.roles, change.changed_at, 0, 0)
        elif key is not None:
            distrust_from = change.distrust_from if change.step == KeyStep.DISTRUSTED else key.distrust_from
            retired_at = key.retired_at or change.changed_at
            key = Key(key.issuer_id, key.account, key.roles, key.added_at, retired_at, distrust_from)
    return key


def profiles_of_changes(changes: Iterable[IssuerChange]) -> list[ProfilePeriod]:
    """The profile slots that these changes of one issuer, oldest first, lead to; the one in force last."""
    slots: dict[bytes, ProfilePeriod] = {}
    before: bytes | None = None
    for change in changes:
        if change.facet != Facet.PROFILE:
            continue
        if before is not None:
            slots[before] = replace(slots[before], until=change.changed_at)
        slots.pop(change.value, None)
        slots[change.value] = ProfilePeriod(change.issuer_id, change.value, change.changed_at, 0)
        before = change.value
    return list(slots.values())


def issuer_of_changes(changes: Sequence[IssuerChange], word: bytes) -> Issuer:
    """The issuer that these changes, oldest first and the registration among them, and its word lead to."""
    first = changes[0]
    issuer = Issuer(first.issuer_id, word, first.value, bytes(32), first.block_number, first.changed_at, 0)
    for change in changes:
        if change.facet == Facet.RECOVERY:
            issuer = replace(issuer, recovery=change.value)
        elif change.facet == Facet.PROFILE:
            issuer = replace(issuer, profile_hash=change.value)
        elif change.facet == Facet.FROZEN:
            issuer = issuer.flagged(change.actor, frozen=change.value == b"\1")
    return issuer


def reaffirmation_of_changes(changes: Iterable[RecordReaffirmed]) -> Reaffirmation | None:
    """The newest of these reaffirmations of one record, oldest first."""
    newest: Reaffirmation | None = None
    for change in changes:
        where = (change.account, change.changed_at, change.block_number)
        newest = Reaffirmation(change.issuer_id, change.batch_id, *where)
    return newest


def word_of_changes(changes: Iterable[StatusChange]) -> StatusWord | None:
    """The status word that these changes of it, oldest first, lead to."""
    revoked = suspended = 0
    last: StatusChange | None = None
    for last in changes:
        mask = int.from_bytes(last.mask, "big")
        if last.action == Action.REVOKE:
            revoked |= mask
        elif last.action == Action.SUSPEND:
            suspended |= mask
        else:
            suspended &= ~mask
    if last is None:
        return None
    place = (last.issuer_id, last.batch_id, last.epoch, last.word_index)
    return StatusWord(*place, revoked.to_bytes(32, "big"), suspended.to_bytes(32, "big"))


def pending_of_changes(
    changes: Iterable[RequestChange], issuer_changes: Sequence[IssuerChange]
) -> PendingChange | None:
    """What waits after these changes of one requester about one account, oldest first.

    Args:
        changes: The changes.
        issuer_changes: Of the same issuer, oldest first: they say who its recovery account was at each request.
    """
    pending: PendingChange | None = None
    for change in changes:
        if change.step == RequestStep.REQUESTED:
            by_recovery = int(change.requester == _recovery_before(issuer_changes, change))
            what = (change.kind, change.roles, change.distrust_from, change.ready_at, by_recovery, 0)
            pending = PendingChange(change.issuer_id, change.requester, change.account, *what)
        elif change.step == RequestStep.VETOED and pending is not None and pending.stays_when_vetoed_by(change.actor):
            pending = replace(pending, vetoed=1)
        else:
            pending = None
    return pending


def _recovery_before(changes: Sequence[IssuerChange], request: RequestChange) -> bytes:
    """The issuer's recovery account when the request was made."""
    accounts = (c.value for c in changes if c.facet == Facet.RECOVERY and place_of(c) < place_of(request))
    return deque(accounts, maxlen=1)[0]


def place_of(row: Any) -> tuple[int, int, int]:
    """Where in the chain a history row or status change stands: block, log, place within the event."""
    return row.block_number, row.log_index, getattr(row, "position", 0)

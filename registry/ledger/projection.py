"""Fold events into state; every event must extend its issuer's word, or nothing is applied (SPEC.md, section 5.2)."""

from collections.abc import Iterable

from msgspec.structs import replace

from registry.errors import LedgerError
from registry.ledger import accreditation
from registry.ledger import events as ev
from registry.ledger.decode import LedgerEvent
from registry.ledger.entities import (
    Batch,
    Issuer,
    Key,
    PendingChange,
    ProfilePeriod,
    Reaffirmation,
    StatusChange,
    StatusWord,
)
from registry.ledger.state import RowKey, State
from registry.ledger.status import Action
from registry.ledger.word import IssuerWord, WordDomain, gap, next_tail

_NO_HASH = bytes(32)


def rows_needed(items: Iterable[LedgerEvent]) -> set[RowKey]:
    """The rows that `apply` reads for these events; whoever holds the mirror elsewhere loads them first."""
    issuers, needed = set[int](), set[RowKey]()
    for event in [item.event for item in items]:
        if isinstance(event, ev.ACCREDITATION_TYPES):
            needed.update(accreditation.rows_needed(event))
            continue
        issuers.add(event.issuer_id)
        if not isinstance(event, ev.Anchored):  # most events are anchors
            needed.update(_beside_the_issuer(event))
    return needed | {(Issuer, (issuer_id,)) for issuer_id in issuers}


def _beside_the_issuer(event: ev.RegistryEvent) -> list[RowKey]:
    issuer_id = event.issuer_id
    match event:
        case ev.KeyRetired() | ev.KeyDistrusted():
            return [(Key, (issuer_id, event.account))]
        case ev.ProfileChanged():
            return [(ProfilePeriod, (issuer_id, event.previous))]
        case ev.ChangeVetoed() | ev.ChangeExecuted():
            return [(PendingChange, (issuer_id, event.requester, event.account))]
        case ev.StatusChanged():
            return [(StatusWord, (issuer_id, event.batch_id, event.epoch, c.word_index)) for c in event.changes]
        case _:
            return []


def fold(state: State, domain: WordDomain, items: Iterable[LedgerEvent]) -> State:
    """Apply events in chain order and return the same state.

    Raises:
        LedgerError: An event that does not extend its issuer's word: logs were left out, forged or reordered.
    """
    for item in items:
        apply(state, domain, item)
    return state


def apply(state: State, domain: WordDomain, item: LedgerEvent) -> None:
    """Check one event against its issuer's word and put what it changes into `state`."""
    event = item.event
    if isinstance(event, ev.ACCREDITATION_TYPES):
        accreditation.apply(state, domain, item, event)
        return
    issuer = state.get(Issuer, event.issuer_id)
    if (issuer is None) != isinstance(event, ev.IssuerRegistered):
        raise gap(item, "an issuer starts with one IssuerRegistered event, and only there")
    before = issuer.word if issuer else _NO_HASH
    tail = next_tail(before) if isinstance(event, ev.Anchored) else _tail(before, event)
    if event.word != domain.head(event.issuer_id, before, item.payload) + tail:
        raise gap(item, f"it does not extend word {IssuerWord.unpack(before).sequence} of issuer {event.issuer_id}")
    _put(state, issuer, item)


def effect(state: State, item: LedgerEvent) -> None:
    """Put what one event of the registry changes into `state`, without looking at the word before it.

    For events that `apply` let pass once and that are folded again without all of their predecessors.
    """
    event = item.event
    _put(state, None if isinstance(event, ev.IssuerRegistered) else state.get(Issuer, event.issuer_id), item)


def _tail(before: bytes, event: ev.AnyEvent) -> bytes:
    match event:
        case ev.StatusEpochOpened():
            return next_tail(before, epoch=event.epoch)
        case ev.Frozen() | ev.Unfrozen():
            return next_tail(before, frozen=isinstance(event, ev.Frozen))
        case _:
            return next_tail(before)


def _put(state: State, issuer: Issuer | None, item: LedgerEvent) -> None:
    event, block = item.event, item.block
    if issuer is None:
        issuer = _registered(item)
    state.put(issuer.with_word(event.word))
    if isinstance(event, ev.Anchored):  # most events are anchors
        where = (block.time, block.number, item.tx_hash)
        state.put(Batch(event.issuer_id, event.batch_id, event.root, event.leaf_count, event.account, *where))
    else:
        _effect(state, item)


def _registered(item: LedgerEvent) -> Issuer:
    event, block = item.event, item.block
    if not isinstance(event, ev.IssuerRegistered):
        raise gap(item, "its issuer was never registered")
    return Issuer(event.issuer_id, event.word, event.recovery, _NO_HASH, block.number, block.time, 0)


def _effect(state: State, item: LedgerEvent) -> None:
    match item.event:
        case ev.KeyAdded() | ev.KeyRetired() | ev.KeyDistrusted() | ev.RecoveryChanged():
            _key_effect(state, item.event, item.block.time)
        case ev.ChangeRequested() | ev.ChangeVetoed() | ev.ChangeExecuted():
            _change_effect(state, item.event)
        case ev.ProfileChanged() as event:
            _profile_effect(state, event, item.block.time)
        case ev.Reaffirmed() as event:
            state.put(Reaffirmation(event.issuer_id, event.batch_id, event.account, item.block.time, item.block.number))
        case ev.StatusChanged() as event:
            _status_effect(state, event, item)
        case ev.Frozen() | ev.Unfrozen() as event:
            state.put(_issuer(state, event).flagged(event.actor, frozen=isinstance(event, ev.Frozen)))
        case ev.IssuerRegistered() | ev.StatusEpochOpened():
            pass
        case ev.Anchored() | ev.Accredited() | ev.Withdrawn():
            pass  # these were seen to before


def _issuer(state: State, event: ev.RegistryEvent) -> Issuer:
    issuer = state.get(Issuer, event.issuer_id)
    assert issuer is not None  # apply() put it
    return issuer


def _key_effect(
    state: State, event: ev.KeyAdded | ev.KeyRetired | ev.KeyDistrusted | ev.RecoveryChanged, time: int
) -> None:
    if isinstance(event, ev.RecoveryChanged):
        state.put(replace(_issuer(state, event), recovery=event.recovery))
        return
    if isinstance(event, ev.KeyAdded):
        state.put(Key(event.issuer_id, event.account, event.roles, time, 0, 0))
        return
    key = state.get(Key, event.issuer_id, event.account)
    if key is None:
        raise LedgerError(f"Issuer {event.issuer_id} retires a key that it never added.", todo="replay the chain")
    distrust = event.distrust_from if isinstance(event, ev.KeyDistrusted) else key.distrust_from
    state.put(replace(key, retired_at=key.retired_at or time, distrust_from=distrust))


def _change_effect(state: State, event: ev.ChangeRequested | ev.ChangeVetoed | ev.ChangeExecuted) -> None:
    if isinstance(event, ev.ChangeRequested):
        by_recovery = int(event.actor == _issuer(state, event).recovery)
        what = (event.kind, event.roles, event.distrust_from, event.ready_at, by_recovery, 0)
        state.put(PendingChange(event.issuer_id, event.actor, event.account, *what))
        return
    change = state.get(PendingChange, event.issuer_id, event.requester, event.account)
    if isinstance(event, ev.ChangeVetoed) and change is not None and change.stays_when_vetoed_by(event.actor):
        state.put(replace(change, vetoed=1))
    else:
        state.drop(PendingChange, event.issuer_id, event.requester, event.account)


def _profile_effect(state: State, event: ev.ProfileChanged, time: int) -> None:
    state.put(replace(_issuer(state, event), profile_hash=event.profile_hash))
    previous = state.get(ProfilePeriod, event.issuer_id, event.previous)
    if previous is not None:
        state.put(replace(previous, until=time))
    state.put(ProfilePeriod(event.issuer_id, event.profile_hash, time, 0))


def _status_effect(state: State, event: ev.StatusChanged, item: LedgerEvent) -> None:
    for position, change in enumerate(event.changes):
        key = (event.issuer_id, event.batch_id, event.epoch, change.word_index)
        word = state.get(StatusWord, *key) or StatusWord(*key, bytes(32), bytes(32))
        state.put(_with_mask(word, event.action, change.mask))
        where = (item.block.number, item.log_index, position)
        mask = change.mask.to_bytes(32, "big")
        state.put(StatusChange(*key, *where, event.action, event.reason, mask, event.actor, item.block.time))


def _with_mask(word: StatusWord, action: int, mask: int) -> StatusWord:
    revoked, suspended = int.from_bytes(word.revoked, "big"), int.from_bytes(word.suspended, "big")
    match action:
        case Action.REVOKE:
            revoked |= mask
        case Action.SUSPEND:
            suspended |= mask
        case Action.REINSTATE:
            suspended &= ~mask
        case _:
            raise LedgerError(f"Status action {action} does not exist.", todo="the log is forged; ask another endpoint")
    return replace(word, revoked=revoked.to_bytes(32, "big"), suspended=suspended.to_bytes(32, "big"))

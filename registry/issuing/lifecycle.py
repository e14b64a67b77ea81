"""Set or clear status bits of credentials in as few words and transactions as they need; a second run goes on.

Nothing is remembered between transactions but what the contract holds: whatever crashes, the same command finds which
bits are missing and sends those. An account that sends nothing itself signs all of them for its relayer.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from registry.errors import HandedOver, InputError, WrongChain
from registry.issuing.duplicates import Issued, Spot
from registry.issuing.status import BatchRef, planned_gas, transactions, words_to_change
from registry.ledger.status import Action, Reason, bit_of
from registry.ports.accounts import StatusWriter
from registry.ports.store import Journal, JournalEntry

Pairs = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be sent for one batch.

    Attributes:
        ref: The batch.
        action, reason: What the bits say, with the code of RFC 5280, 5.3.1.
        parts: Words and masks of each transaction, in order.
        gas: Upper bound of the gas of each.
        skipped: Credentials that are so already.
    """

    ref: BatchRef
    action: Action
    reason: int
    parts: Sequence[Pairs]
    gas: Sequence[int]
    skipped: int

    @property
    def words(self) -> int:
        """How many words of 256 bits change."""
        return sum(map(len, self.parts))

    @property
    def credentials(self) -> int:
        """How many credentials change."""
        return sum(_bits(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Sent:
    """One mined transaction: how many credentials it changed, in which block, at what cost (gas, wei a gas)."""

    credentials: int
    words: int
    block: int
    gas_used: int
    gas_price: int


def plan(
    writer: StatusWriter, ref: BatchRef, indexes: Sequence[int], action: Action, reason: int, *, whole: bool
) -> Plan:
    """What the contract does not say yet of these credentials.

    Args:
        writer: The contract.
        ref: The batch.
        indexes: Its credentials.
        action: What is to be done with them.
        reason: Why.
        whole: Whether the batch as such was named: reinstating it then passes over what is revoked for ever.

    Raises:
        InputError: A credential that is to be reinstated is revoked.
        WrongChain: The batch is another contract's.
    """
    if ref.batch.contract != writer.contract:
        what = f"The credential is anchored in {ref.batch.contract}, not {writer.contract}."
        raise WrongChain(what, todo="name that contract's file with --deployment")
    if action is Action.REINSTATE:
        indexes = _still_open(writer, ref, indexes, whole=whole)
    already = _bits_now(writer, ref, indexes, revoked=action is Action.REVOKE)
    pairs = words_to_change(indexes, already, set_bits=action is not Action.REINSTATE)
    parts = list(transactions(pairs, already))
    gas = [planned_gas(part, already) for part in parts]
    return Plan(ref, action, reason, parts, gas, len(set(indexes)) - _bits(pairs))


def carry_out(writer: StatusWriter, todo: Plan, before: Callable[[int, int], None]) -> Iterator[Sent]:
    """Send the transactions one after the other, each when the one before is mined.

    Args:
        writer: The contract.
        todo: What is to be sent.
        before: Told the number of each transaction (from 1) and its gas by the node's own estimate, before it is sent.

    Raises:
        HandedOver: They were signed and written for a relayer, all of them.
    """
    named = (todo.ref.batch.batch_id, todo.ref.root, todo.ref.leaf_count, todo.ref.account)
    waiting: HandedOver | None = None
    for number, part in enumerate(todo.parts, start=1):
        arguments = (todo.ref.batch.issuer_id, named, int(todo.action), todo.reason, list(part))
        before(number, writer.estimate("setStatus", *arguments))
        try:
            receipt, _ = writer.send("setStatus", *arguments)
        except HandedOver as handed:
            waiting = handed
            continue
        yield Sent(_bits(part), len(part), receipt.block.number, receipt.gas_used, receipt.gas_price)
    if waiting is not None:
        raise waiting


def carry_out_all(writer: StatusWriter, plans: Iterable[Plan], before: Callable[[int, int], None]) -> Iterator[Sent]:
    """Carry out several; raises HandedOver when every one of them was signed that a relayer has to send."""
    waiting: HandedOver | None = None
    for todo in plans:
        try:
            yield from carry_out(writer, todo, before)
        except HandedOver as handed:
            waiting = handed
    if waiting is not None:
        raise waiting


def revoke_superseded(
    writer: StatusWriter, issued: Issued, journal: Journal, ref_of: Callable[[JournalEntry], BatchRef]
) -> Iterator[Sent]:
    """Revoke what finished batches supersede, with that reason; a crash leaves the rest to the next run.

    Args:
        writer: The contract.
        issued: Knows what is superseded by what.
        journal: Knows which batches are final.
        ref_of: The record of a batch.

    Raises:
        HandedOver: A relayer has to send it; a later run settles what it did.
    """
    waiting: HandedOver | None = None
    for pending in issued.pending():
        entry = journal.get(pending.by)
        if entry is None or entry.state not in ("final", "released", "purged"):
            continue
        try:
            yield from carry_out_all(writer, _plans(writer, pending.spots, journal, ref_of), _silent)
            issued.settle(pending.by)
        except HandedOver as handed:
            waiting = handed
    if waiting is not None:
        raise waiting


def _plans(
    writer: StatusWriter, spots: Iterable[Spot], journal: Journal, ref_of: Callable[[JournalEntry], BatchRef]
) -> Iterator[Plan]:
    """What is to be revoked of each earlier batch."""
    places: dict[bytes, list[int]] = defaultdict(list)
    for spot in spots:
        places[spot.batch_id].append(spot.place)
    for batch_id, indexes in places.items():
        old = journal.get(batch_id)
        if old is not None:
            yield plan(writer, ref_of(old), indexes, Action.REVOKE, Reason.SUPERSEDED, whole=False)


def _silent(_number: int, _gas: int) -> None:
    """Nobody is told before."""


def _bits(pairs: Pairs) -> int:
    return sum(mask.bit_count() for _, mask in pairs)


def _bits_now(writer: StatusWriter, ref: BatchRef, indexes: Sequence[int], *, revoked: bool) -> Mapping[int, int]:
    words = {bit_of(index)[0] for index in indexes}
    return writer.status_bits(ref.batch.issuer_id, ref.batch.batch_id, words, revoked=revoked)


def _still_open(writer: StatusWriter, ref: BatchRef, indexes: Sequence[int], *, whole: bool) -> Sequence[int]:
    """The credentials that are not revoked."""
    revoked = _bits_now(writer, ref, indexes, revoked=True)
    gone = {index for index in indexes if revoked[bit_of(index)[0]] & bit_of(index)[1]}
    if gone and not whole:
        what = f"Credential {min(gone) + 1} of batch {ref.batch.batch_id.hex()} is revoked, for ever."
        raise InputError(what, todo="issue a new one; nothing was changed")
    return [index for index in indexes if index not in gone]

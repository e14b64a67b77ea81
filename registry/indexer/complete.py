"""Completeness by proof: what the events lead to must be what the contract's storage holds (DESIGN, promise 5)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from registry.errors import Incomplete
from registry.ledger.entities import Accreditor, Issuer
from registry.ledger.header import Header, bloom_bits, may_hold
from registry.ledger.state import State
from registry.ports.chain import StorageView
from registry.ports.store import Checkpoint, Mirror

# Up to so many issuers, all are proven whenever something changed; beyond, the touched ones and those of whom the
# blocks' filters speak: a log that is left out stays in its block's filter. Full filters speak of too many to ask for.
_ALL_UP_TO = 1_000
_SPOKEN_OF = 10_000


@dataclass(frozen=True, slots=True)
class Completeness:
    """What a comparison came to.

    Attributes:
        evidence: How the words were seen to be the contracts' own: `proof` or `views`.
        storage_root: The contracts' storage roots, or empty.
        whole: Whether everybody was compared of whom an event may be missing; if not, the receipts have to tell.
    """

    evidence: str
    storage_root: bytes
    whole: bool


class Witness(Protocol):
    """Who reads the contracts' storage: two of the methods of the port ChainSource."""

    def storage(self, header: Header, issuer_ids: Sequence[int]) -> StorageView:
        """Issuer count and words in the state after this block."""

    def accreditation_storage(self, header: Header, issuer_ids: Sequence[int]) -> StorageView | None:
        """The same of the accreditation contract; None where there is none, or not yet."""


@dataclass(frozen=True, slots=True)
class Since:
    """The blocks since what was compared before.

    Attributes:
        header: The last of them: the comparison rests on it.
        point: The checkpoint before, with its storage roots.
        all_issuers: Whether every issuer is compared (on catch-up), or those about whom these blocks may speak.
        blooms: Filters of the blocks that may hold logs of the registry, and of the accreditation contract.
    """

    header: Header
    point: Checkpoint | None
    all_issuers: bool
    blooms: tuple[Sequence[int], Sequence[int]]


def check_complete(chain: Witness, mirror: Mirror, state: State, since: Since) -> Completeness:
    """Compare folded words and counts with the storage of both contracts after `since.header`.

    Args:
        chain: Where storage is read.
        mirror: Words that `state` does not hold.
        state: The rows that the events up to `header` changed, not yet written.
        since: What has to be compared, and where.

    Raises:
        Incomplete: Events are missing or forged; `what` names the first issuer.
        LedgerError: The endpoint's proofs do not hold.
    """
    # whether storage moved cannot be told where the checkpoint was not proven
    point = since.point
    root = point.storage_root if point is not None and point.proven == point.block.number else b""
    houses = (
        _House(Issuer, chain.storage, root[:_ROOT_BYTES], since.blooms[0]),
        _House(Accreditor, chain.accreditation_storage, root[_ROOT_BYTES:], since.blooms[1]),
    )
    found = [_check(house, mirror, state, since.header, all_issuers=since.all_issuers) for house in houses]
    views = [view for view, _ in found if view is not None]
    proven = all(view.proven for view in views)
    roots = b"".join(view.storage_root or b"" for view in views) if proven else b""
    return Completeness("proof" if proven else "views", roots, all(whole for _, whole in found))


Speaker = type[Issuer] | type[Accreditor]
_ROOT_BYTES = 32


@dataclass(frozen=True, slots=True)
class _House:
    """A contract: who has words there, how its storage is read, its storage root at the checkpoint, or empty.

    `blooms`: filters of the blocks since that may hold a log of it.
    """

    speaker: Speaker
    read: Callable[[Header, Sequence[int]], StorageView | None]
    root: bytes
    blooms: Sequence[int]

    def wants_everybody(self, view: StorageView, *, touched: bool) -> bool:
        """Whether a word may have changed without an event that came, or has never been proven.

        Every change of state extends a word, so everybody's word tells; where they all agree nothing is missing
        (anvil's root also moves with slots that a failed call only read).
        """
        if view.storage_root and not self.root:
            return True  # what views said before is proven now
        if touched:
            return False
        return view.storage_root != self.root if view.storage_root else bool(self.blooms)


def _check(
    house: _House, mirror: Mirror, state: State, header: Header, *, all_issuers: bool
) -> tuple[StorageView | None, bool]:
    """One contract's storage, compared (None where the contract is not there yet), and whether that was the whole."""
    touched = {row.issuer_id: row.word for row in state.all(house.speaker)}
    others, whole = _others(house, mirror, touched, all_issuers=all_issuers)
    folded = touched | others
    view = house.read(header, sorted(folded))
    if view is None:
        return None, True
    if not all_issuers and house.wants_everybody(view, touched=bool(touched)):
        folded, whole = _words(house.speaker, mirror) | touched, True
        view = house.read(header, sorted(folded)) or view
    _compare(house.speaker, view, folded, header, _count(house.speaker, mirror, touched))
    return view, whole


def _words(speaker: Speaker, mirror: Mirror) -> dict[int, bytes]:
    return {row.issuer_id: row.word for row in mirror.rows(speaker) if isinstance(row, speaker)}


def _others(
    house: _House, mirror: Mirror, touched: Mapping[int, bytes], *, all_issuers: bool
) -> tuple[dict[int, bytes], bool]:
    """Those beside the touched ones: everybody, or whom a filter speaks of; and whether these are all that count."""
    speaker = house.speaker
    if all_issuers or (touched and mirror.count(speaker) <= _ALL_UP_TO):
        return {
            issuer_id: word for issuer_id, word in _words(speaker, mirror).items() if issuer_id not in touched
        }, True
    if not touched:
        return {}, True  # what changed without an event is seen by the storage root, or by the filters
    wanted = set(islice(_spoken_of(house.blooms, mirror.count(Issuer)), _SPOKEN_OF + 1))
    if len(wanted) > _SPOKEN_OF:
        return {}, False
    rows = mirror.load((speaker, (issuer_id,)) for issuer_id in sorted(wanted - touched.keys())).all(speaker)
    return {row.issuer_id: row.word for row in rows}, True


def _spoken_of(blooms: Sequence[int], issuers: int) -> Iterator[int]:
    """Issuers whose id may be a topic in one of the blocks (SPEC: the first topic after the event's own)."""
    for issuer_id in range(1, issuers + 1):
        bits = bloom_bits(issuer_id.to_bytes(32, "big"))
        if any(may_hold(bloom, bits) for bloom in blooms):
            yield issuer_id


def _count(speaker: Speaker, mirror: Mirror, touched: Iterable[int]) -> int:
    """How many the events know: the rows that are there, and those that the new events add."""
    known = mirror.count(speaker)
    before = {row.issuer_id for row in mirror.load((speaker, (issuer_id,)) for issuer_id in touched).all(speaker)}
    return known + sum(issuer_id not in before for issuer_id in touched)


def _compare(speaker: Speaker, view: StorageView, folded: Mapping[int, bytes], header: Header, count: int) -> None:
    name, number = speaker.TABLE, header.block.number
    if view.issuer_count != count:
        what = f"The contract counts {view.issuer_count} {name}s at block {number}, its events {count}."
        raise Incomplete(what, proven=view.proven)
    for issuer_id, word in folded.items():
        if view.words.get(issuer_id) != word:
            what = f"The events of {name} {issuer_id} do not lead to its word at block {number}."
            raise Incomplete(what, proven=view.proven)

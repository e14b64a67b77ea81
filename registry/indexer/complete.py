"""Completeness by proof: what the events lead to must be what the contract's storage holds (DESIGN, promise 5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from registry.errors import Incomplete
from registry.ledger.entities import Issuer
from registry.ledger.header import Header
from registry.ledger.state import State
from registry.ports import ChainSource, Checkpoint, Mirror, StorageView

# Up to so many issuers, all are proven whenever something changed; beyond, the touched ones and a rotating part.
_ALL_UP_TO = 1_000
_ROTATING = 250


@dataclass(frozen=True, slots=True)
class Completeness:
    """How the words were seen to be the contract's own: `proof` or `views`; and the storage root, or empty."""

    evidence: str
    storage_root: bytes


def check_complete(
    chain: ChainSource, mirror: Mirror, state: State, header: Header, point: Checkpoint | None, *, all_issuers: bool
) -> Completeness:
    """Compare folded words and issuer count with the contract's storage after `header`.

    Args:
        chain: Where storage is read.
        mirror: Words of issuers that `state` does not hold.
        state: The rows that the events up to `header` changed, not yet written.
        header: The block that the comparison rests on.
        point: The checkpoint before, with its storage root.
        all_issuers: Whether every issuer is compared (on catch-up), or the touched ones and some more.

    Raises:
        Incomplete: Events are missing or forged; `what` names the first issuer.
        LedgerError: The endpoint's proofs do not hold.
    """
    touched = {issuer.issuer_id: issuer.word for issuer in state.all(Issuer)}
    folded = touched | _others(mirror, touched, header, all_issuers=all_issuers)
    view = chain.storage(header, sorted(folded))
    if not all_issuers and not touched and point is not None and _moved(view, point):
        # Storage changed though no event came: ask about everybody, to name who it was.
        folded = _words(mirror)
        view = chain.storage(header, sorted(folded))
    _compare(view, folded, header, _count(mirror, touched, folded))
    if not touched and point is not None and _moved(view, point):
        raise Incomplete(
            f"The contract's storage changed by block {header.block.number}, but no event came.", todo=_TODO
        )
    return Completeness("proof" if view.proven else "views", view.storage_root or b"")


_TODO = "the endpoint leaves events out; another one is asked"


def _moved(view: StorageView, point: Checkpoint) -> bool:
    """Whether storage is another one than at the checkpoint; cannot be told where that was not proven."""
    same_block = point.proven == point.block.number
    return same_block and bool(view.storage_root and point.storage_root and view.storage_root != point.storage_root)


def _words(mirror: Mirror) -> dict[int, bytes]:
    return {row.issuer_id: row.word for row in mirror.rows(Issuer) if isinstance(row, Issuer)}


def _others(mirror: Mirror, touched: Mapping[int, bytes], header: Header, *, all_issuers: bool) -> dict[int, bytes]:
    """Issuers beside the touched ones: everybody, or a part that moves on with the block number."""
    count = mirror.count(Issuer)
    if all_issuers or (touched and count <= _ALL_UP_TO):
        return {issuer_id: word for issuer_id, word in _words(mirror).items() if issuer_id not in touched}
    if not touched:
        return {}
    start = header.block.number * _ROTATING % count
    wanted = [(Issuer, (1 + (start + step) % count,)) for step in range(_ROTATING)]
    rows = mirror.load(key for key in wanted if key[1][0] not in touched).all(Issuer)
    return {row.issuer_id: row.word for row in rows}


def _count(mirror: Mirror, touched: Iterable[int], folded: Mapping[int, bytes]) -> int:
    """How many issuers the events know: ids are sequential, so the highest one is the count."""
    return max([mirror.count(Issuer), *touched, *folded], default=0)


def _compare(view: StorageView, folded: Mapping[int, bytes], header: Header, count: int) -> None:
    if view.issuer_count != count:
        what = f"The contract counts {view.issuer_count} issuers at block {header.block.number}, its events {count}."
        raise Incomplete(what, todo=_TODO)
    for issuer_id, word in folded.items():
        if view.words.get(issuer_id) != word:
            what = f"The events of issuer {issuer_id} do not lead to its word at block {header.block.number}."
            raise Incomplete(what, todo=_TODO)

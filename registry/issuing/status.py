"""Revoke, suspend, reinstate: credential files to bits, bits to as few words and transactions as they need."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from registry.credential.anchor_proof import leaf_entry
from registry.credential.model import read_credential
from registry.credential.place import BatchId
from registry.errors import HallmarkError, InputError
from registry.ledger.status import masks_of
from registry.merkle import leaf_hash, root_from_path

# Most gas that a transaction may ask for (EIP-7825), less the tenth that is added to every estimate.
GAS_CAP = (1 << 24) * 10 // 11
# Gas of a transaction without words, and of each word: one that was zero, and one that was not. Upper bounds to plan
# with (tests/flows/test_lifecycle.py holds them against receipts); the node estimates each one before it is sent.
_BASE, _FRESH, _USED = 65_000, 26_000, 9_500


@dataclass(frozen=True, slots=True)
class BatchRef:
    """A record as the contract wants it named: with the root, leaf count and account that it committed to."""

    batch: BatchId
    root: bytes
    leaf_count: int
    account: bytes


def batches_of(documents: Iterable[tuple[str, bytes]]) -> dict[BatchRef, list[int]]:
    """The places of these credentials, by batch.

    Args:
        documents: Their bytes, each with what it is called.

    Raises:
        InputError: One that is no anchored credential, by name; nothing was changed.
    """
    found: dict[BatchRef, list[int]] = defaultdict(list)
    for name, data in documents:
        ref, index = _place_of(name, data)
        found[ref].append(index)
    return dict(found)


def _place_of(name: str, data: bytes) -> tuple[BatchRef, int]:
    try:
        credential = read_credential(data)
        if credential.anchor is None:
            raise InputError(credential.anchor_problem or "it carries no anchor proof.")
        claim = credential.anchor.claim
        entry = leaf_entry(claim.place, claim.salt, credential.anchor.config_hash, credential.doc_hash)
        root = root_from_path(leaf_hash(entry), claim.place.index, claim.leaf_count, claim.path)
    except HallmarkError as error:
        raise InputError(
            f"{name}: {error.what}", todo="name files that `hallmark issue` wrote; nothing was changed"
        ) from None
    return BatchRef(claim.place.batch, root, claim.leaf_count, claim.account), claim.place.index


def words_to_change(indexes: Iterable[int], already: Mapping[int, int], *, set_bits: bool) -> list[tuple[int, int]]:
    """(word index, mask) pairs of the bits that are not yet as wanted.

    Args:
        indexes: Credentials of one batch.
        already: Word index → bits that are set now.
        set_bits: Whether bits are to be set (revoke, suspend) or cleared (reinstate).
    """
    pairs = []
    for word, mask in masks_of(indexes).items():
        now = already.get(word, 0)
        wanted = mask & ~now if set_bits else mask & now
        if wanted:
            pairs.append((word, wanted))
    return pairs


def planned_gas(pairs: Iterable[tuple[int, int]], already: Mapping[int, int]) -> int:
    """Upper bound of the gas of one transaction that changes these words."""
    return _BASE + sum(_USED if already.get(word, 0) else _FRESH for word, _ in pairs)


def transactions(
    pairs: Sequence[tuple[int, int]], already: Mapping[int, int], cap: int = GAS_CAP
) -> Iterator[list[tuple[int, int]]]:
    """The words in as few transactions as the gas that one may ask for allows, in order.

    Args:
        pairs: (word index, mask) pairs.
        already: Word index → bits that are set now; setting the first bit of a word costs most.
        cap: Most gas of a transaction.
    """
    part: list[tuple[int, int]] = []
    gas = _BASE
    for pair in pairs:
        cost = _USED if already.get(pair[0], 0) else _FRESH
        if part and gas + cost > cap:
            yield part
            part, gas = [], _BASE
        part.append(pair)
        gas += cost
    if part:
        yield part

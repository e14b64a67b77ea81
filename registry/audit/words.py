"""All words at chosen blocks of a replay: what the registry's signed checkpoints say, found out anew."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from registry.ledger.block import BlockRef
from registry.ledger.decode import LedgerEvent
from registry.ledger.entities import Accreditor, Issuer
from registry.ledger.state import State
from registry.merkle import leaf_hash, node_hash
from registry.verification.checkpoint import Words, words_of


class GrowingTree:
    """An RFC 9162 tree whose leaves are added and changed: each costs the hashes above it, not a new tree."""

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = [[]]

    def __len__(self) -> int:
        return len(self._levels[0])

    @property
    def root(self) -> bytes:
        """Merkle tree hash, 32 bytes; IndexError without a leaf."""
        return self._levels[-1][0]

    def put(self, index: int, leaf: bytes) -> None:
        """Leaf `index` becomes `leaf` (its hash, 32 bytes); `index` is at most the number of leaves."""
        node, height = leaf, 0
        while True:
            nodes = self._levels[height]
            nodes[index : index + 1] = [node]
            if len(nodes) == 1:
                return
            index, height = index // 2, height + 1
            # a last odd node is carried up unchanged
            node = node_hash(*nodes[2 * index : 2 * index + 2]) if 2 * index + 1 < len(nodes) else nodes[2 * index]
            if height == len(self._levels):
                self._levels.append([])


@dataclass
class WordsAt:
    """The words of all issuers and accreditors after each of these blocks.

    Attributes:
        numbers: The blocks, ascending.
        found: Block number → the chain's own block, words of issuers, words of accreditors.
    """

    numbers: Sequence[int] = ()
    found: dict[int, tuple[BlockRef, Words, Words]] = field(default_factory=dict)
    _tree: GrowingTree = field(default_factory=GrowingTree)
    _touched: set[int] = field(default_factory=set)

    def within(self, first: int, last: int) -> Sequence[int]:
        """Those of the blocks that lie between two."""
        return self.numbers[bisect_left(self.numbers, first) : bisect_right(self.numbers, last)]

    def note(self, items: Iterable[LedgerEvent]) -> None:
        """These events were folded."""
        if self.numbers:
            self._touched.update(item.event.issuer_id for item in items)

    def hold(self, block: BlockRef, state: State) -> None:
        """`state` is that after the block."""
        for issuer_id in sorted(self._touched):
            issuer = state.get(Issuer, issuer_id)
            if issuer is not None:  # ids are given in order, from 1 on (SPEC.md, section 5)
                self._tree.put(issuer_id - 1, leaf_hash(issuer_id.to_bytes(8, "big") + issuer.word))
        self._touched.clear()
        issuers = Words(len(self._tree), self._tree.root) if len(self._tree) else words_of(())
        accreditors = words_of((row.issuer_id, row.word) for row in state.all(Accreditor))
        self.found[block.number] = block, issuers, accreditors

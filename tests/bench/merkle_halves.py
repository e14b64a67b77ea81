"""Our tree on two cores, as issuing makes it: whole subtrees, each in a process, and a tree over their roots."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from registry.merkle import HASH_BYTES, Tree, node_hash

_trees: dict[int, Tree] = {}


class Halves:
    """Two processes that stay; each reads its leaves from a file of 32-byte hashes, like a batch's manifest."""

    def __init__(self, file: Path, leaves: Sequence[bytes]) -> None:
        file.write_bytes(b"".join(leaves))
        self.file, self.size = file, len(leaves)
        self.split = 1 << (self.size - 1).bit_length() - 1
        # One process for each half, so that it keeps its subtree from the first step to the second.
        self.pools = [ProcessPoolExecutor(1, get_context("forkserver")) for _ in range(2)]

    def __enter__(self) -> "Halves":
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self.pools:
            pool.shutdown()

    def run(self) -> tuple[bytes, int]:
        """The root, and the bytes of all proofs."""
        ranges = ((0, self.split), (self.split, self.size))
        building = [
            pool.submit(_build, self.file, begin, end) for pool, (begin, end) in zip(self.pools, ranges, strict=True)
        ]
        left, right = (future.result() for future in building)
        tails = ((0, right), (self.split, left))
        proving = [pool.submit(_prove, begin, tail) for pool, (begin, tail) in zip(self.pools, tails, strict=True)]
        return node_hash(left, right), sum(future.result() for future in proving)


def _build(file: Path, begin: int, end: int) -> bytes:
    with file.open("rb") as leaves:
        leaves.seek(begin * HASH_BYTES)
        data = leaves.read((end - begin) * HASH_BYTES)
    _trees[begin] = Tree([data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)])
    return _trees[begin].root


def _prove(begin: int, tail: bytes) -> int:
    return sum(len(path + tail) for path in _trees.pop(begin).paths())

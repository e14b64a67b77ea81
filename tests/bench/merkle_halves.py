"""Our tree on two cores, as issuing makes it: whole subtrees, each in a process, and a tree over their roots."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from struct import iter_unpack

from registry.merkle import HASH_BYTES, Tree

PROCESSES = 2
PART = 1 << 15  # leaves; dealt to the processes in turn

_trees: list[Tree] = []


class Halves:
    """Two processes that stay; each reads its leaves from a file of 32-byte hashes, like a batch's manifest."""

    def __init__(self, file: Path, leaves: Sequence[bytes]) -> None:
        file.write_bytes(b"".join(leaves))
        self.file = file
        # One process for each half, so that it keeps its subtrees from the first step to the second.
        self.pools = [ProcessPoolExecutor(1, get_context("forkserver")) for _ in range(PROCESSES)]

    def __enter__(self) -> "Halves":
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self.pools:
            pool.shutdown()

    def run(self) -> tuple[bytes, int]:
        """The root, and the bytes of all proofs."""
        building = [pool.submit(_build, self.file, turn) for turn, pool in enumerate(self.pools)]
        dealt = [future.result() for future in building]
        top = Tree([dealt[part % PROCESSES][part // PROCESSES] for part in range(sum(map(len, dealt)))])
        above = list(top.paths())
        proving = [pool.submit(_prove, above[turn::PROCESSES]) for turn, pool in enumerate(self.pools)]
        return top.root, sum(future.result() for future in proving)


def _build(file: Path, turn: int) -> list[bytes]:
    size = PART * HASH_BYTES
    with file.open("rb") as handle:
        while True:
            handle.seek((turn + PROCESSES * len(_trees)) * size)
            if not (part := handle.read(size)):
                return [tree.root for tree in _trees]
            _trees.append(Tree([leaf for (leaf,) in iter_unpack(f"{HASH_BYTES}s", part)]))


def _prove(above: list[bytes]) -> int:
    trees = list(_trees)
    _trees.clear()
    return sum(sum(map(len, tree.paths(path))) for tree, path in zip(trees, above, strict=True))

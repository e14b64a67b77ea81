"""make bench-merkle: the tree of 1,000,000 leaves and every inclusion proof, ours beside three packages and hashlib.

Leaves are 32-byte hashes. Each side builds its tree and makes all proofs, one after another. Ours works on both cores,
as issuing does (each process a whole subtree), and is compared by the clock on the wall with the packages, which have
no such way: `vs_best_peer`. `vs_best_peer_one_core` compares CPU seconds of one process of each. `hash_cost` is the CPU
time of our one process against hashing as many nodes as the tree has inner ones with hashlib, from 32-byte halves.
OpenZeppelin's package, which searches for each leaf and hashes with keccak, gets fewer leaves.
"""

import statistics
import sys
import time
from hashlib import sha256

import node_peers
from harness import FOLDER, Bench, Subject, Timings
from merkle_halves import Halves

from registry.merkle import Tree, root_from_path

LEAVES, QUICK_LEAVES, SLOW_LEAVES = 1_000_000, 100_000, 20_000


def leaves_of(count: int) -> list[bytes]:
    return [sha256(number.to_bytes(8, "big")).digest() for number in range(count)]


def ours(leaves: list[bytes]) -> int:
    """Build the tree, walk every proof; bytes of all proofs."""
    tree = Tree(leaves)
    return sum(map(len, tree.paths()))


def hashing(leaves: list[bytes]) -> bytes:
    """As many hashes of 65 bytes as the tree has inner nodes."""
    node = leaves[0]
    for leaf in leaves[1:]:
        node = sha256(b"\x01" + leaf + leaf).digest()
    return node


def check(leaves: list[bytes]) -> None:
    """Every thousandth proof leads to the root."""
    tree = Tree(leaves)
    for index, path in enumerate(tree.paths()):
        if index % 1_000 == 0:
            steps = [path[at : at + 32] for at in range(0, len(path), 32)]
            assert root_from_path(leaves[index], index, len(leaves), steps) == tree.root


def against_peers(leaves: list[bytes]) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Seconds on the wall (ours on two cores) and CPU seconds (ours in one process), three rounds in turn."""
    names = ("ours", "merkletreejs", "merkletools")
    wall: dict[str, list[float]] = {name: [] for name in names}
    cpu: dict[str, list[float]] = {name: [] for name in names}
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / "leaves.bin"
    with Halves(file, leaves) as halves:
        assert halves.run() == (Tree(leaves).root, ours(leaves))
        for _ in range(3):
            began = time.perf_counter()
            halves.run()
            wall["ours"].append(time.perf_counter() - began)
            began = time.process_time()
            ours(leaves)
            cpu["ours"].append(time.process_time() - began)
            for name in names[1:]:
                run = node_peers.timed(name, len(leaves))
                wall[name].append(run["seconds"])
                cpu[name].append(run["cpu"])
    file.unlink()
    return wall, cpu


def main() -> int:
    """Run everything and write build/bench/merkle.json."""
    bench = Bench("merkle", "Tree and all inclusion proofs")
    bench.peers |= node_peers.install()
    count = QUICK_LEAVES if bench.quick else LEAVES
    leaves = leaves_of(count)
    check(leaves)
    timings = bench.rounds(
        f"{count:,} leaves",
        {
            "ours": Subject(lambda: ours(leaves), 1, "registry.merkle.Tree, paths()"),
            "limit": Subject(lambda: hashing(leaves), 1, "hashlib.sha256 of 65 bytes, once for each inner node"),
        },
        rounds=3,
    )
    bench.limit("limit", "hashlib.sha256(b'\\x01' + left + right) as often as the tree has inner nodes, nothing else")
    wall, cpu = against_peers(leaves)
    bench.record(f"{count:,} leaves, wall", wall, "ours: two processes; Node without its start")
    bench.record(f"{count:,} leaves, CPU", cpu, "one process each")
    few = SLOW_LEAVES // (4 if bench.quick else 1)
    slow = [node_peers.timed("openzeppelin", few)["cpu"] * count / few for _ in range(3)]
    bench.record("fewer leaves, scaled up", {"openzeppelin": slow}, "grows faster than that")
    names = ("merkletreejs", "merkletools")
    bench.metric("vs_best_peer", min(Timings(wall).ratio(name, "ours") for name in names), aim=8)
    bench.metric("vs_best_peer_one_core", min(Timings(cpu).ratio(name, "ours") for name in names))
    bench.metric("vs_openzeppelin_one_core", statistics.median(slow) / timings.median("ours"))
    bench.metric("hash_cost", timings.ratio("ours", "limit"), aim=3)
    bench.metric("seconds", statistics.median(wall["ours"]))
    if bench.quick:
        bench.notes.append(f"--quick: {count:,} leaves; the aims are for {LEAVES:,}.")
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())

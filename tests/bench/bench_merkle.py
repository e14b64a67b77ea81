"""make bench-merkle: the tree of 1,000,000 leaves and every inclusion proof, ours beside three packages and hashlib.

Leaves are 32-byte hashes in memory. Each side builds its tree and makes all proofs, one after another, in one process.
`hash_cost` is ours against hashing as many nodes as the tree has inner ones with hashlib, from two 32-byte halves. CPU
seconds are compared. OpenZeppelin's package, which searches for each leaf and hashes with keccak, gets fewer leaves.
"""

import sys
from hashlib import sha256

import node_peers
from harness import Bench, Subject

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
    peers: dict[str, list[float]] = {"merkletreejs": [], "merkletools": []}
    for _ in range(3):
        for name, seconds in peers.items():
            seconds.append(node_peers.timed(name, count)["cpu"])
    slow = [node_peers.timed("openzeppelin", SLOW_LEAVES // (4 if bench.quick else 1)) for _ in range(3)]
    bench.record(f"{count:,} leaves, Node", peers, "CPU seconds, without the start of Node")
    scale = count / (SLOW_LEAVES // (4 if bench.quick else 1))
    bench.record(
        "fewer leaves, scaled up", {"openzeppelin": [run["cpu"] * scale for run in slow]}, "grows faster than that"
    )
    mine = timings.median("ours")
    best = min(sorted(seconds)[1] for seconds in peers.values())
    bench.metric("vs_best_peer", best / mine, aim=8)
    bench.metric("vs_openzeppelin", sorted(run["cpu"] for run in slow)[1] * scale / mine)
    bench.metric("hash_cost", timings.ratio("ours", "limit"), aim=3)
    bench.metric("seconds", mine)
    if bench.quick:
        bench.notes.append(f"--quick: {count:,} leaves; the aims are for {LEAVES:,}.")
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())

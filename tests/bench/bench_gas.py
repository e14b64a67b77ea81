"""Gas, from receipts: ours, EAS and DocumentStore on one anvil chain in one run; at most the figures of the limits.

Gas is exact, so nothing is timed; what varies by a few dozen is the number of zero bytes in random calldata, and the
median of the rounds is told. The peers' artifacts come from npm with a lock of their own (tests/bench/gas).
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import evm
from evm import GAS_CAP, Node
from gas_ours import Ours
from gas_peers import DocumentStore, Eas, OldDocumentStore, install
from harness import MIN_ROUNDS, Bench
from rich.console import Console
from rich.table import Table

_REVOKE_ONE = ("oldstore_revoke", "store_revoke", "store_revoke_leaf", "eas_revoke")
LIMITS = {
    "anchor": 58_500,
    "anchor_many_each": 29_300,
    "anchor_by_sig": 66_000,
    "revoke_256_each": 256,
    "revoke_9984_each": 120,
    "revoke_first": 65_000,
    "revoke_next": 48_000,
}
ROWS = (
    ("anchor one batch", "anchor", ("eas_timestamp", "oldstore_issue", "store_issue", "eas_attest")),
    (
        "anchor 100 in one call, each",
        "anchor_many_each",
        ("oldstore_issue_100_each", "store_issue_100_each", "eas_attest_100_each"),
    ),
    ("anchor by signature, relayed", "anchor_by_sig", ("eas_attest_delegated",)),
    (
        "revoke 256 in one word, each",
        "revoke_256_each",
        ("oldstore_revoke_256_each", "store_revoke_256_each", "eas_revoke_256_each"),
    ),
    ("revoke 9,984 in one transaction, each", "revoke_9984_each", ()),
    ("revoke one, first of its word", "revoke_first", _REVOKE_ONE),
    ("revoke one, next of its word", "revoke_next", _REVOKE_ONE),
    (
        "deploy: ours and EAS once a chain, stores once an issuer",
        "deploy_cost",
        ("oldstore_deploy_cost", "store_deploy_cost", "eas_deploy_cost"),
    ),
)
NOTES = (
    "oldstore is @govtechsg/document-store, store is @trustvc/document-store.",
    "Cheaper than anchor: eas_timestamp writes one slot and nothing else; the record is nobody's, anybody can be "
    "first, and no set of logs can be checked for gaps. A store's issue reads one role and writes one slot, in a "
    "contract that each issuer deploys for itself (deploy cost below); it keeps no leaf count, no key that can be"
    " distrusted from a time on, no record of who anchored, and no word that its events extend.",
    "Cheaper than a first revocation in its word: a store and EAS write one slot for one document, ours writes a "
    "status word that 255 further credentials share, checks the batch's record, and extends the issuer's word. "
    "oldstore_revoke marks any 32 bytes and says nothing of a batch; store_revoke_leaf is the like of ours: one "
    "credential below a root, with a 10-step proof.",
    "Cheaper to deploy: the peers' contracts do less; ours is deployed once for all issuers of a chain.",
)


def measures(node: Node) -> Iterator[tuple[str, Callable[[], float]]]:
    """Every figure of a round, by name; each call works on fresh inputs."""
    for subject in (Ours(node), OldDocumentStore(node), DocumentStore(node), Eas(node)):
        yield from subject.measures().items()


class GasBench(Bench):
    """A bench whose figures are gas, all the smaller the better."""

    def _print(self) -> None:
        console = Console(width=None if sys.stdout.isatty() else 140)
        table = Table("gas", "ours", "at most", "peers", title=self.title, title_justify="left")
        for label, name, peers in ROWS:
            limit = f"{LIMITS[name]:,}" if name in LIMITS else ""
            missed = "  MISSED" if name in LIMITS and self.metrics[name] > LIMITS[name] else ""
            others = "\n".join(self._peer(peer, self.metrics[name]) for peer in peers)
            table.add_row(f"{label}\n({name})", f"{self.metrics[name]:,.1f}", limit + missed, others or self._too_big())
        console.print(table)
        for note in self.notes:
            console.print(note, style="dim")

    def _peer(self, name: str, ours: float) -> str:
        value = self.metrics[name]
        return f"{name} {value:,.1f}" + ("  (cheaper, see below)" if value < ours else f"  ({value / ours:,.1f} ×)")

    def _too_big(self) -> str:
        most = [
            f"{name} {GAS_CAP / self.metrics[f'{name}_revoke_256_each']:,.0f}" for name in ("oldstore", "store", "eas")
        ]
        return f"does not fit; at most, by {GAS_CAP:,} gas: " + ", ".join(most)


def main() -> int:
    """Run the command line and return the exit code: 1 where a limit is missed."""
    bench = GasBench("gas", "Gas from receipts on one anvil chain (transaction limit of EIP-7825 on)", ("eth-account",))
    if evm.ANVIL is None:
        print("SKIPPED: bench-gas (anvil could not be installed from npm)")
        return 0
    bench.peers.update(install())
    found: dict[str, list[float]] = {}
    with evm.anvil() as node:
        todo = list(measures(node))
        for _ in range(max(bench.options.rounds, MIN_ROUNDS)):
            for name, measure in todo:
                found.setdefault(name, []).append(measure())
    bench.samples.update(found)
    for name, values in found.items():
        bench.metric(name, statistics.median(values), aim=LIMITS.get(name))
    bench.notes.extend(NOTES)
    bench.finish()
    return int(any(bench.metrics[name] > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    sys.exit(main())

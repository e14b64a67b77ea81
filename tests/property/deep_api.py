"""A long run of generated requests against a served registry: `make api-deep` (20,000 and more). Never a 5xx."""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "support")]

import devchain  # noqa: E402
from api_fuzz import fuzz  # noqa: E402
from desk import Desk  # noqa: E402
from served import deposited, serving  # noqa: E402


def main() -> int:
    """Run seed after seed until enough requests were made; 1 if any answer was not what the document allows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, devchain.start(block_time=0) as chain:
        folder = Path(name)
        desk = Desk(folder, chain)
        desk.ok("deploy --out deployment.json")
        desk.ok(f"issuer register --name 'Northwind Institute' --recovery {desk.recovery}")
        desk.write_csv(6)
        desk.ok("issue results.csv --achievement achievement.json --out credentials --wait 1 --suite jcs")
        with serving(desk, HALLMARK_API_RATE="0") as (address, process):
            known, made, seed, failures = deposited(desk, address), 0, options.seed, []
            while made < options.requests and process.poll() is None:
                run = fuzz(folder, address, seed=seed, examples=options.examples, known=known if seed % 2 else None)
                made, failures = made + run.requests, failures + list(run.failures)
                print(
                    f"seed {seed}: {made:,} requests, {run.operations} operations, {len(failures)} failures", flush=True
                )
                seed += 1
            log = (folder / "serve.log").read_text()
    print(*dict.fromkeys(failures), sep="\n\n")
    print(log[-2000:])
    return 1 if failures or "Traceback" in log else 0


if __name__ == "__main__":
    sys.exit(main())

"""`make credential-deep`: the long forms of test_fast_reader.py (a million texts) and test_openbadges_schema.py."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
sys.path.insert(0, str(Path(__file__).parent))

import json_fuzz
import public_vectors

SLICE = 20_000
MUTANT_SLICE = 250


def main() -> int:
    """Run slices with seeds of their own on two processes; a difference ends the run with its seed or its text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000_000, help="texts to read and write both ways")
    parser.add_argument("--mutants", type=int, default=10_000, help="badges to judge by our rules and by the schema")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    with ProcessPoolExecutor(args.processes) as pool:
        texts = range(args.seed, args.seed + -(-args.documents // SLICE))
        run = partial(json_fuzz.campaign, documents=SLICE)
        report("texts read and written as the strict reader and rfc8785 do", texts, pool.map(run, texts))
        if not public_vectors.PRESENT:
            print(f"SKIPPED: mutants of badges: {public_vectors.ABSENT}")
            return 0
        starts = range(args.seed * 1_000, args.seed * 1_000 + args.mutants // 2, MUTANT_SLICE)
        report("mutants explained beside the schema of Open Badges", starts, pool.map(mutants, starts))
    return 0


def mutants(start: int) -> Counter[str]:
    """One slice of mutants, two a seed."""
    import test_openbadges_schema

    return test_openbadges_schema.campaign(start, MUTANT_SLICE)


def report(what: str, seeds: range, parts: Iterable[Counter[str]]) -> None:
    """Add up the parts as they come, and print the counts."""
    started, counts = time.monotonic(), Counter[str]()
    for seed, part in zip(seeds, parts, strict=True):
        counts += part
        print(f"\r{what}: seed {seed}", end="", flush=True)
    print(f"\n  seeds {seeds[0]} to {seeds[-1]}, {time.monotonic() - started:.0f} s")
    for outcome, count in counts.most_common():
        print(f"  {count:>10,}  {outcome}")


if __name__ == "__main__":
    sys.exit(main())

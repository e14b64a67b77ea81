"""The long form of test_fast_reader.py: `make credential-deep` compares a million texts and prints the counts."""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import json_fuzz

SLICE = 20_000


def main() -> int:
    """Run slices with seeds of their own on two processes; a difference ends the run with its text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    seeds = range(args.seed, args.seed + -(-args.documents // SLICE))
    started, counts = time.monotonic(), Counter[str]()
    with ProcessPoolExecutor(args.processes) as pool:
        for seed, part in zip(seeds, pool.map(partial(json_fuzz.campaign, documents=SLICE), seeds), strict=True):
            counts += part
            print(f"\rseed {seed}: equal so far {counts.total():,}", end="", flush=True)
    print(f"\n{len(seeds) * SLICE:,} texts, seeds {seeds[0]} to {seeds[-1]}, {time.monotonic() - started:.0f} s")
    for outcome, count in counts.most_common():
        print(f"  {outcome:<15}{count:>12,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

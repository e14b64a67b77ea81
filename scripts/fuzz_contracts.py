"""The long campaign of forge: every fuzz test 2,000 times, and every invariant through 250,000 calls.

Prints each invariant's calls. Exit 0: all held; 1: one did not; 0 and aloud where forge could not be had.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts import compile_contracts

ROOT = Path(__file__).resolve().parent.parent
CALLS = 250_000


def main() -> int:
    """Run forge under the profile `deep` and return the exit code."""
    forge, solc = compile_contracts.forge(), compile_contracts.solc_shim()
    if forge is None or solc is None:
        print("SKIPPED: the long campaign (forge or solc could not be installed from npm)")
        return 0
    variables = os.environ | {"FOUNDRY_OFFLINE": "true", "FOUNDRY_PROFILE": "deep", "NO_COLOR": "1"}
    command = [str(forge), "test", "--use", str(solc)]
    done = subprocess.run(command, cwd=ROOT / "contracts", env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout + done.stderr)
        return 1
    found = re.findall(
        r"^Ran \d+ tests? for (\S+)|invariant_\w+\(\) \(runs: \d+, calls: (\d+)", done.stdout, re.MULTILINE
    )
    suite, short = "", 0
    for name, calls in found:
        suite = name or suite
        if calls:
            print(f"{suite.partition(':')[2]}: {int(calls):,} calls")
            short += int(calls) < CALLS
    print(done.stdout.strip().splitlines()[-1])
    return int(short > 0)


if __name__ == "__main__":
    sys.exit(main())

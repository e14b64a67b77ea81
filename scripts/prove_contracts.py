"""Prove the contracts with halmos, and hold slither's findings against their answers.

    prove_contracts.py             both
    prove_contracts.py halmos      contracts/formal: what holds for every sender, call and time
    prove_contracts.py slither     contracts/src against the table of contracts/SLITHER.md

Both come through `uv tool run`, in environments of their own, because they ask for other versions of what the project
uses. Where one cannot be had, it is skipped aloud. Exit 0: fine or skipped; 1: a proof failed, a finding has no answer,
or an answer no finding.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts import compile_contracts

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "contracts"
ANSWERS = CONTRACTS / "SLITHER.md"
UV = ROOT / ".tools/uv/bin/uv"
HALMOS, SLITHER = "halmos==0.3.3", "slither-analyzer==0.11.6"
SILENT = {"Informational", "Optimization"}


def tool(package: str, *command: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str] | None:
    """Run a tool with forge on its path; None, said aloud, where the tool or forge cannot be had."""
    forge, solc = compile_contracts.forge(), compile_contracts.solc_shim()
    run = [str(UV), "tool", "run", "--from", package]
    if forge is None or solc is None or not UV.is_file():
        print(f"SKIPPED: {command[0]} (needs uv, forge and solc: run `make setup`)")
        return None
    if subprocess.run([*run, command[0], "--version"], capture_output=True, check=False).returncode:
        print(f"SKIPPED: {command[0]} ({package} could not be installed)")
        return None
    ours = {"PATH": f"{forge.parent}:{os.environ['PATH']}", "FOUNDRY_OFFLINE": "true", "FOUNDRY_SOLC": str(solc)}
    return subprocess.run(
        [*run, *command], cwd=cwd, env=os.environ | ours | variables, capture_output=True, text=True, check=False
    )


def bed(name: str, *parts: str) -> Path:
    """A copy of parts of contracts/, because both tools write beside what they read."""
    home = ROOT / "build" / name
    for part in parts:
        shutil.rmtree(home / part, ignore_errors=True)
        shutil.copytree(CONTRACTS / part, home / part)
    shutil.copy(CONTRACTS / "foundry.toml", home)
    return home


def halmos() -> int:
    """Prove every `check_` of contracts/formal."""
    home = bed("halmos", "src", "test", "formal")
    done = tool(HALMOS, "halmos", "--forge-build-out", "out/formal", cwd=home, FOUNDRY_PROFILE="formal")
    if done is None:
        return 0
    text = re.sub(r"\x1b\[\d*m", "", done.stdout + done.stderr)
    proved = re.findall(r"^\[PASS\] (check_\w+)", text, re.MULTILINE)
    wanted = re.findall(r"function (check_\w+)", "".join(p.read_text() for p in (CONTRACTS / "formal").glob("*.t.sol")))
    for name in wanted:
        print(f"halmos: {name} {'proved' if name in proved else 'NOT PROVED'}")
    if set(proved) == set(wanted):
        return 0
    print(text)
    return 1


def answered() -> set[tuple[str, str]]:
    """The rows of SLITHER.md: check and place."""
    rows = re.findall(r"^\| ([a-z-]+) \| `([\w.]+)` \| \S", ANSWERS.read_text(encoding="utf-8"), re.MULTILINE)
    return set(rows)


def findings(report: str) -> set[tuple[str, str]]:
    """Check and place of every finding above informational, from slither's JSON."""
    found = set()
    for item in json.loads(report)["results"].get("detectors", []):
        if item["impact"] not in SILENT:
            element = item["elements"][0]
            home = element.get("type_specific_fields", {}).get("parent", {}).get("name", "")
            found.add((item["check"], f"{home}.{element['name']}"))
    return found


def slither() -> int:
    """Compare slither's findings with the answers, both ways."""
    home = bed("slither", "src")
    report = home / "report.json"
    report.unlink(missing_ok=True)
    done = tool(SLITHER, "slither", ".", "--json", str(report), cwd=home, FOUNDRY_TEST="none")
    if done is None:
        return 0
    if not report.is_file():
        print(done.stdout + done.stderr)
        return 1
    found, known = findings(report.read_text(encoding="utf-8")), answered()
    for check, place in sorted(found - known):
        print(f"slither: {check} in {place} has no answer in {ANSWERS.name}")
    for check, place in sorted(known - found):
        print(f"slither: {check} in {place} is answered and not found any more")
    print(f"slither: {len(found)} findings above informational, {len(found & known)} answered")
    return int(found != known)


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("what", nargs="*", choices=["halmos", "slither", []], help="one of them; both by default")
    chosen = parser.parse_args(argv).what or ["slither", "halmos"]
    return max({"halmos": halmos, "slither": slither}[name]() for name in chosen)


if __name__ == "__main__":
    sys.exit(main())

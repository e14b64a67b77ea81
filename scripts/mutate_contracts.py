"""Change the contracts in one place at a time and see whether a test notices.

    mutate_contracts.py                    every mutant
    mutate_contracts.py --slice 2/8        every eighth, from the second on
    mutate_contracts.py --only Signatures  files whose name contains this
    mutate_contracts.py --list             say what would be done

A mutant swaps an operator, turns a condition or a number, or leaves a statement out. Each is compiled and tested with
forge in a copy under build/mutants; the sources are never touched. One that no test notices survives, and is an error
unless contracts/MUTANTS.md explains it. Exit 0: none unexplained; 1: some; 2: forge is missing or the tests are red.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts import compile_contracts

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "contracts"
EXPLAINED = CONTRACTS / "MUTANTS.md"
SECONDS = 240
_SWAPS = (
    (r"(?<![=!<>])==(?!=)", "!="),
    (r"!=", "=="),
    (r"(?<![<=-])<(?![<=])", "<="),
    (r"(?<![>=-])>(?![>=])", ">="),
    (r"(?<!<)<=", "<"),
    (r"(?<!>)>=", ">"),
    (r"&&", "||"),
    (r"\|\|", "&&"),
    (r"(?<![+(])\+(?![+=])", "-"),
    (r"<<(?!=)", ">>"),
    (r">>(?!=)", "<<"),
    (r"(?<=\w )\|(?= )", "&"),
    (r"(?<=\w )&(?= )", "|"),
    (r"\|=", "&="),
    (r"\btrue\b", "false"),
    (r"\bfalse\b", "true"),
    (r"!(?=\w)", ""),
    (r"~", ""),
)
_NUMBER = re.compile(r"(?<![\w.])(?:0x[0-9a-fA-F]+|\d[\d_]*)(?![\w.])")
_STATEMENT = re.compile(
    r"^\s+(?!return\b|using\b|import\b|event\b|error\b|_?\w+ (?:storage|memory|calldata) )[^/{}]*;$"
)
_DECLARATION = re.compile(
    r"^\s*(?:u?int\d*|bytes\d*|bool|address|string|mapping|I\w+|[A-Z]\w+)(?:\[\])?(?: \w+)* \w+(?: = .*)?;$"
)
_REVERTING_IF = re.compile(r"^\s+if \(.*\) revert .*;$")


@dataclass(frozen=True)
class Mutant:
    """One line of one file, changed.

    Attributes:
        file: Path below contracts/src.
        line: From 1.
        before: The line without its indentation.
        after: What stands there instead.
    """

    file: str
    line: int
    before: str
    after: str

    @property
    def name(self) -> str:
        """How MUTANTS.md names it; line numbers are left out, because they move."""
        return f"{self.file}: `{self.before}` → `{self.after}`"


def mutants_of(file: str, text: str) -> Iterator[Mutant]:
    """Every mutant of a source file."""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if _is_code(stripped):
            for after in dict.fromkeys(_variants(line, stripped)):
                if after != stripped:
                    yield Mutant(file, number, stripped, after)


def _is_code(line: str) -> bool:
    words = (
        "//",
        "/*",
        "*",
        "import",
        "pragma",
        "event",
        "error",
        "function",
        "interface",
        "contract",
        "library",
        "using",
    )
    return bool(line) and not line.startswith(words) and '"' not in line


def _variants(line: str, stripped: str) -> Iterator[str]:
    for pattern, replacement in _SWAPS:
        for match in re.finditer(pattern, stripped):
            if "mapping(" not in stripped and not stripped.startswith("type "):
                yield stripped[: match.start()] + replacement + stripped[match.end() :]
    for match in _NUMBER.finditer(stripped):
        yield stripped[: match.start()] + str(int(match[0].replace("_", ""), 0) + 1) + stripped[match.end() :]
    is_declaration = _DECLARATION.match(line) or stripped.startswith("mapping(")
    if _REVERTING_IF.match(line) or (_STATEMENT.match(line) and not is_declaration):
        yield "{}"


def all_mutants(only: str) -> list[Mutant]:
    """Every mutant of the files that hold code, in the order of files and lines."""
    found: list[Mutant] = []
    for path in sorted((CONTRACTS / "src").rglob("*.sol")):
        name = path.relative_to(CONTRACTS / "src").as_posix()
        is_interface = path.parent.name == "src" and path.name.startswith("I")
        if only in name and not is_interface:
            found += mutants_of(name, path.read_text(encoding="utf-8"))
    return found


class Bed:
    """A copy of the contracts in which forge compiles and tests one mutant after another."""

    def __init__(self, forge: Path, solc: Path, number: int) -> None:
        self.forge, self.solc = forge, solc
        self.home = ROOT / f"build/mutants/{number}"
        shutil.rmtree(self.home / "src", ignore_errors=True)
        for part in ("src", "test"):
            shutil.copytree(CONTRACTS / part, self.home / part, dirs_exist_ok=True)
        shutil.copy(CONTRACTS / "foundry.toml", self.home)

    def run(self) -> str:
        """`green`, `red`, or `broken` where it does not compile."""
        variables = os.environ | {"FOUNDRY_OFFLINE": "true", "FOUNDRY_PROFILE": "mutants", "NO_COLOR": "1"}
        command = [
            str(self.forge),
            "test",
            "--use",
            str(self.solc),
            "--fail-fast",
            "--no-match-path",
            "test/invariant/*",
        ]
        try:
            done = subprocess.run(
                command, cwd=self.home, env=variables, capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return "red"
        if done.returncode == 0:
            return "green"
        return "broken" if "Compiler run failed" in done.stdout + done.stderr else "red"

    def judge(self, mutant: Mutant) -> str:
        """As `run`, with the mutant in place."""
        path = self.home / "src" / mutant.file
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines(keepends=True)
        line = lines[mutant.line - 1]
        indent = line[: len(line) - len(line.lstrip())]
        lines[mutant.line - 1] = f"{indent}{mutant.after}\n"
        path.write_text("".join(lines), encoding="utf-8")
        try:
            return self.run()
        finally:
            path.write_text(text, encoding="utf-8")


def explained() -> str:
    """What MUTANTS.md says."""
    return EXPLAINED.read_text(encoding="utf-8") if EXPLAINED.is_file() else ""


def campaign(bed: Bed, mutants: list[Mutant]) -> int:
    """Judge every mutant, print survivors as they come and the counts at the end."""
    if bed.run() != "green":
        print("mutate_contracts: the tests are red without any mutant; make them green first", file=sys.stderr)
        return 2
    counts = {"red": 0, "green": 0, "broken": 0}
    unexplained, known = 0, explained()
    for number, mutant in enumerate(mutants, 1):
        verdict = bed.judge(mutant)
        counts[verdict] += 1
        if verdict == "green":
            excused = mutant.name in known
            unexplained += not excused
            print(f"{'explained' if excused else 'SURVIVED'} {mutant.name} (line {mutant.line})", flush=True)
        if number % 5 == 0:
            print(f"{number} of {len(mutants)}: {counts['red']} killed, {counts['green']} survived", flush=True)
    print(
        f"{len(mutants)} mutants: {counts['red']} killed, {counts['green']} survived ({unexplained} unexplained), "
        f"{counts['broken']} did not compile"
    )
    return int(unexplained > 0)


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--slice", default="1/1", help="K/N: every N-th mutant, from the K-th on")
    parser.add_argument("--only", default="", help="part of a file's name")
    parser.add_argument("--bed", type=int, default=0, help="number of the copy, for runs beside each other")
    parser.add_argument("--list", action="store_true", help="print the mutants and stop")
    options = parser.parse_args(argv)
    first, step = map(int, options.slice.split("/"))
    mutants = all_mutants(options.only)[first - 1 :: step]
    if options.list:
        print(*(f"{mutant.name} (line {mutant.line})" for mutant in mutants), sep="\n")
        print(f"{len(mutants)} mutants")
        return 0
    forge, solc = compile_contracts.forge(), compile_contracts.solc_shim()
    if forge is None or solc is None:
        print("SKIPPED: mutants (forge or solc could not be installed from npm)")
        return 2
    return campaign(Bed(forge, solc, options.bed), mutants)


if __name__ == "__main__":
    sys.exit(main())

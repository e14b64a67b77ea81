"""Checking one file starts light, and many files are checked by several processes with the same answer."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from registry.commands import verify as command

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))

from cli_figures import make_files

HEAVY = {
    "web3",
    "eth_account",
    "fastapi",
    "sqlalchemy",
    "pydantic",
    "pydantic_settings",
    "urllib3",
    "rich",
    "uvicorn",
    "pyld",
    "cryptography",
    "msgspec",
    "reportlab",
    "PIL",
    "pypdf",
    "ssl",
    "socket",
    "asyncio",
    "multiprocessing",
    "concurrent",
    "tomllib",
    "orjson",
    "dataclasses",
    "inspect",
    "decimal",
    "sha3",
    "tiny_keccak",
}
LISTING = """
import sys
from registry.cli import main
code = main(sys.argv[1:])
print(code, *sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)
print(*sorted(name for name in sys.modules if name.startswith('registry.')), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("files")
    make_files(made, 450)
    text = (made / "00007.json").read_text()
    (made / "00007.json").write_text(text.replace("Working with data", "Working with dates"))
    return made


def verified(folder, *words):
    done = subprocess.run(
        [sys.executable, "-c", LISTING, "verify", "--deployment", "deployment.json", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = done.stderr.splitlines()
    code, *modules = first.split()
    return int(code), done.stdout, set(modules), set(second.split())


def test_one_file_offline_imports_nothing_heavy(folder):
    code, said, modules, ours = verified(folder, "00000.json")
    assert code == 2
    assert "✓ signature  valid" in said
    assert "✓ conforming valid" in said
    assert modules & HEAVY == set()
    commands = {name for name in ours if name.startswith("registry.commands.")}
    needed = ("documents", "options", "outcomes", "report_text", "verify", "verifying")
    assert commands <= {f"registry.commands.{name}" for name in needed}
    rooms = {name.split(".")[1] for name in ours}
    assert rooms & {"store", "api", "issuing", "indexer", "audit"} == set()
    assert "registry.ledger.events" not in ours


def test_many_files_by_two_processes_give_the_same_report_in_the_same_order(folder):
    names = [f"{number:05}.json" for number in range(450)]
    assert len(names) > command._MANY_FILES
    alone = verified(folder, "--jobs", "1", "--json", *names)
    together = verified(folder, "--jobs", "2", "--json", *names)
    assert alone[0] == together[0] == 1  # one of them was changed
    rows = [json.loads(said) for said in (alone[1], together[1])]
    for row in (*rows[0], *rows[1]):
        del row["checkedAt"], row["moment"]
    assert rows[0] == rows[1]
    assert [row["file"] for row in rows[1]] == names
    assert [row["file"] for row in rows[1] if row["verdict"] == "invalid"] == ["00007.json"]
    assert "multiprocessing" in together[2]


def test_lines_of_many_files_come_in_order_too(folder):
    names = [f"{number:05}.json" for number in reversed(range(450))]
    _, said, _, _ = verified(folder, "--jobs", "2", *names)
    assert [line.partition(":")[0] for line in said.splitlines() if line.startswith("0")] == names


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_file_of_blank_lines_is_unknown_and_never_valid(folder, form):
    (folder / "blank.ndjson").write_bytes(b"\n\r\n \n")
    code, said, *_ = verified(folder, "blank.ndjson", *form)
    assert code == 2
    assert "holds no document" in said

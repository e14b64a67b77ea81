"""The command line: it answers at once, every command explains itself, and README knows them all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from registry.cli import COMMANDS

ROOT = Path(__file__).parents[2]
HEAVY = ["web3", "eth_account", "sqlalchemy", "fastapi", "pydantic", "rich", "alembic", "uvicorn"]


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True).stdout


def test_help_imports_nothing_heavy():
    loaded = python(
        "import sys, contextlib, io\n"
        "from registry.cli import main\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()): main(['--help'])\n"
        "print(*sys.modules)"
    ).split()
    assert not set(HEAVY) & set(loaded)


def test_verification_core_imports_neither_web_nor_database():
    loaded = python("import sys, registry.verification.verify, registry.chain.evidence\nprint(*sys.modules)").split()
    assert not {"web3", "eth_account", "sqlalchemy", "fastapi"} & set(loaded)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_a_place_in_the_readme(command):
    shown = subprocess.run(
        [sys.executable, "-m", "registry.cli", command, "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "usage: hallmark" in shown.stdout
    assert f"hallmark {command}" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    "script", ["anchor_batch.py", "deploy.py", "replay_events.py", "compile_contracts.py", "demo.py"]
)
def test_scripts_are_thin_and_answer_help(script):
    done = subprocess.run([sys.executable, f"scripts/{script}", "--help"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_reader_that_has_seen_enough_is_no_fault(tmp_path):
    """`hallmark … | head` says nothing on stderr, and is not taken for a success either."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "registry.cli", "batches", "--home", str(tmp_path)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HALLMARK_")}
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, cwd=ROOT, env=environment, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")

"""The demo is the promise: it runs whole, on each engine, and leaves what it says it leaves."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run_demo(folder, engine):
    command = [sys.executable, "scripts/demo.py", "--dir", str(folder), "--engine", engine]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.parametrize("engine", ["auto", "py-evm"])
def test_demo_tells_the_whole_story_and_exits_0(engine, tmp_path):
    done = run_demo(tmp_path / "demo", engine)
    text = done.stdout
    assert done.returncode == 0, text + done.stderr
    story = [
        "deployed eip155:31337:0x",
        "registered issuer 1",
        "anchored 200 credentials in block",
        "indexed",
        "credentials/0001.json: VALID",
        "certificates/0002.pdf: VALID",
        "changed.json: INVALID",
        "credentials/0004.json: INVALID",
        "privilegeWithdrawn",
        "credentials/0005.json: INVALID",
        "credentials/0005.json: VALID",
        "audit: EQUAL",
        "audit: DIFFERS",
        "table status_word",
        "column revoked",
    ]
    places = [text.find(line) for line in story]
    assert -1 not in places, [line for line, place in zip(story, places, strict=True) if place < 0]
    assert "UNKNOWN" in text.split("The chain is stopped")[1]
    assert "INVALID" not in text.split("The chain is stopped")[1].split("An auditor replays")[0]
    assert re.search(r"Revoked in block \d+ \(.*\): privilegeWithdrawn", text)
    assert re.search(r"[\d,]+ gas, [\d.]+ a credential", text)
    assert engine == "auto" or "py-evm (asked for)" in text
    assert len(list((tmp_path / "demo" / "credentials").glob("*.json"))) == 200

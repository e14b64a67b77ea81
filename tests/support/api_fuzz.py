"""Requests that nobody would think of, made from the OpenAPI document by Schemathesis, against a real process."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SUPPORT = Path(__file__).parent
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method"
)


@dataclass(frozen=True)
class Fuzzed:
    """What came of a run: how many requests of how many operations, and what failed, in words."""

    requests: int
    operations: int
    failures: tuple[str, ...]


def fuzz(folder: Path, address: str, *, seed: int, examples: int, known: dict[str, str] | None = None) -> Fuzzed:
    """One run of all phases (examples, coverage, fuzzing, stateful).

    Args:
        folder: For its configuration and report.
        address: Base URL of the registry.
        seed: Same seed, same requests.
        examples: Generated cases for each operation.
        known: Path parameters that name something which is there; without them, names are generated as well.
    """
    lines = [
        "[parameters]",
        *(f"{json.dumps('path.' + name)} = {json.dumps(value)}" for name, value in (known or {}).items()),
    ]
    config, report = folder / "schemathesis.toml", folder / "report.json"
    config.write_text("\n".join(lines) + "\n")
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), "run"]
    command += [f"{address}/openapi.json", "--seed", str(seed), "--max-examples", str(examples), "--checks", CHECKS]
    command += ["--continue-on-failure", "--no-color", "--report", "json", "--report-json-path", str(report)]
    env = {**os.environ, "SCHEMATHESIS_HOOKS": "fuzz_hooks", "PYTHONPATH": str(SUPPORT)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if not report.exists():
        raise AssertionError(done.stdout[-3000:] + done.stderr[-3000:])
    told = json.loads(report.read_bytes())
    problems = [json.dumps(one, ensure_ascii=False)[:2000] for one in (*told["failures"], *told["errors"])]
    return Fuzzed(told["test_cases"]["generated"], told["operations"]["tested"], tuple(problems))

"""The compiled contracts as they are committed in contracts/artifacts."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from registry.errors import ConfigError

_PLACES = (
    Path(__file__).parents[1] / "_contracts" / "artifacts",
    Path(__file__).parents[2] / "contracts" / "artifacts",
)


ARTIFACTS = ("CredentialRegistry", "Accreditation")
"""The contracts that this program talks to."""


@dataclass(frozen=True)
class Artifact:
    """ABI and creation bytecode of one contract."""

    abi: list[dict[str, Any]]
    bytecode: bytes


@cache
def load_artifact(name: str = "CredentialRegistry") -> Artifact:
    """The committed artifact; ConfigError when the installation lacks it."""
    for folder in _PLACES:
        path = folder / f"{name}.json"
        if path.is_file():
            body = json.loads(path.read_text("utf-8"))
            return Artifact(body["abi"], bytes.fromhex(body["bytecode"].removeprefix("0x")))
    raise ConfigError(f"The artifact of {name} is missing.", todo="run `python scripts/compile_contracts.py`")

"""The compiled contract as it is committed in contracts/artifacts, and the names of its custom errors."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from registry.errors import ConfigError
from registry.ledger.keccak import keccak

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


def revert_reason(data: bytes) -> tuple[str, str]:
    """Name and readable form of the custom error in revert data, e.g. "AlreadyAnchored(1, 0x…)"."""
    for entry in (entry for name in ARTIFACTS for entry in load_artifact(name).abi):
        if entry["type"] != "error":
            continue
        kinds = [parameter["type"] for parameter in entry["inputs"]]
        if keccak(f"{entry['name']}({','.join(kinds)})".encode())[:4] == data[:4]:
            words = [data[i : i + 32] for i in range(4, len(data), 32)]
            shown = ", ".join(_shown(kind, word) for kind, word in zip(kinds, words, strict=False))
            return entry["name"], f"{entry['name']}({shown})"
    return "", "0x" + data.hex() if data else "no reason given"


def _shown(kind: str, word: bytes) -> str:
    if kind.startswith("uint"):
        return str(int.from_bytes(word, "big"))
    if kind == "address":
        return "0x" + word[12:].hex()
    return "0x" + word[: int(kind.removeprefix("bytes") or 32)].hex()

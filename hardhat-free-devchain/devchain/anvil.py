"""Finds anvil's native binary and says how to run it. No Node is needed to run it, only to install it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from devchain.accounts import BALANCE_ETHER, CHAIN_ID, MNEMONIC
from devchain.errors import EngineMissingError

ENVIRONMENT: Final = "DEVCHAIN_ANVIL"
_MODULES: Final = Path(__file__).resolve().parents[1] / "node_modules" / "@foundry-rs"
_PROCESSORS: Final = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True)
class Anvil:
    """A binary that ran.

    Attributes:
        path: the binary.
        version: what it said, e.g. "anvil 1.7.1".
    """

    path: Path
    version: str


def package_binary() -> Path:
    """Where npm puts the binary for this platform, whether or not it is there."""
    machine = platform.machine().lower()
    package = f"anvil-{platform.system().lower()}-{_PROCESSORS.get(machine, machine)}"
    return _MODULES / package / "bin" / "anvil"


def candidates() -> list[Path]:
    """The places to look, in order; DEVCHAIN_ANVIL is the only one where it is set."""
    chosen = os.environ.get(ENVIRONMENT)
    if chosen:
        return [Path(chosen)]
    on_path = shutil.which("anvil")
    return [package_binary(), *([Path(on_path)] if on_path else [])]


def find() -> Anvil:
    """The first candidate that runs here.

    Raises:
        EngineMissingError: none does; the message lists each place with its reason.
    """
    tried: list[str] = []
    for path in candidates():
        outcome = _try(path)
        if isinstance(outcome, Anvil):
            return outcome
        tried.append(f"{path}: {outcome}")
    where = "; ".join(tried)
    raise EngineMissingError(
        f"anvil cannot be run ({where}). Install it with `make setup`, put it on PATH, name it in "
        f"{ENVIRONMENT}, or use --engine py-evm."
    )


def _try(path: Path) -> Anvil | str:
    """The binary with its version, or why it does not run."""
    if not path.is_file():
        return "no such file"
    try:
        told = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not run here, {error}"
    if told.returncode != 0 or not told.stdout:
        return f"does not run here, exit code {told.returncode} {told.stderr.strip()}"
    return Anvil(path, told.stdout.splitlines()[0].lower().replace(" version:", ""))


def command(path: Path, host: str, port: int, block_time: float, state: Path | None) -> list[str]:
    """The command line: automine, and with a block time also a block every so many seconds.

    One slot in an epoch puts `safe` one block and `finalized` two blocks behind the head. The state file
    holds every block, receipt and log, but the accounts and storage of the head alone: anvil could keep
    those of each block too, at a full copy a block (115 MB for 800 blocks of 1,000 slots, measured).
    """
    line = [str(path), "--quiet", "--host", host, "--port", str(port), "--chain-id", str(CHAIN_ID)]
    line += ["--mnemonic", MNEMONIC, "--balance", str(BALANCE_ETHER), "--slots-in-an-epoch", "1"]
    line += ["--cache-path", "{scratch}"]
    if block_time:
        line += ["--block-time", f"{block_time:g}", "--mixed-mining"]
    if state:
        line += ["--state", str(state)]
    return line

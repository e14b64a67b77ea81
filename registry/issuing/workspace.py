"""The issuer's home folder: signing key, batch secret, profile, journal, staged batches (files 0600, folders 0700)."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.credential.did_key import did_of
from registry.credential.place import ContractId
from registry.credential.profile import public_key_of_seed
from registry.errors import ConfigError


@dataclass(frozen=True, slots=True)
class IssuerIdentity:
    """Who issues: contract, issuer id, Ed25519 seed and batch secret (32 bytes each), and the profile document."""

    contract: ContractId
    issuer_id: int
    seed: bytes
    batch_secret: bytes
    profile: Mapping[str, Any]

    @property
    def did(self) -> str:
        """The issuer's did:key."""
        return did_of(public_key_of_seed(self.seed))


class Workspace:
    """One issuer's folder."""

    def __init__(self, home: Path) -> None:
        self.home = home

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.home / "journal.sqlite"

    def staged(self, batch_id: bytes) -> Path:
        """The staged documents of a batch."""
        return self.home / "batches" / batch_id.hex() / "staged.ndjson"

    def make_secrets(self) -> tuple[bytes, bytes]:
        """Signing seed and batch secret; made and stored at the first call, read ever after."""
        return self._secret("signing.key"), self._secret("batch.secret")

    def _secret(self, name: str) -> bytes:
        path = self.home / name
        if not path.exists():
            write_private(path, secrets.token_bytes(32).hex().encode() + b"\n")
        try:
            value = bytes.fromhex(path.read_text("ascii").strip())
        except (OSError, ValueError):
            value = b""
        if len(value) != 32:
            raise ConfigError(f"{path} does not hold 32 bytes in hex.", todo="restore it from your backup")
        return value

    def refuse_second_identity(self, contract: ContractId) -> None:
        """ConfigError when the folder is an issuer of this contract already: its batches belong to that one."""
        try:
            known = self.identity(contract)
        except ConfigError:
            return
        what = f"{self.home} is issuer {known.issuer_id} of {contract} already."
        raise ConfigError(what, todo="name another folder with --home, or use `hallmark issuer profile`")

    def save_identity(self, contract: ContractId, issuer_id: int, profile: Mapping[str, Any]) -> None:
        """Remember which issuer this folder belongs to."""
        body = {"contract": str(contract), "issuerId": str(issuer_id), "profile": profile}
        write_private(self.home / "issuer.json", json.dumps(body, indent=2, ensure_ascii=False).encode() + b"\n")

    def identity(self, contract: ContractId) -> IssuerIdentity:
        """The issuer of this folder; ConfigError when there is none, or it belongs to another contract."""
        path = self.home / "issuer.json"
        try:
            body = json.loads(path.read_text("utf-8"))
            found, issuer_id, profile = ContractId.parse(body["contract"]), int(body["issuerId"]), body["profile"]
        except (OSError, ValueError, KeyError):
            todo = "run `hallmark issuer register` first, or name the folder with --home"
            raise ConfigError(f"{path} names no issuer.", todo=todo) from None
        if found != contract:
            raise ConfigError(
                f"{self.home} belongs to the contract {found}, not {contract}.", todo="check --deployment"
            )
        seed, batch_secret = self.make_secrets()
        return IssuerIdentity(contract, issuer_id, seed, batch_secret, profile)


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner reads; complete and on disk, or not there at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_durably(path, data, mode=0o600)


def write_durably(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write beside, fsync, rename, fsync the folder: a crash leaves the old file, or the new one, whole."""
    beside = path.with_name(path.name + ".new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

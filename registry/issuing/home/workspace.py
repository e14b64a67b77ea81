"""The issuer's home folder: signing key, batch secret, profile, journal, staged batches (files 0600, folders 0700)."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from registry.credential.place import ContractId
from registry.credential.signer import DocumentSigner
from registry.errors import ConfigError
from registry.issuing.batch.files import write_private
from registry.issuing.home.signing import SigningKey, SigningOptions


@dataclass(frozen=True, slots=True)
class IssuerIdentity:
    """Who issues: contract, issuer id, did:key, batch secret (32 bytes), profile document, and the signing key.

    The key is opened when it is asked for (`signer`), which may need a passphrase: workers are given the signer.
    """

    contract: ContractId
    issuer_id: int
    did: str
    batch_secret: bytes = field(repr=False)
    profile: Mapping[str, Any]
    signing: SigningKey

    @property
    def signer(self) -> DocumentSigner:
        """Who signs; SigningError where the key cannot be had, or is not the one of the profile."""
        return self.signing.signer(self.did)


class Workspace:
    """One issuer's folder."""

    def __init__(self, home: Path, signing: SigningOptions | None = None) -> None:
        self.home = home
        self.signing = SigningKey(home, signing or SigningOptions())

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.home / "journal.sqlite"

    def batch_folder(self, batch_id: bytes) -> Path:
        """Everything that is kept of a batch besides its journal entry: people's documents and salts."""
        return self.home / "batches" / batch_id.hex()

    def batch_secret(self) -> bytes:
        """32 bytes; made and stored at the first call, read ever after. Whoever knows them can guess inputs."""
        path = self.home / "batch.secret"
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
            did = profile["dids"][0]
        except (OSError, ValueError, KeyError, IndexError):
            todo = "run `hallmark issuer register` first, or name the folder with --home"
            raise ConfigError(f"{path} names no issuer.", todo=todo) from None
        if found != contract:
            raise ConfigError(
                f"{self.home} belongs to the contract {found}, not {contract}.", todo="check --deployment"
            )
        return IssuerIdentity(contract, issuer_id, did, self.batch_secret(), profile, self.signing)

"""Where the issuer's Ed25519 key is: sealed by a passphrase, with an outside command, or plain (development only)."""

import base64
import binascii
import contextlib
import secrets
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from registry.credential.did_key import did_of, public_key_of
from registry.credential.signer import DocumentSigner, SeedSigner
from registry.errors import HallmarkError, SigningError
from registry.issuing.batch.files import remove_private, write_private
from registry.issuing.home.sealed_key import seal, unseal

if TYPE_CHECKING:
    from pydantic import SecretStr

_COMMAND_SECONDS = 120.0


@dataclass(frozen=True)
class SigningOptions:
    """How the key is reached.

    Attributes:
        passphrase: Tells the passphrase (True: of a key that is made now); None: there is nobody to ask.
        command: A program that is given a message on stdin and answers its signature; None: the key lies in the home.
        did: The did:key of that program's key, where the profile does not say it yet.
        plain: Whether a new key may be written unencrypted (development chains).
    """

    passphrase: "Callable[[bool], SecretStr] | None" = None
    command: str | None = None
    did: str | None = None
    plain: bool = True


class SigningKey:
    """The signing key of a home folder."""

    def __init__(self, home: Path, options: SigningOptions) -> None:
        self._plain, self._sealed, self._options = home / "signing.key", home / "signing.json", options
        self._opened: DocumentSigner | None = None
        self._did = ""

    def signer(self, did: str | None = None) -> DocumentSigner:
        """The key, opened once.

        Args:
            did: The did:key that it must have, where it is known.

        Raises:
            SigningError: It is missing, damaged, not opened by the passphrase, or another key.
        """
        if self._opened is None:
            self._opened = self._open(did)
            self._did = did_of(self._opened.public_key)
        if did not in (None, self._did):
            what = f"The signing key is that of {self._did}, the issuer's profile names {did}."
            raise SigningError(what, todo="restore the key, or publish the new one with `hallmark issuer profile`")
        return self._opened

    def make(self) -> DocumentSigner:
        """The key; made and stored at the first call."""
        if not (self._options.command or self._sealed.exists() or self._plain.exists()):
            self._write(SeedSigner(secrets.token_bytes(32)))
        return self.signer()

    @property
    def is_plain(self) -> bool:
        """Whether it lies in the home unencrypted."""
        return self._options.command is None and self._plain.exists()

    def protect(self) -> str:
        """Seal a plain key and remove it; its DID. A crash leaves both files, or the sealed one alone."""
        if not self._plain.exists():
            raise SigningError(f"There is no {self._plain}.", todo="nothing has to be done if it is sealed already")
        if not self._sealed.exists():
            write_private(self._sealed, seal(_plain_key(self._plain), self._ask(new=True)))
        signer = self._unseal()
        if signer.public_key != _plain_key(self._plain).public_key:
            raise SigningError(f"{self._sealed} holds another key than {self._plain}.", todo="keep the right one only")
        remove_private(self._plain)
        return did_of(signer.public_key)

    def _write(self, signer: SeedSigner) -> None:
        if self._options.passphrase is not None:
            write_private(self._sealed, seal(signer, self._ask(new=True)))
        elif self._options.plain:
            write_private(self._plain, signer.reveal().hex().encode() + b"\n")
        else:
            todo = "give --signing-passphrase-file FILE, run it at a terminal, or name a --signing-command"
            raise SigningError("The signing key is not written unencrypted on this chain.", todo=todo)

    def _open(self, did: str | None) -> DocumentSigner:
        if self._options.command:
            return CommandSigner(self._options.command, self._options.did or did or "")
        if self._sealed.exists():
            return self._unseal()
        return _plain_key(self._plain)

    def _unseal(self) -> SeedSigner:
        try:
            return unseal(self._sealed.read_bytes(), self._ask(new=False))
        except SigningError as error:
            raise SigningError(f"{self._sealed}: {error.what}", todo=error.todo) from None

    def _ask(self, *, new: bool) -> "SecretStr":
        if self._options.passphrase is None:
            todo = "give --signing-passphrase-file FILE, or run it at a terminal"
            raise SigningError("The passphrase of the signing key was not given.", todo=todo)
        return self._options.passphrase(new)


def _plain_key(path: Path) -> SeedSigner:
    with contextlib.suppress(OSError, ValueError):
        return SeedSigner(bytes.fromhex(path.read_text("ascii").strip()))
    raise SigningError(f"{path} does not hold 32 bytes in hex.", todo="restore it from your backup")


class CommandSigner:
    """A program that holds the key: it reads the message from stdin and writes 64 bytes, or their hex or base64."""

    def __init__(self, command: str, did: str) -> None:
        self._command = command
        try:
            self.public_key = public_key_of(did)
        except HallmarkError:
            todo = "name it with --signing-did did:key:…"
            raise SigningError("The public key of the signing command is not known.", todo=todo) from None

    def sign(self, message: bytes) -> bytes:
        """The signature, checked against the public key before anything is done with it."""
        name = shlex.split(self._command)[0]
        try:
            done = subprocess.run(
                shlex.split(self._command), input=message, stdout=subprocess.PIPE, timeout=_COMMAND_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            why = "it did not answer in time" if isinstance(error, subprocess.TimeoutExpired) else error.strerror
            raise SigningError(f"The signing command {name} cannot be used: {why}.", todo="check it") from None
        if done.returncode:
            raise SigningError(f"The signing command {name} ended with code {done.returncode}.", todo="run it by hand")
        signature = _signature_of(done.stdout)
        try:
            VerifyKey(self.public_key).verify(message, signature)
        except (BadSignatureError, ValueError):
            what = f"The signing command {name} answered no signature of {did_of(self.public_key)}."
            raise SigningError(what, todo="check which key it uses; nothing was signed") from None
        return signature


def _signature_of(answer: bytes) -> bytes:
    text = answer.strip()
    if len(answer) == 64:
        return answer
    try:
        return bytes.fromhex(text.decode("ascii")) if len(text) == 128 else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""

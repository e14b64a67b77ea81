"""A learner's zip, as `hallmark issue --layout zip` writes it: one credential, and the issuer's profile beside it."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from registry.containers import MAX_BYTES
from registry.errors import ContainerError

SIGNATURE = b"PK\x03\x04"
_PROFILE = "/profile.json"


def extract(data: bytes) -> bytes:
    """The credential's bytes: the one JSON file in the zip that is in no folder.

    Raises:
        ContainerError: It is damaged, holds no credential or several, or one of more than 16 MiB.
    """
    with _opened(data) as archive:
        names = [name for name in archive.namelist() if name.endswith(".json") and "/" not in name]
        if len(names) != 1:
            raise ContainerError(f"The zip holds {len(names)} credentials, not one.", todo="unpack it")
        return _read(archive, names[0])


def profile(data: bytes) -> bytes:
    """The bytes of the profile, in the folder of its batch; ContainerError where there is none."""
    with _opened(data) as archive:
        names = [name for name in archive.namelist() if name.endswith(_PROFILE)]
        if len(names) != 1:
            raise ContainerError(f"The zip holds {len(names)} profiles, not one.")
        return _read(archive, names[0])


@contextmanager
def _opened(data: bytes) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        # RuntimeError: its entries want a password.
        raise ContainerError("The zip is damaged, or of a kind that is not read.", todo="unpack it") from None


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    """Never more than is allowed, whatever the zip says of its size."""
    with archive.open(name) as member:
        content = member.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ContainerError(f"{name} in the zip is larger than {MAX_BYTES:,} bytes.")
    return content

"""The documents in the files that a person names: one in each, whatever it came in, or one in each line of NDJSON."""

from collections.abc import Iterator
from pathlib import Path

from registry.errors import Unreadable


def bytes_of(path: Path, key: str | None = None) -> bytes:
    """The credential in a file, whatever it came in.

    Args:
        path: The file.
        key: Opens an encrypted copy: its link, or what stands behind its `#`.

    Raises:
        Unreadable: The file cannot be opened.
        HallmarkError: It is a container that carries no credential.
    """
    from registry.containers import MAX_BYTES
    from registry.containers.carrier import read_container

    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.", todo="check the name") from None
    if key:
        from registry.containers import sealed

        return sealed.unseal(data, sealed.key_of(key))
    return read_container(data)


def is_lines(path: Path) -> bool:
    """Whether a file holds a document in each line: by its name, as `hallmark issue --layout ndjson` writes it."""
    return path.suffix.lower() == ".ndjson"


def lines_of(path: Path) -> Iterator[tuple[str, bytes]]:
    """Each document of an NDJSON file with what it is called, `FILE:LINE`; one in memory at a time.

    Raises:
        Unreadable: The file cannot be opened, or holds no document.
    """
    found = False
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    found = True
                    yield f"{path}:{number}", line.strip()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.", todo="check the name") from None
    if not found:
        raise Unreadable(f"{path} holds no document.", todo="check the name")


def documents_of(paths: list[Path]) -> Iterator[tuple[str, bytes]]:
    """Every document of these files, with what it is called. Raises as `bytes_of`."""
    for path in paths:
        if is_lines(path):
            yield from lines_of(path)
        else:
            yield str(path), bytes_of(path)

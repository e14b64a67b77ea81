"""Baked PNG badges: one iTXt chunk `openbadgecredential` (Open Badges 3.0, section 5.3.1; PNG, 5 and 11.3.3)."""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from registry.errors import ContainerError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"openbadgecredential"
MAX_TEXT = 1024 * 1024
_OLD_KEYWORD = b"openbadges"
_MAX_CHUNKS = 20_000


class Chunk(NamedTuple):
    """A chunk: its type (4 letters), its data, and the whole of it as it stands in the file."""

    kind: bytes
    data: bytes
    raw: bytes


def extract(image: bytes) -> bytes:
    """The credential's bytes in a baked PNG.

    Raises:
        ContainerError: A damaged file, no credential in it, more than one, or one of Open Badges 2.0.
    """
    chunks = list(_chunks(image))
    found = [chunk for chunk in chunks if _keyword(chunk) == KEYWORD]
    if not found and any(_keyword(chunk) == _OLD_KEYWORD for chunk in chunks):
        raise ContainerError("The PNG carries an Open Badges 2.0 assertion, which this program does not verify.")
    if len(found) != 1:
        raise ContainerError(f"The PNG carries {len(found)} credentials; a baked badge carries one.")
    return _text(found[0].data)


def bake(image: bytes, credential: bytes) -> bytes:
    """The image with the credential in it, uncompressed, right behind its header; one that was there is replaced.

    Raises:
        ContainerError: Not a PNG, or a damaged one.
    """
    kept = [chunk for chunk in _chunks(image) if _keyword(chunk) != KEYWORD]
    # Keyword, no compression, no language, no translated keyword: two flags and two empty texts.
    baked = _chunk(b"iTXt", KEYWORD + b"\0" + b"\0\0" + b"\0" + b"\0" + credential)
    return SIGNATURE + kept[0].raw + baked + b"".join(chunk.raw for chunk in kept[1:])


def _chunks(image: bytes) -> Iterator[Chunk]:
    """All chunks to IEND, each with its checksum compared; what stands behind IEND is no part of the picture."""
    if not image.startswith(SIGNATURE):
        raise ContainerError("The file is no PNG.")
    at = len(SIGNATURE)
    for number in range(_MAX_CHUNKS):
        chunk, at = _read_chunk(image, at)
        if (number == 0) != (chunk.kind == b"IHDR"):
            raise ContainerError("The PNG is damaged: its header is not where it must be.")
        yield chunk
        if chunk.kind == b"IEND":
            return
    raise ContainerError(f"The PNG has more than {_MAX_CHUNKS:,} chunks.")


def _read_chunk(image: bytes, at: int) -> tuple[Chunk, int]:
    if len(image) < at + 12:
        raise ContainerError("The PNG is cut off.")
    length, kind = struct.unpack_from(">I4s", image, at)
    end = at + 12 + length
    if len(image) < end:
        raise ContainerError("The PNG is cut off.")
    data = image[at + 8 : end - 4]
    if zlib.crc32(kind + data) != int.from_bytes(image[end - 4 : end], "big"):
        raise ContainerError(f"The PNG is damaged: the checksum of a {kind.decode('latin-1')} chunk is wrong.")
    return Chunk(kind, data, image[at:end]), end


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _keyword(chunk: Chunk) -> bytes:
    return chunk.data.partition(b"\0")[0] if chunk.kind in (b"iTXt", b"tEXt", b"zTXt") else b""


def _text(data: bytes) -> bytes:
    """The text of an iTXt chunk: keyword, compression flag and method, language, translated keyword, text."""
    rest = data[len(KEYWORD) + 1 :]
    parts = rest[2:].split(b"\0", 2)
    if len(parts) != 3 or rest[0] not in (0, 1) or rest[1] != 0:
        raise ContainerError("The credential's chunk in the PNG is malformed.")
    text = _inflate(parts[2]) if rest[0] else parts[2]
    if len(text) > MAX_TEXT:
        raise ContainerError(f"The credential in the PNG is longer than {MAX_TEXT:,} bytes.")
    return text


def _inflate(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(data, MAX_TEXT + 1)
    except zlib.error:
        raise ContainerError("The credential in the PNG cannot be inflated.") from None
    if len(text) <= MAX_TEXT and not stream.eof:
        raise ContainerError("The credential in the PNG is cut off.")
    return text

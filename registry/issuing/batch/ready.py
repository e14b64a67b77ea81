"""Ready documents: from a folder of .json files or the lines of an NDJSON file, one pass, one document in memory."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.credential.conformance.rules import conformance_problems, data_model, issuer_of
from registry.credential.reader import read_document
from registry.errors import InputError

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Draft:
    """A document to be anchored.

    Attributes:
        name: Names its file (without `.json`).
        document: The credential.
        ours: Whether we sign it and give it a pointer; documents that came signed are anchored as they are.
    """

    name: str
    document: dict[str, Any]
    ours: bool


def ready_documents(source: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each document; files of a folder in the order of their names.

    Raises:
        InputError: It cannot be read.
    """
    try:
        if source.is_dir():
            for path in sorted(source.glob("*.json")):
                yield path.stem, path.read_bytes()
            return
        with source.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield f"{source.stem}-{number:06}", line.strip(b"\r\n")
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror}.") from None


def ready_faults(document: dict[str, Any], did: str | None, *, foreign: bool) -> Iterator[tuple[str, str, str]]:
    """What keeps a document that came ready from being anchored: JSONPath, what is wrong, what to do.

    Args:
        document: It.
        did: The issuer's DID; None where it is not known, and nobody is asked whose the document is.
        foreign: Whether documents of other issuers are taken.
    """
    for problem in conformance_problems(document) if data_model(document) != "vc1" else ():
        yield problem.path, problem.message, ""
    if did is not None and issuer_of(document) != did and not foreign:
        todo = "pass --allow-foreign-issuer to anchor other issuers' documents as they are"
        yield "$.issuer", f"its issuer is {issuer_of(document)}, not you ({did})", todo
    if is_ours(document, did) and "credentialStatus" in document:
        yield "$.credentialStatus", "it names a status already; Hallmark sets it", "remove credentialStatus"


def is_ours(document: dict[str, Any], did: str | None) -> bool:
    """Whether we sign it and give it a pointer."""
    return "proof" not in document and did is not None and issuer_of(document) == did


def id_digest(document: dict[str, Any], name: str) -> bytes:
    """What tells a document's id from others, 12 bytes of its SHA-256; one without an id is told by its name."""
    return hashlib.sha256(str(document.get("id", f"no id, {name}")).encode()).digest()[:12]


def ready_draft(name: str, data: bytes, did: str, *, foreign: bool) -> Draft:
    """A document that came ready, held against the rules.

    Args:
        name: Names its file.
        data: Its bytes.
        did: The issuer's DID.
        foreign: Whether documents of other issuers are taken.

    Raises:
        ParsingError, InputError: It cannot be read, breaks a rule, or is another issuer's.
    """
    document = read_document(data)
    faults = list(ready_faults(document, did, foreign=foreign))
    if faults:
        shown = "; ".join(what if what.startswith("it") else f"{path} {what}" for path, what, _ in faults)
        raise InputError(f"{shown}.", todo=next((todo for _, _, todo in faults if todo), ""))
    return Draft(name, document, is_ours(document, did))


def input_digest(source: Path) -> bytes:
    """SHA-256 of a file's bytes; of a folder, over the names and hashes of its documents in order."""
    digest = hashlib.sha256()
    if source.is_dir():
        for name, data in ready_documents(source):
            digest.update(f"{name}\0{hashlib.sha256(data).hexdigest()}\n".encode())
        return digest.digest()
    try:
        with source.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror}.") from None
    return digest.digest()

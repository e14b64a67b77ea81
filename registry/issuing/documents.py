"""Documents before they have a place: made from rows and an achievement, or read from a folder or NDJSON file."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from registry.credential.reader import read_document
from registry.credential.rules import VC2, conformance_problems, data_model, issuer_of
from registry.errors import HallmarkError, InputError
from registry.issuing.achievement import AchievementFile, read_achievement
from registry.issuing.complaints import Complaints
from registry.issuing.rows import ResultRow, open_rows
from registry.issuing.tables import is_table
from registry.issuing.workspace import IssuerIdentity

__all__ = ["Draft", "Run", "drafts_of", "input_digest", "read_achievement"]

OB3 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"


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


@dataclass(frozen=True, slots=True)
class Run:
    """One staging: its batch id (16 bytes), and its dateTimeStamp, the award date of rows without one."""

    batch_id: bytes
    created: str


def drafts_of(
    source: Path, achievement: AchievementFile | None, identity: IssuerIdentity, run: Run, *, foreign: bool
) -> list[Draft]:
    """All documents of an input, in the order that fixes their index.

    Args:
        source: A table (.csv, .xlsx), an .ndjson file, or a folder of .json files.
        achievement: What a table's rows are about and how it is read; not used for ready documents.
        identity: Who issues.
        run: The batch id and the moment of staging.
        foreign: Whether documents of other issuers may be anchored.

    Raises:
        InputError: Every problem, each with file and row.
    """
    if is_table(source):
        if achievement is None:
            raise InputError(f"{source} needs an achievement.", todo="name one with --achievement FILE.json")
        return _row_drafts(source, achievement, identity, run)
    drafts: list[Draft] = []
    problems: list[str] = []
    seen: dict[str, str] = {}
    for name, data in _ready(source):
        try:
            draft = _ready_draft(name, data, identity, foreign=foreign)
            drafts.append(draft)
            # What other issuers do with their ids is theirs to answer for.
            before = seen.setdefault(str(draft.document.get("id", f"no id, {name}")), name) if draft.ours else name
            if before != name:
                problems.append(f"{name}: its id is that of {before}.")
        except HallmarkError as error:
            problems.append(f"{name}: {error}")
    if not drafts and not problems:
        problems = ["there are no documents."]
    _refuse(source, problems)
    return drafts


def _row_drafts(source: Path, achievement: AchievementFile, identity: IssuerIdentity, run: Run) -> list[Draft]:
    """One badge a row, each held against the rules that a verifier will hold it against."""
    drafts, complaints = [], Complaints(str(source))
    with open_rows(source, achievement.table, run.created, complaints) as rows:
        for number, row in rows:
            document = _document(row, achievement.achievement, identity, run)
            for problem in conformance_problems(document):
                complaints.error(problem.message, row=number, column=problem.path)
            drafts.append(Draft(row.id, document, True))
    complaints.refuse()
    return drafts


def _refuse(source: Path, problems: Sequence[str]) -> None:
    if problems:
        shown = "\n  ".join(problems)
        raise InputError(f"{source}:\n  {shown}\n", todo="correct these; nothing was issued")


def _document(row: ResultRow, achievement: Mapping[str, Any], identity: IssuerIdentity, run: Run) -> dict[str, Any]:
    """An Open Badges 3.0 credential for one row; its id and e-mail salt come from the issuer's secret and the batch."""
    awarded = row.awarded or run.created
    document: dict[str, Any] = {
        "@context": [VC2, OB3],
        "id": UUID(bytes=_derived(identity, run, "credential", row.id)[:16], version=4).urn,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": str(achievement["name"]),
        "issuer": _issuer(identity),
        "validFrom": awarded,
        "awardedDate": awarded,
        "credentialSubject": _subject(row, achievement, identity, run),
    }
    if row.expires:
        document["validUntil"] = row.expires
    if row.evidence:
        document["evidence"] = [{"id": row.evidence, "type": ["Evidence"]}]
    return document


def _issuer(identity: IssuerIdentity) -> dict[str, Any]:
    issuer = {"id": identity.did, "type": ["Profile"], "name": identity.profile["name"]}
    return issuer | ({"url": identity.profile["url"]} if identity.profile.get("url") else {})


def _subject(row: ResultRow, achievement: Mapping[str, Any], identity: IssuerIdentity, run: Run) -> dict[str, Any]:
    names = [{"type": "IdentityObject", "hashed": False, "identityHash": row.name, "identityType": "name"}]
    if row.email:
        salt = _derived(identity, run, "email", row.id)[:16].hex()
        digest = "sha256$" + hashlib.sha256((row.email + salt).encode()).hexdigest()
        kind = "emailAddress"
        names.append(
            {"type": "IdentityObject", "hashed": True, "identityHash": digest, "identityType": kind, "salt": salt}
        )
    subject: dict[str, Any] = {"type": ["AchievementSubject"], "identifier": names, "achievement": dict(achievement)}
    if row.did:
        subject["id"] = row.did
    if row.result:
        subject["result"] = [{"type": ["Result"], "value": row.result}]
    return subject


def _derived(identity: IssuerIdentity, run: Run, purpose: str, name: str) -> bytes:
    text = f"{purpose}\0{run.batch_id.hex()}\0{name}"
    return hmac.digest(identity.batch_secret, text.encode(), "sha256")


def _ready(source: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each document; files of a folder in the order of their names."""
    try:
        if source.is_dir():
            for path in sorted(source.glob("*.json")):
                yield path.stem, path.read_bytes()
        else:
            width = 6
            for number, line in enumerate(source.read_bytes().splitlines(), start=1):
                if line.strip():
                    yield f"{source.stem}-{number:0{width}}", line
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror}.") from None


def _ready_draft(name: str, data: bytes, identity: IssuerIdentity, *, foreign: bool) -> Draft:
    document = read_document(data)
    problems = conformance_problems(document) if data_model(document) != "vc1" else ()
    if problems:
        raise InputError("; ".join(map(str, problems)) + ".")
    if issuer_of(document) != identity.did and not foreign:
        raise InputError(
            f"its issuer is {issuer_of(document)}, not you ({identity.did}).",
            todo="pass --allow-foreign-issuer to anchor other issuers' documents as they are",
        )
    ours = "proof" not in document and issuer_of(document) == identity.did
    if ours and "credentialStatus" in document:
        raise InputError("it names a status already; Hallmark sets it.", todo="remove credentialStatus")
    return Draft(name, document, ours)


def input_digest(source: Path) -> bytes:
    """SHA-256 of a file's bytes; of a folder, over the names and hashes of its documents in order."""
    if not source.is_dir():
        try:
            return hashlib.sha256(source.read_bytes()).digest()
        except OSError as error:
            raise InputError(f"{source} cannot be read: {error.strerror}.") from None
    listing = [f"{name}\0{hashlib.sha256(data).hexdigest()}\n" for name, data in _ready(source)]
    return hashlib.sha256("".join(listing).encode()).digest()

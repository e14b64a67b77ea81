"""The other sides of bench-issue: a straightforward Python pipeline, and the limit."""

import csv
import hashlib
import json
import os
import secrets
import uuid
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import base58
import issue_input
import orjson
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from issue_ours import ACCOUNT, BATCH, CREATED, SEED, identity
from nacl.signing import SigningKey
from pyld import jsonld

from registry.credential.anchor_proof import AnchorClaim, encode_proof_value, leaf_entry, proof_config
from registry.credential.place import Place
from registry.credential.rdf.contexts import pinned_contexts
from registry.credential.status.status_entry import with_pointer

VC2, OB3 = "https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"


def naive(table: Path, out: Path, suite: str) -> int:
    """What one writes on an afternoon: row, document, canonical form, signature, leaf; then tree, proofs and a file."""
    key, config_hash = Ed25519PrivateKey.from_private_bytes(SEED), _hash(_anchor_config())
    documents, leaves, salts = [], [], []
    with table.open(newline="", encoding="utf-8") as file:
        for index, row in enumerate(csv.DictReader(file)):
            credential = with_pointer(document(row), Place(BATCH, index), "https://registry.northwind.example")
            entry_hash, salt = _hash(credential), secrets.token_bytes(32)
            entry = leaf_entry(Place(BATCH, index), salt, config_hash, entry_hash)
            credential["proof"] = [_sign(credential, key, suite)]
            documents.append(credential)
            leaves.append(hashlib.sha256(b"\x00" + entry).digest())
            salts.append(salt)
    levels = _levels(leaves)
    with out.open("w", encoding="utf-8") as file:
        for index, (credential, salt) in enumerate(zip(documents, salts, strict=True)):
            claim = AnchorClaim(Place(BATCH, index), ACCOUNT, len(leaves), salt, tuple(_path(levels, index)))
            credential["proof"].append({**_anchor_config(), "proofValue": encode_proof_value(claim)})
            file.write(json.dumps(credential, ensure_ascii=False) + "\n")
    return len(leaves)


def document(row: dict[str, str]) -> dict[str, Any]:
    salt = secrets.token_hex(16)
    hashed = "sha256$" + hashlib.sha256((row["email"] + salt).encode()).hexdigest()
    stamp = f"{row['awarded']}T00:00:00Z"
    name = {"type": "IdentityObject", "hashed": False, "identityHash": row["name"], "identityType": "name"}
    mail = {"type": "IdentityObject", "hashed": True, "identityHash": hashed, "identityType": "emailAddress"}
    return {
        "@context": [VC2, OB3],
        "id": uuid.uuid4().urn,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": issue_input.ACHIEVEMENT["name"],
        "issuer": {"id": identity().did, "type": ["Profile"], "name": "Northwind Institute"},
        "validFrom": stamp,
        "awardedDate": stamp,
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [name, {**mail, "salt": salt}],
            "achievement": issue_input.ACHIEVEMENT,
            "result": [{"type": ["Result"], "value": row["result"]}],
        },
    }


def _anchor_config() -> dict[str, Any]:
    return proof_config(BATCH.contract, ACCOUNT, CREATED)


def _hash(value: Any) -> bytes:
    return hashlib.sha256(rfc8785.dumps(value)).digest()


def _sign(document: dict[str, Any], key: Ed25519PrivateKey, suite: str) -> dict[str, Any]:
    did = identity().did
    config = {
        "type": "DataIntegrityProof",
        "cryptosuite": f"eddsa-{'jcs' if suite == 'jcs' else 'rdfc'}-2022",
        "created": CREATED,
        "verificationMethod": f"{did}#{did.removeprefix('did:key:')}",
        "proofPurpose": "assertionMethod",
    }
    if suite == "jcs":
        config["@context"] = document["@context"]
        message = _hash(config) + _hash(document)
    else:
        message = _quads({**config, "@context": document["@context"]}) + _quads(document)
    return {**config, "proofValue": "z" + base58.b58encode(key.sign(message)).decode()}


def _quads(document: dict[str, Any]) -> bytes:
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": _load}
    return hashlib.sha256(jsonld.normalize(document, options).encode()).digest()


def _load(url: str, _options: Any) -> dict[str, Any]:
    """Contexts from memory: PyLD keeps what it made of them."""
    document = pinned_contexts().documents[url]
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": document}


def _levels(leaves: list[bytes]) -> list[list[bytes]]:
    levels = [leaves]
    while len(levels[-1]) > 1:
        level = levels[-1]
        pairs = [hashlib.sha256(b"\x01" + level[n] + level[n + 1]).digest() for n in range(0, len(level) - 1, 2)]
        levels.append(pairs + level[-1:] if len(level) % 2 else pairs)
    return levels


def _path(levels: list[list[bytes]], index: int) -> list[bytes]:
    path = []
    for level in levels[:-1]:
        if (index ^ 1) < len(level):
            path.append(level[index ^ 1])
        index >>= 1
    return path


_documents: list[Any] = []


class Limit:
    """orjson dump, hashlib, PyNaCl sign and write, by as many processes, of finished credentials that lie in memory."""

    def __init__(self, finished: Path, folder: Path, count: int, processes: int) -> None:
        self.folder, self.count, self.processes = folder, count, processes
        context = get_context("forkserver")
        self.pool = ProcessPoolExecutor(processes, context, _prepare, (finished,))

    def run(self) -> int:
        """All documents; each process writes and syncs one file."""
        shares = [self.count // self.processes] * self.processes
        places = [self.folder / f"limit-{number}" for number in range(self.processes)]
        return sum(self.pool.map(_limit, places, shares))


def _prepare(finished: Path) -> None:
    with finished.open("rb") as lines:
        _documents.extend(orjson.loads(line) for line, _ in zip(lines, range(2_000), strict=False))


def _limit(path: Path, count: int) -> int:
    key, documents = SigningKey(SEED), _documents
    with path.open("wb") as file:
        for number in range(count):
            data = orjson.dumps(documents[number % len(documents)], option=orjson.OPT_SORT_KEYS)
            key.sign(hashlib.sha256(data).digest())
            file.write(data)
            file.write(b"\n")
        file.flush()
        os.fsync(file.fileno())
    return count

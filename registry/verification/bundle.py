"""A bundle: one file with a credential and everything that proves it against a block hash that the verifier trusts.

Nothing in it is believed: the header must hash to a trusted hash, the accounts must lie in the header's state, every
slot in their storage (Merkle Patricia proofs, EIP-1186). Where each proof is looked for follows from the credential, so
a bundle cannot answer another question than the one that is asked. SPEC.md, section 8, says the bytes.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from registry.credential.place import ContractId
from registry.credential.reader import read_document
from registry.errors import HallmarkError, MalformedError
from registry.values import value
from registry.verification.hexes import of_hex, to_hex
from registry.verification.snapshot import SignedSnapshot, snapshot_from_json, snapshot_to_json

TYPE, VERSION = "HallmarkBundle", 1
MAX_BYTES = 8 * 1024 * 1024
_MOST = 64
SLOTS = ("word", "key", "record", "reaffirmation", "revoked", "suspended", "currentProfile")
_MEMBERS = {"type", "version", "contract", "credential", "header", "account", "slots", "profiles", "dids"}
_OPTIONAL = {"reaffirmer", "accreditation", "snapshots"}

Nodes = tuple[bytes, ...]
Json = Mapping[str, Any]


@value
class ProvenProfile:
    """A profile document and the proof of its period's slot."""

    document: Json
    nodes: Nodes


@value
class ProvenStatement:
    """Who accredited whom for what (scope 32 bytes), and the proof of its slot."""

    issuer_id: int
    subject: int
    scope: bytes
    nodes: Nodes


@value
class ProvenAccreditation:
    """The accreditation contract's account (address 20 bytes), its slot 0, and statements."""

    address: bytes
    account: Nodes
    registry: Nodes
    statements: tuple[ProvenStatement, ...]


@value
class Bundle:
    """A readable bundle.

    Attributes:
        contract: The registry contract.
        credential: The credential's bytes, JSON or compact JWS.
        header: The block header, RLP.
        account: Proof of the contract's account.
        slots: Proof by name (SLOTS) of the slots that the credential's place leads to.
        reaffirmer: Proof of the reaffirming account's key slot, where there is a reaffirmation.
        profiles: The issuer's profiles.
        accreditation: What accredits the issuer, where roots were named when the bundle was made.
        dids: Documents of identifiers on the web as they stood then; the chain does not prove them.
        snapshots: Who says that they did.
    """

    contract: ContractId
    credential: bytes
    header: bytes
    account: Nodes
    slots: Mapping[str, Nodes]
    reaffirmer: Nodes | None
    profiles: tuple[ProvenProfile, ...]
    accreditation: ProvenAccreditation | None
    dids: tuple[Json, ...]
    snapshots: tuple[SignedSnapshot, ...] = ()


def bundle_to_bytes(bundle: Bundle) -> bytes:
    """The file's bytes: JSON, trie nodes and the header as 0x hex."""
    body: dict[str, Any] = {
        "type": TYPE,
        "version": VERSION,
        "contract": str(bundle.contract),
        "credential": bundle.credential.decode("utf-8"),
        "header": to_hex(bundle.header),
        "account": _texts(bundle.account),
        "slots": {name: _texts(bundle.slots[name]) for name in SLOTS},
        "profiles": [{"document": one.document, "proof": _texts(one.nodes)} for one in bundle.profiles],
        "dids": list(bundle.dids),
    }
    if bundle.reaffirmer is not None:
        body["reaffirmer"] = _texts(bundle.reaffirmer)
    if bundle.snapshots:
        body["snapshots"] = [snapshot_to_json(one) for one in bundle.snapshots]
    if bundle.accreditation is not None:
        body["accreditation"] = _accreditation_to_json(bundle.accreditation)
    return json.dumps(body, ensure_ascii=False, indent=1).encode() + b"\n"


def _accreditation_to_json(proven: ProvenAccreditation) -> dict[str, Any]:
    return {
        "contract": to_hex(proven.address),
        "account": _texts(proven.account),
        "registry": _texts(proven.registry),
        "statements": [
            {
                "issuer": str(one.issuer_id),
                "subject": str(one.subject),
                "scope": to_hex(one.scope),
                "proof": _texts(one.nodes),
            }
            for one in proven.statements
        ],
    }


def read_bundle(data: bytes) -> Bundle:
    """Read a bundle, strictly; whether it proves anything is found out later.

    Raises:
        MalformedError: It is none, or of another version, or holds more or less than a bundle does.
    """
    try:
        body = read_document(data, max_bytes=MAX_BYTES)
        _check_members(body)
        return Bundle(
            ContractId.parse(body["contract"]),
            body["credential"].encode("utf-8"),
            of_hex(body["header"]),
            _nodes(body["account"]),
            {name: _nodes(body["slots"][name]) for name in SLOTS},
            _nodes(body["reaffirmer"]) if "reaffirmer" in body else None,
            _some(body["profiles"], _profile),
            _accreditation(body["accreditation"]) if "accreditation" in body else None,
            _some(body["dids"], _object),
            _some(body["snapshots"], snapshot_from_json) if "snapshots" in body else (),
        )
    except (HallmarkError, KeyError, TypeError, ValueError, AttributeError):
        todo = "make it again with `hallmark bundle`, or ask whoever made it"
        raise MalformedError("This is no bundle of version 1, or it was changed.", todo=todo) from None


def _check_members(body: Json) -> None:
    """Raise unless it says that it is a bundle, and holds what a bundle holds and nothing besides."""
    names = set(body)
    whole = _MEMBERS <= names <= _MEMBERS | _OPTIONAL and set(body["slots"]) == set(SLOTS)
    if (body["type"], body["version"]) != (TYPE, VERSION) or body["version"] is True or not whole:
        raise ValueError


def _profile(body: Any) -> ProvenProfile:
    _exactly(body, {"document", "proof"})
    return ProvenProfile(_object(body["document"]), _nodes(body["proof"]))


def _accreditation(body: Any) -> ProvenAccreditation:
    _exactly(body, {"contract", "account", "registry", "statements"})
    account, registry = _nodes(body["account"]), _nodes(body["registry"])
    return ProvenAccreditation(of_hex(body["contract"], 20), account, registry, _some(body["statements"], _statement))


def _statement(body: Any) -> ProvenStatement:
    _exactly(body, {"issuer", "subject", "scope", "proof"})
    issuer_id, subject = (_decimal(body[name]) for name in ("issuer", "subject"))
    return ProvenStatement(issuer_id, subject, of_hex(body["scope"], 32), _nodes(body["proof"]))


def _exactly(body: Any, names: set[str]) -> None:
    if set(_object(body)) != names:
        raise ValueError


def _object(body: Any) -> Json:
    if not isinstance(body, Mapping):
        raise TypeError
    return body


def _some(values: Any, read: Callable[[Any], Any]) -> tuple[Any, ...]:
    if not isinstance(values, list) or len(values) > _MOST:
        raise ValueError
    return tuple(map(read, values))


def _nodes(texts: Any) -> Nodes:
    return _some(texts, of_hex)


def _decimal(text: Any) -> int:
    if not isinstance(text, str) or not (text.isascii() and text.isdigit()) or len(text) > 20 or str(int(text)) != text:
        raise ValueError
    return int(text)


def _texts(nodes: Sequence[bytes]) -> list[str]:
    return [to_hex(node) for node in nodes]

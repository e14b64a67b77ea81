"""DID snapshots: their bytes are made here by hand, and nothing that was changed is believed."""

import hashlib
import struct

import pytest
from nacl.signing import SigningKey, VerifyKey
from world import point

from registry.credential.canonical import canonical_hash
from registry.credential.signer import SeedSigner
from registry.errors import HallmarkError, LedgerError, MalformedError, ProofError
from registry.verification.attested import AttestedDocument, attested_documents
from registry.verification.snapshot import (
    attest,
    check_signature,
    check_snapshots,
    snapshot_from_json,
    snapshot_to_json,
)

SEED, OTHER = b"\x42" * 32, b"\x43" * 32
DID = "did:web:university.example"
DOCUMENT = {"id": DID, "assertionMethod": [f"{DID}#key-1"]}
SEEN = point(100, 1_800_000_000)
SIGNED = attest(DID, DOCUMENT, 31337, SEEN, SeedSigner(SEED))


def test_signature_is_over_the_bytes_that_the_specification_says():
    body = snapshot_to_json(SIGNED)
    block = body["block"]
    statement = (
        b"hallmark-did-snapshot-01"
        + struct.pack(">QQ", int(body["chain"].split(":")[1]), block["number"])
        + bytes.fromhex(block["hash"][2:])
        + struct.pack(">Q", block["time"])
        + hashlib.sha256(body["did"].encode()).digest()
        + canonical_hash(DOCUMENT)
    )
    assert len(statement) == 144
    VerifyKey(bytes(SigningKey(SEED).verify_key)).verify(statement, bytes.fromhex(body["signature"][2:]))
    assert snapshot_from_json(body) == SIGNED
    check_signature(SIGNED)


CHANGES = {
    "type": "HallmarkCheckpoint",
    "version": True,
    "did": "did:web:university.exampl3",
    "digest": "0x" + "00" * 32,
    "chain": "eip155:1",
    "block": {**snapshot_to_json(SIGNED)["block"], "time": 1_800_000_001},
    "signer": snapshot_to_json(attest(DID, DOCUMENT, 31337, SEEN, SeedSigner(OTHER)))["signer"],
    "signature": "0x" + "00" * 64,
}


@pytest.mark.parametrize("name", CHANGES)
def test_nothing_that_was_changed_is_believed(name):
    body = snapshot_to_json(SIGNED)
    assert set(CHANGES) == set(body)
    with pytest.raises((MalformedError, ProofError)):
        check_signature(snapshot_from_json(body | {name: CHANGES[name]}))
    without = {key: value for key, value in body.items() if key != name}
    for spoilt in (without, body | {name: None}, body | {"more": 1}):
        with pytest.raises(MalformedError):
            snapshot_from_json(spoilt)


@pytest.mark.parametrize("text", ["eip155:01", "eip155:-1", "31337", "eip155:", "eip155:99999999999999999999"])
def test_chain_has_one_spelling(text):
    with pytest.raises(MalformedError):
        snapshot_from_json(snapshot_to_json(SIGNED) | {"chain": text})


def test_only_documents_of_their_own_identifier_on_the_web_are_attested():
    for did, document in (("did:key:z6Mk", {"id": "did:key:z6Mk"}), (DID, {"id": "did:web:other.example"}), (DID, {})):
        with pytest.raises(MalformedError):
            attest(did, document, 31337, SEEN, SeedSigner(SEED))


@pytest.mark.parametrize(
    ("chain_id", "proven", "good"),
    [
        (31337, SEEN, True),
        (31337, point(101, 1_800_000_012), True),
        (31337, point(99, 1_799_999_988), True),
        (31337, point(101, 1_800_000_000), True),
        (1, SEEN, False),
        (31337, point(100, 1_800_000_001), False),
        (31337, point(101, 1_799_999_999), False),
        (31337, point(99, 1_800_000_001), False),
    ],
)
def test_snapshot_that_contradicts_a_proven_block_is_refused(chain_id, proven, good):
    if good:
        return check_snapshots([DOCUMENT], [SIGNED], chain_id, proven)
    with pytest.raises(LedgerError):
        check_snapshots([DOCUMENT], [SIGNED], chain_id, proven)
    return None


@pytest.mark.parametrize(
    ("documents", "signed"),
    [
        ([], [SIGNED]),
        ([{**DOCUMENT, "more": 1}], [SIGNED]),
        ([DOCUMENT, {**DOCUMENT, "more": 1}], []),
        ([DOCUMENT], [SIGNED, SIGNED]),
        ([DOCUMENT], [attest(DID, {"id": DID}, 31337, SEEN, SeedSigner(SEED))]),
    ],
)
def test_snapshot_of_another_document_or_twice_is_refused(documents, signed):
    with pytest.raises(HallmarkError):
        check_snapshots(documents, signed, 31337, SEEN)


def test_document_is_believed_from_the_time_of_the_anchor_on_and_by_a_trusted_word_only():
    known = attested_documents([DOCUMENT], [SIGNED], {SIGNED.signer}, SEEN.time)
    assert isinstance(known[DID], AttestedDocument)
    assert known[DID] == DOCUMENT
    for attesters, since in (({SIGNED.signer}, SEEN.time + 1), (set(), 0), ({"did:key:z6MkOther"}, 0)):
        assert isinstance(attested_documents([DOCUMENT], [SIGNED], attesters, since)[DID], str)
    assert "nobody attests it" in attested_documents([DOCUMENT], [], {SIGNED.signer}, 0)[DID]

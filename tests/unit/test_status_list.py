"""Status lists outside the chain: the values that lists hold, and what verification makes of them."""

import gzip
import json
from base64 import urlsafe_b64encode
from hashlib import sha256

import public_vectors
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.credential import signature
from registry.credential.did_key import did_of
from registry.credential.status.list_entry import ListEntry, list_entries
from registry.credential.status.status_list import (
    MAX_INFLATED,
    check_binding,
    decode_bits,
    encode_bits,
    id_matches,
    read_list,
    status_of,
)
from registry.errors import (
    MalformedError,
    StatusListLengthError,
    StatusRangeError,
    StatusRetrievalError,
    StatusVerificationError,
)
from registry.verification.evidence import NoEvidence, Policy
from registry.verification.list_step import ListAnswer, with_lists
from registry.verification.verdict import Check, Verdict
from registry.verification.verify import judge, present

SEED = sha256(b"status list tests: issuer").digest()
STRANGER = sha256(b"status list tests: stranger").digest()
NOW = 1_780_000_000.0
URL = "https://lists.example/status/3"
SAMPLES = "1edtech-ob3/validator-samples/bit-string-list"


def did(seed: bytes) -> str:
    from nacl.signing import SigningKey

    return did_of(bytes(SigningKey(seed).verify_key))


def encoded(bits: bytes) -> str:
    return "u" + urlsafe_b64encode(gzip.compress(bits, mtime=0)).rstrip(b"=").decode()


def bits_with(*positions: int, size: int = 16_384) -> bytes:
    bits = bytearray(size)
    for position in positions:
        bits[position // 8] |= 0x80 >> position % 8
    return bytes(bits)


def list_document(*positions: int, **subject) -> dict:
    content = {"id": f"{URL}#list", "type": "BitstringStatusList", "statusPurpose": "revocation"}
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": URL,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": did(SEED),
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {**content, "encodedList": encoded(bits_with(*positions)), **subject},
    }


def entry(index: int | str = "94567", **members) -> dict:
    return {
        "id": f"{URL}#94567",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": index,
        "statusListCredential": URL,
        **members,
    }


def signed(document: dict, seed: bytes = SEED) -> bytes:
    return json.dumps({**document, "proof": signature.sign(document, seed, "2026-01-02T00:00:00Z")}).encode()


def credential(*entries: dict, seed: bytes = SEED) -> bytes:
    document = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": "urn:uuid:5a0c7b6e-0000-4000-8000-000000000001",
        "type": ["VerifiableCredential"],
        "issuer": did(SEED),
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:holder"},
        "credentialStatus": list(entries),
    }
    return signed(document, seed)


def status_check(document: bytes, lists: dict[str, ListAnswer], **policy):
    presented = present(document)
    assert presented.credential is not None
    report = judge(presented, NoEvidence("No chain.", "NOT_ANCHORED"), Policy((), NOW, **policy), lists)
    return report.check("status"), report.verdict


def answer(data: bytes | None, read_at: float = NOW) -> dict[str, ListAnswer]:
    return {URL: ListAnswer(data, read_at, "" if data else "the host did not answer")}


# --- values ----------------------------------------------------------------------------------------------------------


@public_vectors.needed
def test_every_bit_of_lists_made_by_another_library_is_read_alike():
    for made in public_vectors.load("w3c-bitstring-status-list/generated-lists.json")["lists"]:
        bits = decode_bits(made["encodedList"])
        assert len(bits) * 8 == made["lengthBits"], made["name"]
        found = [place for place in range(len(bits) * 8) if bits[place // 8] >> (7 - place % 8) & 1]
        assert found == made["setBits"], made["name"]


@public_vectors.needed
def test_too_short_list_of_another_library_is_a_length_error():
    lists = public_vectors.load("w3c-bitstring-status-list/generated-lists.json")["lists"]
    short = next(made for made in lists if made["name"] == "too-short-8k-bits")
    found = read_list(list_document(encodedList=short["encodedList"]))
    with pytest.raises(StatusListLengthError):
        status_of(ListEntry("BitstringStatusListEntry", URL, "revocation", 5), found, None)


@public_vectors.needed
@pytest.mark.parametrize("number", [2, 7, 8, 9])
def test_list_examples_of_the_recommendation_are_read_and_all_clear(number):
    name = f"w3c-bitstring-status-list/rec-example-0{number}-BitstringStatusListCredential.json"
    found = read_list(public_vectors.load(name))
    assert found.purposes == ("revocation",)
    (first, _) = list_entries(public_vectors.load("w3c-bitstring-status-list/rec-example-01-EmployeeIdCredential.json"))
    assert id_matches(first, found)
    check_binding(first, found, ("did:example:12345",), NOW)
    assert status_of(first, found, None).value == 0


@public_vectors.needed
@pytest.mark.parametrize("number", [3, 4, 5])
def test_entry_examples_of_the_recommendation_are_read(number):
    document = public_vectors.load(f"w3c-bitstring-status-list/rec-example-0{number}-VerifiableCredential.json")
    assert list_entries(document)[0].index == 94567


@public_vectors.needed
def test_published_revoked_sample_is_revoked_by_its_published_list():
    sample = public_vectors.load(f"{SAMPLES}/credential-status-revoked.json")
    (found_entry,) = list_entries(sample)
    found = read_list(public_vectors.load(f"{SAMPLES}/testlist.json"))
    check_binding(found_entry, found, (sample["issuer"]["id"],), NOW)
    assert status_of(found_entry, found, sample["id"]).value == 1
    others = [status_of(ListEntry(found_entry.type, URL, "revocation", n), found, None).value for n in range(64)]
    assert [n for n, value in enumerate(others) if value] == [23]


@public_vectors.needed
def test_published_1edtech_entry_names_its_list():
    (found,) = list_entries(public_vectors.load("1edtech-ob3/validator-samples/credential-status-revoked.json"))
    assert (found.type, found.known, found.purpose) == ("1EdTechRevocationList", True, "revocation")
    assert found.url.startswith("https://dc.1edtech.org/")


@pytest.mark.parametrize(
    ("size", "index", "value"), [(1, 9, 1), (2, 4, 1), (3, 3, 4), (4, 2, 4), (9, 1, 256), (16, 0, 64)]
)
def test_statuses_of_several_bits_are_cut_out_most_significant_bit_first(size, index, value):
    bits = bits_with(9, size=MAX_INFLATED)  # statusSize times the least number of entries must fit
    messages = tuple((number, f"state {number}") for number in range(2**size))
    found = read_list(list_document(encodedList=encoded(bits)))
    status = status_of(ListEntry("BitstringStatusListEntry", URL, "revocation", index, size, messages), found, None)
    assert (status.value, status.text) == (value, f"state {value}")


def test_index_behind_the_end_is_a_range_error():
    found = read_list(list_document())
    assert status_of(ListEntry("BitstringStatusListEntry", URL, "revocation", 131_071), found, None).value == 0
    with pytest.raises(StatusRangeError):
        status_of(ListEntry("BitstringStatusListEntry", URL, "revocation", 131_072), found, None)


def test_list_shrinks_below_the_limit_with_larger_statuses():
    found = read_list(list_document())
    with pytest.raises(StatusListLengthError):
        status_of(ListEntry("BitstringStatusListEntry", URL, "revocation", 0, 2), found, None)


@given(st.binary(max_size=40_000))
def test_bitstring_round_trips_and_has_the_least_length(bits):
    assert decode_bits(encode_bits(bits)) == bits.ljust(16_384, b"\0")
    assert encode_bits(bits) == encode_bits(bits)


@given(st.sets(st.integers(0, 131_071), max_size=50), st.integers(0, 131_071))
def test_exactly_the_set_bits_are_set(positions, probe):
    found = read_list(list_document(encodedList=encode_bits(bits_with(*positions))))
    for index in (*positions, probe):
        value = status_of(ListEntry("BitstringStatusListEntry", URL, "revocation", index), found, None).value
        assert value == (index in positions)


def test_inflation_stops_at_the_limit():
    bomb = gzip.compress(bytes(64 * 1024 * 1024), mtime=0)
    assert len(bomb) < 100_000
    with pytest.raises(MalformedError, match="inflates"):
        decode_bits("u" + urlsafe_b64encode(bomb).rstrip(b"=").decode())


GZIPPED = gzip.compress(bytes(16_384), mtime=0)


@pytest.mark.parametrize(
    "text",
    {
        "": "empty",
        "u": "prefix alone",
        encoded(bytes(16_384))[1:]: "no prefix",
        "m" + encoded(bytes(16_384))[1:]: "plain base64",
        encoded(bytes(16_384)) + "=": "padding",
        encoded(bytes(16_384)) + " ": "white space",
        "u" + urlsafe_b64encode(GZIPPED[:-4]).rstrip(b"=").decode(): "cut off",
        "u" + urlsafe_b64encode(GZIPPED + b"x").rstrip(b"=").decode(): "bytes behind",
        "u" + urlsafe_b64encode(GZIPPED[:-8] + bytes(8)).rstrip(b"=").decode(): "checksum",
        "u" + urlsafe_b64encode(bytes(100)).rstrip(b"=").decode(): "not gzip",
        "ué": "not ASCII",
    },
)
def test_malformed_bitstring_is_refused(text):
    with pytest.raises(MalformedError):
        decode_bits(text)


@pytest.mark.parametrize(
    "broken",
    [
        entry(index="-1"),
        entry(index="1.0"),
        entry(index=""),
        entry(index="٣"),
        entry(index=True),
        entry(index=-1),
        entry(index=1.5),
        entry(index=None),
        entry(index="9" * 17),
        entry(statusPurpose=""),
        entry(statusListCredential=7),
        entry(statusSize=0),
        entry(statusSize=33),
        entry(statusSize="1"),
        entry(statusSize=2),
        entry(statusSize=2, statusMessage=[{"status": "0x0", "message": "only one"}]),
        entry(statusPurpose="message"),
        entry(statusMessage=[{"status": 1, "message": "number"}]),
        {"type": "1EdTechRevocationList"},
        "https://lists.example/status/3",
    ],
)
def test_malformed_entry_is_refused_and_its_document_is_never_valid(broken):
    with pytest.raises(MalformedError):
        list_entries({"credentialStatus": broken})
    check, verdict = status_check(credential(broken), {})
    assert (check.verdict, check.code) == (Verdict.INVALID, "MALFORMED_VALUE_ERROR")
    assert verdict is Verdict.INVALID


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"type": ["VerifiableCredential"]},
        list_document(type="SomethingElse"),
        list_document(statusPurpose=None),
        list_document(statusPurpose=[]),
        list_document(ttl="5"),
        list_document(encodedList="u"),
        {**list_document(), "issuer": None},
        {**list_document(), "validUntil": "soon"},
        {**list_document(), "credentialSubject": "text"},
        {"revokedCredential": [{"id": "urn:a", "revoked": True}]},
        {"issuer": "https://a.example", "revokedCredential": ["urn:a"]},
        {"issuer": "https://a.example", "revokedCredential": [{"revoked": True}]},
        {"issuer": "https://a.example", "revokedCredential": [{"id": "urn:a", "revoked": "yes"}]},
    ],
)
def test_document_that_is_no_status_list_is_a_verification_error(document):
    with pytest.raises(StatusVerificationError):
        read_list(document)


# --- verdicts --------------------------------------------------------------------------------------------------------


def test_credential_with_a_clear_bit_is_not_revoked():
    check, verdict = status_check(credential(entry()), answer(signed(list_document(94566, 94568))))
    assert check.verdict is Verdict.VALID
    assert verdict is Verdict.VALID


def test_credential_with_a_set_bit_is_never_valid():
    check, verdict = status_check(credential(entry()), answer(signed(list_document(94567))))
    assert (check.verdict, check.code) == (Verdict.INVALID, "REVOKED")
    assert verdict is Verdict.INVALID


@pytest.mark.parametrize("lists", [{}, answer(None)])
def test_unreachable_list_is_unknown_and_neither_valid_nor_invalid(lists):
    check, verdict = status_check(credential(entry()), lists)
    assert (check.verdict, check.code) == (Verdict.UNKNOWN, "STATUS_RETRIEVAL_ERROR")
    assert verdict is Verdict.UNKNOWN


def foreign(name: str) -> bytes:
    """Lists that are set at the credential's index and may not speak about it."""
    revoked = list_document(94567)
    tampered = json.loads(signed(list_document()))
    tampered["credentialSubject"]["encodedList"] = revoked["credentialSubject"]["encodedList"]
    return {
        "another issuer's list": signed({**revoked, "issuer": did(STRANGER)}, STRANGER),
        "signed by a stranger": signed(revoked, STRANGER),
        "unsigned": json.dumps(revoked).encode(),
        "changed after signing": json.dumps(tampered).encode(),
        "another purpose": signed(list_document(94567, statusPurpose="suspension")),
        "expired": signed({**revoked, "validUntil": "2026-02-01T00:00:00Z"}),
        "not yet valid": signed({**revoked, "validFrom": "2036-02-01T00:00:00Z"}),
        "no list": signed({**revoked, "type": ["VerifiableCredential"]}),
        "not JSON": b"<html>404</html>",
    }[name]


@pytest.mark.parametrize(
    "name",
    [
        "another issuer's list",
        "signed by a stranger",
        "unsigned",
        "changed after signing",
        "another purpose",
        "expired",
        "not yet valid",
        "no list",
        "not JSON",
    ],
)
def test_list_that_may_not_speak_about_the_credential_proves_nothing(name):
    check, verdict = status_check(credential(entry()), answer(foreign(name)))
    assert (check.verdict, check.code) == (Verdict.UNKNOWN, "STATUS_VERIFICATION_ERROR"), check.detail
    assert verdict is Verdict.UNKNOWN


def test_list_under_another_name_counts_against_a_credential_but_never_for_it():
    renamed = {**list_document(), "id": "https://lists.example/status/4"}
    check, _ = status_check(credential(entry()), answer(signed(renamed)))
    assert (check.verdict, check.code) == (Verdict.UNKNOWN, "STATUS_VERIFICATION_ERROR")
    renamed = {**list_document(94567), "id": "https://lists.example/status/4"}
    check, _ = status_check(credential(entry()), answer(signed(renamed)))
    assert check.code == "REVOKED"


@pytest.mark.parametrize(
    ("index", "size", "code"), [("131072", 16_384, "RANGE_ERROR"), ("0", 1024, "STATUS_LIST_LENGTH_ERROR")]
)
def test_list_without_the_entry_is_unknown_by_name(index, size, code):
    found = signed(list_document(encodedList=encoded(bytes(size))))
    check, verdict = status_check(credential(entry(index)), answer(found))
    assert (check.verdict, check.code, verdict) == (Verdict.UNKNOWN, code, Verdict.UNKNOWN)


def test_list_older_than_its_ttl_or_than_the_verifier_accepts_no_longer_clears():
    fresh = signed(list_document(ttl=60_000))
    assert status_check(credential(entry()), answer(fresh, NOW - 59))[0].verdict is Verdict.VALID
    check, _ = status_check(credential(entry()), answer(fresh, NOW - 61))
    assert (check.verdict, check.code) == (Verdict.UNKNOWN, "EVIDENCE_STALE")
    check, _ = status_check(credential(entry()), answer(signed(list_document()), NOW - 61), max_age=60)
    assert check.code == "EVIDENCE_STALE"


def test_old_revocation_stands_and_old_suspension_cannot_be_told():
    revoked, suspended = list_document(94567, ttl=1000), list_document(94567, ttl=1000, statusPurpose="suspension")
    assert status_check(credential(entry()), answer(signed(revoked), NOW - 9))[0].code == "REVOKED"
    paused = credential(entry(statusPurpose="suspension"))
    assert status_check(paused, answer(signed(suspended)))[0].code == "SUSPENDED"
    assert status_check(paused, answer(signed(suspended), NOW - 9))[0].code == "EVIDENCE_STALE"


def test_one_set_entry_among_many_decides():
    other = entry(statusListCredential="https://lists.example/unreachable")
    check, _ = status_check(credential(other, entry()), answer(signed(list_document(94567))))
    assert check.code == "REVOKED"
    check, _ = status_check(credential(entry(), other), answer(signed(list_document())))
    assert check.code == "STATUS_RETRIEVAL_ERROR"


@pytest.mark.parametrize(
    ("purpose", "verdict"), [("refresh", Verdict.VALID), ("message", Verdict.VALID), ("probation", Verdict.UNKNOWN)]
)
def test_set_status_of_another_purpose_revokes_nothing(purpose, verdict):
    messages = [{"status": "0x0", "message": "pending"}, {"status": "0x1", "message": "delayed"}]
    document = credential(entry(statusPurpose=purpose, statusMessage=messages))
    check, _ = status_check(document, answer(signed(list_document(94567, statusPurpose=purpose))))
    assert check.verdict is verdict
    assert purpose == "refresh" or "delayed" in check.detail


def test_status_of_an_unknown_kind_is_unknown_and_named():
    check, verdict = status_check(credential({"id": "urn:x", "type": "StatusList2021Entry"}), {})
    assert (check.verdict, verdict) == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    assert "StatusList2021Entry" in check.detail


def revocation_list(*items: dict, issuer: str | None = None) -> bytes:
    return json.dumps({"id": URL, "issuer": issuer or did(SEED), "revokedCredential": list(items)}).encode()


def test_1edtech_list_revokes_what_it_names_and_nothing_else():
    document = credential({"id": URL, "type": "1EdTechRevocationList"})
    identifier = json.loads(document)["id"]
    gone = {"id": identifier, "revoked": True, "revocationReason": "Issued by mistake"}
    check, _ = status_check(document, answer(revocation_list(gone)))
    assert (check.code, "Issued by mistake" in check.detail) == ("REVOKED", True)
    for items in ([], [{**gone, "revoked": False}], [{**gone, "id": "urn:uuid:other"}]):
        assert status_check(document, answer(revocation_list(*items)))[0].verdict is Verdict.VALID
    check, _ = status_check(document, answer(revocation_list(gone, issuer=did(STRANGER))))
    assert (check.verdict, check.code) == (Verdict.UNKNOWN, "STATUS_VERIFICATION_ERROR")


def test_1edtech_list_cannot_speak_about_a_credential_without_id():
    found = read_list({"issuer": "https://a.example", "revokedCredential": []})
    with pytest.raises(StatusRetrievalError):
        status_of(ListEntry("1EdTechRevocationList", URL, "revocation"), found, None)


@public_vectors.needed
def test_published_revoked_sample_is_invalid_because_its_list_says_so():
    """Its issuer's keys cannot be had here, but the key that signed the credential signed the list too."""
    sample = public_vectors.path(f"{SAMPLES}/credential-status-revoked.json").read_bytes()
    found = ListAnswer(public_vectors.path(f"{SAMPLES}/testlist.json").read_bytes(), NOW)
    presented = present(sample)
    (address,) = presented.lists
    report = judge(presented, NoEvidence("No chain."), Policy((), NOW), {address: found})
    assert report.check("status").code == "REVOKED"
    assert report.verdict is Verdict.INVALID
    assert [check.name for check in report.checks if check.verdict is Verdict.INVALID] == ["status"]
    sure = judge(presented, NoEvidence("No chain."), Policy((), NOW), {})
    assert sure.check("status").code == "STATUS_RETRIEVAL_ERROR"
    assert sure.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("chain", [Verdict.VALID, Verdict.INVALID, Verdict.UNKNOWN])
@pytest.mark.parametrize("lists", ["unreachable", "clear", "set", "forged"])
def test_where_the_chain_was_read_a_list_can_only_make_it_worse(chain, lists):
    """A document that was signed elsewhere and anchored as it is: its own list counts beside the chain."""
    answers = {
        "unreachable": answer(None),
        "clear": answer(signed(list_document())),
        "set": answer(signed(list_document(94567))),
        "forged": answer(foreign("signed by a stranger")),
    }
    read, said = present(credential(entry())).credential, Check("status", chain, "FROM_CHAIN")
    assert read is not None
    check = with_lists(said, read, answers[lists], Policy((), NOW))
    if lists == "set" and chain is not Verdict.INVALID:
        assert (check.verdict, check.code) == (Verdict.INVALID, "REVOKED")
    else:
        assert check == said

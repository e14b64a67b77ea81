"""Data model rules: the published samples, and one broken rule at a time."""

import copy
import json
from typing import Any

import public_vectors
import pytest

from registry.credential.conformance.rules import (
    MODEL_NAMES,
    VC2,
    conformance_problems,
    data_model,
    issuer_of,
    validity_of,
)
from registry.credential.model import Credential, read_credential
from registry.credential.reader import read_document
from registry.errors import MalformedError
from registry.verification.local_steps import check_conforming, check_validity
from registry.verification.report import check_json
from registry.verification.verdict import Verdict

SAMPLES = "1edtech-ob3/validator-samples"

# The samples whose error is structural (expected.json), with the place where we must find it.
STRUCTURAL = {
    "simple-err-type.json": "$.type",
    "simple-err-context.json": "$['@context'][0]",
    "simple-err-issuer.json": "$.issuer",
    "simple-err-issuer-parentorg-type.json": "$.issuer.parentOrg.type",
    "simple-err-credential-subject-identifier-type.json": "$.credentialSubject.identifier[0].type",
    "simple-err-credential-subject-result-type.json": "$.credentialSubject.result[1].type",
    "simple-err-evidence-type.json": "$.evidence[1].type",
}
# Well-formed; some have a fault that is none of the data model's: a signature, a status, a time.
WELL_FORMED = (
    "simple.json",
    "simple-did-web-method.json",
    "complete.json",
    "endorsement-valid.json",
    "simple-err-proof-method.json",
    "simple-err-proof-method-unknown-did-method.json",
    "bit-string-list/credential-status-revoked.json",
    "bit-string-list/testlist.json",
)


def sample(name: str) -> dict[str, Any]:
    return read_document(public_vectors.path(f"{SAMPLES}/{name}").read_bytes())


def paths(document: dict[str, Any]) -> list[str]:
    return [problem.path for problem in conformance_problems(document)]


@public_vectors.needed
@pytest.mark.parametrize(("name", "path"), STRUCTURAL.items(), ids=STRUCTURAL.keys())
def test_structural_error_of_a_published_sample_is_found_at_its_place(name, path):
    assert public_vectors.load(f"{SAMPLES}/expected.json")["samples"][name]["upstream"] == "invalid"
    assert path in paths(sample(name))


@public_vectors.needed
@pytest.mark.parametrize("name", WELL_FORMED)
def test_well_formed_published_sample_has_no_problems(name):
    assert conformance_problems(sample(name)) == ()


@public_vectors.needed
def test_every_structural_error_that_upstream_names_is_in_our_table():
    samples = public_vectors.load(f"{SAMPLES}/expected.json")["samples"]
    words = ("type", "@context:", "issuer missing")
    structural = {name for name, told in samples.items() if (told["why"] or "").startswith(words)}
    structural |= {name for name, told in samples.items() if (told["why"] or "").endswith(" type")}
    assert structural == set(STRUCTURAL)


@public_vectors.needed
@pytest.mark.parametrize("name", ["simple_v1.json", "credential-status-revoked.json"])
def test_vc_1_1_sample_is_recognised(name):
    assert data_model(sample(name)) == "vc1"


BADGE: dict[str, Any] = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "id": "urn:uuid:00000000-0000-4000-8000-000000000000",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": "did:example:issuer", "type": ["Profile"], "name": "Example"},
    "validFrom": "2026-01-01T00:00:00Z",
    "validUntil": "2027-01-01T00:00:00Z",
    "credentialSubject": {
        "id": "did:example:subject",
        "type": ["AchievementSubject"],
        "identifier": [{"type": "IdentityObject", "hashed": False, "identityHash": "x", "identityType": "name"}],
        "achievement": {
            "id": "https://example.org/a",
            "type": ["Achievement"],
            "criteria": {"narrative": "did it"},
            "description": "d",
            "name": "n",
            "alignment": [{"type": ["Alignment"], "targetName": "t", "targetUrl": "https://example.org/t"}],
        },
    },
    "credentialStatus": {"id": "https://example.org/s#1", "type": "BitstringStatusListEntry"},
    "evidence": [{"id": "https://example.org/e", "type": ["Evidence"]}],
    "proof": [{"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "proofPurpose": "assertionMethod"}],
}


def test_complete_badge_has_no_problems():
    assert conformance_problems(BADGE) == ()


def test_validity_period_of_one_moment_is_no_problem():
    assert paths({**BADGE, "validUntil": BADGE["validFrom"]}) == []


GONE = object()
S = "credentialSubject"
BROKEN: dict[str, tuple[list[Any], Any, str]] = {
    "no context": (["@context"], GONE, "$['@context']"),
    "context is a text": (["@context"], "https://www.w3.org/ns/credentials/v2", "$['@context']"),
    "empty context": (["@context"], [], "$['@context']"),
    "base context second": (["@context", 0], "https://example.org/", "$['@context'][0]"),
    "number in the context": (["@context", 1], 5, "$['@context'][1]"),
    "no type": (["type"], GONE, "$.type"),
    "type lacks VerifiableCredential": (["type"], ["OpenBadgeCredential"], "$.type"),
    "type lacks the badge": (["type"], ["VerifiableCredential"], "$.type"),
    "number in the type": (["type", 1], 5, "$.type"),
    "no id": (["id"], GONE, "$.id"),
    "id is no URL": (["id"], "badge 1", "$.id"),
    "id is a number": (["id"], 1, "$.id"),
    "no issuer": (["issuer"], GONE, "$.issuer"),
    "issuer is a list": (["issuer"], ["did:example:issuer"], "$.issuer"),
    "issuer without id": (["issuer", "id"], GONE, "$.issuer"),
    "issuer of another type": (["issuer", "type"], ["Person"], "$.issuer.type"),
    "no subject": ([S], GONE, "$.credentialSubject"),
    "subject is a text": ([S], "did:example:subject", "$.credentialSubject"),
    "empty subject": ([S], {}, "$.credentialSubject"),
    "empty list of subjects": ([S], [], "$.credentialSubject"),
    "subject id is no URL": ([S, "id"], "student 7", "$.credentialSubject.id"),
    "no achievement": ([S, "achievement"], GONE, "$.credentialSubject.achievement"),
    "achievement without name": ([S, "achievement", "name"], GONE, "$.credentialSubject.achievement.name"),
    "achievement with empty name": ([S, "achievement", "name"], "", "$.credentialSubject.achievement.name"),
    "no criteria": ([S, "achievement", "criteria"], GONE, "$.credentialSubject.achievement.criteria"),
    "criteria are a text": ([S, "achievement", "criteria"], "did it", "$.credentialSubject.achievement.criteria"),
    "alignment without target": (
        [S, "achievement", "alignment", 0, "targetUrl"],
        GONE,
        "$.credentialSubject.achievement.alignment[0].targetUrl",
    ),
    "identity without type": ([S, "identifier", 0, "type"], GONE, "$.credentialSubject.identifier[0].type"),
    "identity without hash": (
        [S, "identifier", 0, "identityHash"],
        GONE,
        "$.credentialSubject.identifier[0].identityHash",
    ),
    "no validFrom": (["validFrom"], GONE, "$.validFrom"),
    "validFrom without zone": (["validFrom"], "2026-01-01T00:00:00", "$.validFrom"),
    "validFrom is a date": (["validFrom"], "2026-01-01", "$.validFrom"),
    "validFrom is a number": (["validFrom"], 1767225600, "$.validFrom"),
    "30 February": (["validFrom"], "2026-02-30T00:00:00Z", "$.validFrom"),
    "validUntil before validFrom": (["validUntil"], "2025-12-31T23:59:59Z", "$.validUntil"),
    "status without type": (["credentialStatus", "type"], GONE, "$.credentialStatus.type"),
    "status id is no URL": (["credentialStatus", "id"], "1", "$.credentialStatus.id"),
    "status is a text": (["credentialStatus"], "https://example.org/s", "$.credentialStatus"),
    "evidence without type": (["evidence", 0, "type"], GONE, "$.evidence[0].type"),
    "evidence of another type": (["evidence", 0, "type"], ["Proof"], "$.evidence[0].type"),
    "proof is a text": (["proof"], "signed", "$.proof"),
    "proof is null": (["proof"], None, "$.proof"),
    "proof without type": (["proof", 0, "type"], GONE, "$.proof[0].type"),
    "proof of no moment": (["proof", 0, "created"], "2026-02-29T00:00:00Z", "$.proof[0].created"),
}  # fmt: skip


@pytest.mark.parametrize(("where", "value", "path"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_rule_is_named_with_its_path(where, value, path):
    document = copy.deepcopy(BADGE)
    *parents, last = where
    target: Any = document
    for step in parents:
        target = target[step]
    if value is GONE:
        del target[last]
    else:
        target[last] = value
    assert path in paths(document)
    detail = check_conforming(read_credential(json.dumps(document).encode())).detail
    assert (detail.endswith("."), detail.endswith(".."), ".;" in detail) == (True, False, False)


def test_badge_belongs_to_somebody_by_id_or_by_identifier():
    subject = {name: value for name, value in BADGE[S].items() if name != "id"}
    assert paths({**BADGE, S: subject}) == []
    assert paths({**BADGE, S: {**subject, "identifier": []}}) == ["$.credentialSubject.id"]


def test_proof_of_a_badge_is_an_assertion():
    proof = {**BADGE["proof"][0], "proofPurpose": "authentication"}
    assert paths({**BADGE, "proof": [proof]}) == ["$.proof[0].proofPurpose"]
    assert paths({**V, "proof": proof}) == []


def test_issuer_is_found_alone_or_in_an_object():
    assert issuer_of({"issuer": "did:example:1"}) == issuer_of({"issuer": {"id": "did:example:1"}}) == "did:example:1"
    for nothing in ({}, {"issuer": None}, {"issuer": 1}, {"issuer": {"id": 1}}, {"issuer": ["did:example:1"]}):
        assert issuer_of(nothing) is None


STAMPS = {
    "2026-01-31T09:30:00Z": 1769851800.0,
    "2026-01-31T10:30:00+01:00": 1769851800.0,
    "2026-01-31T09:30:00.5Z": 1769851800.5,
    "2026-01-31T09:30:00.123456789Z": 1769851800.123456,
    "1970-01-01T00:00:00Z": 0.0,
    "2026-01-31T24:00:00Z": 1769904000.0,
    "2026-01-31T24:00:00.000+14:00": 1769853600.0,
    "9999-12-31T23:59:59-14:00": 253402351199.0,
    "12026-01-01T00:00:00Z": 317336745600.0,
    "0001-01-01T00:00:00+01:00": -62135600400.0,
    "0000-02-29T00:00:00Z": -62162121600.0,
    "-0001-12-31T00:00:00Z": -62167305600.0,
}


@pytest.mark.parametrize(("text", "seconds"), STAMPS.items())
def test_date_time_stamp_names_its_moment(text, seconds):
    assert validity_of({"validFrom": text}).since == seconds


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "2026-01-31", "2026-01-31T09:30:00", "2026-01-31 09:30:00Z", "2026-01-31t09:30:00z",
        "2026-01-31T09:30Z", "2026-01-31T09:30:60Z", "2026-01-31T25:00:00Z", "2026-13-01T00:00:00Z",
        "20260131T093000Z", "2026-01-31T09:30:00+25:00", "2026-01-31T09:30:00+14:30", "2026-01-31T24:00:01Z",
        "2026-01-31T24:30:00Z", "02026-01-31T09:30:00Z", "9999999999-01-01T00:00:00Z", "2026-02-29T00:00:00Z",
        "2026-01-31T09:30:00Z\n", "٢٠٢٦-01-31T09:30:00Z", 1769851800, None,
    ],
)  # fmt: skip
def test_text_that_is_no_date_time_stamp_is_malformed(text):
    with pytest.raises(MalformedError):
        validity_of({"validUntil": text})


OLDER = {
    "VC 1.1": ({"@context": ["https://www.w3.org/2018/credentials/v1"]}, "vc1"),
    "VC 1.1, one context": ({"@context": "https://www.w3.org/2018/credentials/v1"}, "vc1"),
    "Open Badges 2.0": ({"@context": "https://w3id.org/openbadges/v2", "type": "Assertion"}, "ob2"),
    "Open Badges 2.0 with an extension": ({"@context": ["https://w3id.org/openbadges/v2", {"x": "urn:x"}]}, "ob2"),
    "Open Badges 1.1": ({"@context": "https://w3id.org/openbadges/v1"}, "ob1"),
    "Blockcerts 2": ({"@context": ["https://w3id.org/openbadges/v2", "https://w3id.org/blockcerts/v2"]}, "blockcerts"),
    "VC 2.0 in the second place": ({"@context": ["https://w3id.org/openbadges/v2", VC2]}, "other"),
    "no context": ({}, "other"),
    "context is null": ({"@context": None}, "other"),
    "contexts are lists": ({"@context": [["https://www.w3.org/2018/credentials/v1"]]}, "other"),
}


@pytest.mark.parametrize(("document", "model"), OLDER.values(), ids=OLDER.keys())
def test_older_documents_are_recognised_and_named(document, model):
    assert data_model(document) == model
    check = check_conforming(as_credential(document))
    named = model in MODEL_NAMES
    assert check.verdict is (Verdict.UNKNOWN if named else Verdict.INVALID)
    assert not named or MODEL_NAMES[model] in check.detail


def as_credential(document: dict[str, Any]) -> Credential:
    return read_credential(json.dumps(document).encode())


def test_conforming_lists_every_broken_rule_with_its_path_and_code():
    document = copy.deepcopy(BADGE)
    document["credentialSubject"]["achievement"]["name"] = 5
    document["validUntil"] = "2025-01-01T00:00:00Z"
    check = check_conforming(as_credential(document))
    listed = {(problem["path"], problem["code"]) for problem in check_json(check)["problems"]}
    assert listed == {
        ("$.credentialSubject.achievement.name", "MALFORMED_VALUE_ERROR"),
        ("$.validUntil", "RANGE_ERROR"),
    }
    assert "$.credentialSubject.achievement.name must be a text" in check.detail
    assert "problems" not in check_json(check_conforming(as_credential(BADGE)))


V: dict[str, Any] = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://example.org/context/v1"],
    "type": ["VerifiableCredential"],
    "issuer": "did:example:issuer",
    "credentialSubject": {"id": "did:example:subject"},
}
SHA256 = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
MULTIHASH = "uEiDjsMRCmPwcFJr79MiZb7kkJ65B5GSbk0yklZkbeFK4VQ"
GOOD_MEMBERS: dict[str, dict[str, Any]] = {
    "minimal": {},
    "one type": {"type": "VerifiableCredential"},
    "type that is a URL": {"type": ["VerifiableCredential", "https://example.org/Card"]},
    "context object": {"@context": [VC2, {"name": "https://schema.org/name"}]},
    "issuer object": {"issuer": {"id": "https://example.org/issuer", "name": "x"}},
    "two subjects": {"credentialSubject": [{"id": "urn:a:1"}, {"name": "no id"}]},
    "name in two languages": {
        "name": [{"@value": "Ausweis", "@language": "de"}, {"@value": "بطاقة", "@language": "ar", "@direction": "rtl"}]
    },
    "issuer's name with a language": {"issuer": {"id": "urn:a:1", "name": {"@value": "x", "@language": "zh-Hant-TW"}}},
    "status without id": {"credentialStatus": {"type": "X"}},
    "two statuses": {"credentialStatus": [{"type": "X"}, {"id": "urn:a:1", "type": ["Y"]}]},
    "schema": {"credentialSchema": {"id": "https://example.org/s", "type": "JsonSchema", "digestSRI": SHA256}},
    "evidence": {"evidence": {"type": "Interview"}},
    "terms": {"termsOfUse": [{"type": "T"}]},
    "refresh": {"refreshService": {"type": "R"}},
    "related resources": {
        "relatedResource": [
            {"id": "https://example.org/a", "digestSRI": SHA256, "mediaType": "image/png"},
            {"id": "https://example.org/b", "digestMultibase": MULTIHASH},
            {"id": "https://example.org/c", "digestMultibase": "zQmSg9dZRzSCPPqdRDEdqmjqgVQLNRDpGkcCXUiSwVGb2tH"},
        ]
    },
    "digests of the base context": {
        "relatedResource": [
            {"id": VC2, "digestSRI": f"{SHA256} sha256-WZVc7WaX1h4D8rJVb+vlMIqxaEKEb1tYbX8fet7JJzQ="},
        ]
    },
    "end of the day": {"validFrom": "2026-01-31T24:00:00Z", "validUntil": "2026-02-01T00:00:00Z"},
    "until the year 99999": {"validUntil": "99999-12-31T23:59:59Z"},
    "proof set": {
        "proof": [
            {"type": "DataIntegrityProof", "cryptosuite": "x", "proofPurpose": "assertionMethod", "id": "urn:a:1"},
            {
                "type": "Old",
                "proofPurpose": "x",
                "previousProof": ["urn:a:1"],
                "domain": "d",
                "created": "2026-01-01T00:00:00Z",
            },
        ]
    },
}


@pytest.mark.parametrize("members", GOOD_MEMBERS.values(), ids=GOOD_MEMBERS.keys())
def test_what_vc_2_0_allows_is_no_problem(members):
    assert conformance_problems({**V, **members}) == ()


PROOF = {"type": "DataIntegrityProof", "cryptosuite": "x", "proofPurpose": "assertionMethod"}
BAD_MEMBERS: dict[str, tuple[dict[str, Any], str]] = {
    "context is null": ({"@context": None}, "$['@context']"),
    "context is relative": ({"@context": [VC2, "context.json"]}, "$['@context'][1]"),
    "context is null inside": ({"@context": [VC2, None]}, "$['@context'][1]"),
    "context twice": ({"@context": [VC2, "urn:x:1", "urn:x:1"]}, "$['@context'][2]"),
    "empty type": ({"type": []}, "$.type"),
    "presentation": ({"type": ["VerifiablePresentation"]}, "$.type"),
    "null type": ({"type": ["VerifiableCredential", None]}, "$.type"),
    "two ids": ({"id": ["urn:a:1", "urn:a:2"]}, "$.id"),
    "null id": ({"id": None}, "$.id"),
    "id with a space": ({"id": "urn:a:1 2"}, "$.id"),
    "id without a host": ({"id": "https:///x"}, "$.id"),
    "name is a number": ({"name": 1}, "$.name"),
    "name is null": ({"name": None}, "$.name"),
    "language value without a value": ({"name": {"@language": "en"}}, "$.name"),
    "language value is a number": ({"name": {"@value": 1}}, "$.name"),
    "language is no tag": ({"name": {"@value": "x", "@language": "english language"}}, "$.name['@language']"),
    "direction": ({"description": {"@value": "x", "@direction": "up"}}, "$.description['@direction']"),
    "more in a language value": ({"name": [{"@value": "x", "@type": "y"}]}, "$.name[0]['@type']"),
    "issuer's description": ({"issuer": {"id": "urn:a:1", "description": 1}}, "$.issuer.description"),
    "issuer's id is a name": ({"issuer": {"id": "Example"}}, "$.issuer.id"),
    "issuer is null": ({"issuer": None}, "$.issuer"),
    "subject is null": ({"credentialSubject": None}, "$.credentialSubject"),
    "second subject is empty": ({"credentialSubject": [{"id": "urn:a:1"}, {}]}, "$.credentialSubject[1]"),
    "second subject's id": ({"credentialSubject": [{"x": 1}, {"id": 1}]}, "$.credentialSubject[1].id"),
    "validFrom is null": ({"validFrom": None}, "$.validFrom"),
    "leap second": ({"validUntil": "2016-12-31T23:59:60Z"}, "$.validUntil"),
    "status is null": ({"credentialStatus": None}, "$.credentialStatus"),
    "second status without type": ({"credentialStatus": [{"type": "X"}, {}]}, "$.credentialStatus[1].type"),
    "schema without id": ({"credentialSchema": {"type": "JsonSchema"}}, "$.credentialSchema.id"),
    "schema with a broken digest": (
        {"credentialSchema": {"id": "urn:a:1", "type": "J", "digestSRI": "sha256-AAAA"}},
        "$.credentialSchema.digestSRI",
    ),
    "terms without type": ({"termsOfUse": {"id": "urn:a:1"}}, "$.termsOfUse.type"),
    "refresh is a text": ({"refreshService": "https://example.org"}, "$.refreshService"),
    "resource without id": ({"relatedResource": {"digestSRI": SHA256}}, "$.relatedResource.id"),
    "resource without digest": ({"relatedResource": [{"id": "urn:a:1"}]}, "$.relatedResource[0]"),
    "resource twice": (
        {"relatedResource": [{"id": "urn:a:1", "digestSRI": SHA256}] * 2},
        "$.relatedResource[1].id",
    ),
    "digest of another length": (
        {"relatedResource": {"id": "urn:a:1", "digestSRI": SHA256.replace("256", "384")}},
        "$.relatedResource.digestSRI",
    ),
    "digest in another base": (
        {"relatedResource": {"id": "urn:a:1", "digestMultibase": "f" + MULTIHASH[1:]}},
        "$.relatedResource.digestMultibase",
    ),
    "digest of another file than the base context": (
        {"relatedResource": [{"id": VC2, "digestSRI": SHA256}]},
        "$.relatedResource[0]",
    ),
    "multihash of another file than the base context": (
        {"relatedResource": {"id": VC2, "digestMultibase": MULTIHASH}},
        "$.relatedResource",
    ),
    "digest is cut": (
        {"relatedResource": {"id": "urn:a:1", "digestMultibase": [MULTIHASH, MULTIHASH[:-4]]}},
        "$.relatedResource.digestMultibase[1]",
    ),
    "proof without purpose": ({"proof": {"type": "X"}}, "$.proof.proofPurpose"),
    "proof without suite": ({"proof": {"type": "DataIntegrityProof", "proofPurpose": "x"}}, "$.proof.cryptosuite"),
    "proof created": ({"proof": [{**PROOF, "created": "yesterday"}]}, "$.proof[0].created"),
    "proof expires": ({"proof": [{**PROOF, "expires": 7}]}, "$.proof[0].expires"),
    "proof's method": ({"proof": [{**PROOF, "verificationMethod": "key-1"}]}, "$.proof[0].verificationMethod"),
    "proof's value": ({"proof": [{**PROOF, "proofValue": 1}]}, "$.proof[0].proofValue"),
    "proof's domain": ({"proof": [{**PROOF, "domain": ["x", 1]}]}, "$.proof[0].domain[1]"),
    "proof's id": ({"proof": [{**PROOF, "id": "1"}]}, "$.proof[0].id"),
}  # fmt: skip


@pytest.mark.parametrize(("members", "path"), BAD_MEMBERS.values(), ids=BAD_MEMBERS.keys())
def test_broken_rule_of_vc_2_0_is_the_only_problem(members, path):
    assert paths({**V, **members}) == [path]


EXTREMES = {
    "-999999999-01-01T00:00:00Z": "EXPIRED",
    "-0001-12-31T24:00:00-14:00": "EXPIRED",
    "0000-02-29T00:00:00Z": "EXPIRED",
    "0001-01-01T00:00:00+14:00": "EXPIRED",
    "9999-12-31T24:00:00Z": "",
    "9999-12-31T23:59:59-14:00": "",
    "999999999-12-31T23:59:59.999999999999Z": "",
    "9999999999-12-31T23:59:59Z": "MALFORMED_VALUE_ERROR",
    "9" * 5_000 + "-12-31T23:59:59Z": "MALFORMED_VALUE_ERROR",
    "2016-12-31T23:59:60Z": "MALFORMED_VALUE_ERROR",
}


@pytest.mark.parametrize(("stamp", "code"), EXTREMES.items(), ids=[stamp[:26] for stamp in EXTREMES])
def test_extreme_moments_have_a_verdict_and_a_short_reason(stamp, code):
    until = as_credential({**V, "validUntil": stamp})
    check = check_validity(until, now=1_767_225_600.0)
    assert (check.code, len(check.detail) < 200) == (code, True)
    since = check_validity(as_credential({**V, "validFrom": stamp}), now=1_767_225_600.0)
    assert since.code == {"EXPIRED": "", "": "NOT_YET_VALID"}.get(code, code)

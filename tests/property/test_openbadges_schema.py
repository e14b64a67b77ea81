"""Our rules against the published JSON Schema of Open Badges 3.0: every sample, and thousands of seeded mutations.

Each error of the schema is found by us at the same place, or VC 2.0 allows it and lint has a note there; each problem
of ours is found by the schema at the same place, or belongs to a class that tests/support/ob_schema.py explains.
"""

import json
import random
from collections import Counter
from functools import cache
from typing import Any

import json_fuzz
import ob_schema
import public_vectors
import pytest

from registry.credential.conformance.openbadges import badge_class
from registry.credential.conformance.rules import conformance_problems, data_model
from registry.credential.micro.report import lint
from registry.credential.reader import read_document

SAMPLES = "1edtech-ob3/validator-samples"
pytestmark = public_vectors.needed

ENDORSEMENT: dict[str, Any] = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "id": "https://example.org/endorsements/1",
    "type": ["VerifiableCredential", "EndorsementCredential"],
    "name": "Endorsement of an institute",
    "issuer": {"id": "https://example.org/agency", "type": ["Profile"], "name": "Agency"},
    "validFrom": "2026-01-01T00:00:00Z",
    "credentialSubject": {"id": "https://example.org/i", "type": ["EndorsementSubject"], "endorsementComment": "good"},
}
# Every class and every member of the table stands somewhere in this document.
FULL: dict[str, Any] = {
    "@context": ENDORSEMENT["@context"],
    "id": "https://example.org/credentials/1",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "name": "Data literacy",
    "description": "A badge with everything",
    "image": {"id": "https://example.org/i.png", "type": "Image", "caption": "A badge"},
    "awardedDate": "2026-01-01T00:00:00Z",
    "validFrom": "2026-01-01T00:00:00Z",
    "validUntil": "2027-01-01T00:00:00+01:00",
    "issuer": {
        "id": "https://example.org/institute",
        "type": ["Profile"],
        "name": "Institute",
        "url": "https://example.org",
        "phone": "+1-555-0100",
        "email": "office@example.org",
        "official": "Dean",
        "familyName": "F", "givenName": "G", "additionalName": "A", "patronymicName": "P", "honorificPrefix": "Dr",
        "honorificSuffix": "MSc", "familyNamePrefix": "von", "dateOfBirth": "1980-02-29",
        "image": {"id": "https://example.org/logo.png", "type": "Image"},
        "address": {
            "type": ["Address"], "addressCountry": "Austria", "addressCountryCode": "AT", "addressRegion": "Wien",
            "addressLocality": "Wien", "streetAddress": "Ring 1", "postOfficeBoxNumber": "7", "postalCode": "1010",
            "geo": {"type": "GeoCoordinates", "latitude": 48.2, "longitude": 16},
        },
        "otherIdentifier": [{"type": "IdentifierEntry", "identifier": "AT-1", "identifierType": "ext:PIC"}],
        "parentOrg": {"id": "did:web:example.org", "type": ["Profile"], "name": "Parent"},
        "endorsement": [ENDORSEMENT],
        "endorsementJwt": ["aaa.bbb.ccc"],
    },
    "credentialSubject": {
        "id": "did:example:holder",
        "type": ["AchievementSubject"],
        "activityStartDate": "2025-09-01T00:00:00Z",
        "activityEndDate": "2025-12-01T00:00:00Z",
        "creditsEarned": 2.5,
        "licenseNumber": "L1", "narrative": "n", "role": "r", "term": "t",
        "image": {"id": "https://example.org/p.png", "type": "Image"},
        "source": {"id": "https://example.org/source", "type": ["Profile"]},
        "identifier": [
            {"type": "IdentityObject", "hashed": False, "identityHash": "Zoë", "identityType": "name"},
            {
                "type": "IdentityObject", "hashed": True, "identityHash": "sha256$" + "ab" * 32,
                "identityType": "emailAddress", "salt": "s",
            },
        ],
        "result": [
            {
                "type": ["Result"], "achievedLevel": "https://example.org/l", "resultDescription": "https://example.org/r",
                "status": "Completed", "value": "A",
                "alignment": [{"type": ["Alignment"], "targetName": "t", "targetUrl": "https://example.org/t"}],
            }
        ],
        "achievement": {
            "id": "https://example.org/a", "type": ["Achievement"], "achievementType": "MicroCredential",
            "name": "Data literacy", "description": "d", "creditsAvailable": 3, "fieldOfStudy": "f", "humanCode": "h",
            "inLanguage": "en-GB", "specialization": "s", "tag": ["data"], "version": "1",
            "criteria": {"id": "https://example.org/c", "narrative": "All of it"},
            "image": {"id": "https://example.org/a.png", "type": "Image"},
            "creator": {"id": "https://example.org/creator", "type": ["Profile"]},
            "endorsement": [ENDORSEMENT],
            "endorsementJwt": ["aaa.bbb.ccc"],
            "otherIdentifier": [{"type": "IdentifierEntry", "identifier": "1", "identifierType": "identifier"}],
            "related": [{"id": "https://example.org/b", "type": ["Related"], "inLanguage": "de", "version": "2"}],
            "alignment": [
                {
                    "type": ["Alignment"], "targetCode": "c", "targetDescription": "d", "targetName": "interpret data",
                    "targetFramework": "ESCO", "targetType": "ext:ESCOSkill", "targetUrl": "http://example.org/esco/1",
                }
            ],
            "resultDescription": [
                {
                    "id": "https://example.org/r", "type": ["ResultDescription"], "name": "Grade",
                    "resultType": "LetterGrade", "allowedValue": ["A", "B"], "requiredLevel": "https://example.org/l",
                    "requiredValue": "B", "valueMax": "A", "valueMin": "F",
                    "rubricCriterionLevel": [
                        {
                            "id": "https://example.org/l", "type": ["RubricCriterionLevel"], "name": "Good",
                            "description": "d", "level": "1", "points": "10",
                        }
                    ],
                }
            ],
        },
    },
    "evidence": [
        {"id": "https://example.org/e", "type": ["Evidence"], "narrative": "n", "name": "e", "description": "d",
         "genre": "g", "audience": "a"}
    ],
    "endorsement": [ENDORSEMENT],
    "endorsementJwt": ["aaa.bbb.ccc"],
    "credentialSchema": [{"id": "https://example.org/s.json", "type": "1EdTechJsonSchemaValidator2019"}],
    "credentialStatus": {"id": "https://example.org/status#1", "type": "BitstringStatusListEntry"},
    "refreshService": {"id": "https://example.org/refresh", "type": "1EdTechCredentialRefresh"},
    "termsOfUse": [{"id": "https://example.org/terms", "type": "Terms"}],
    "proof": [
        {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "proofPurpose": "assertionMethod",
         "created": "2026-01-01T00:00:00Z", "verificationMethod": "did:example:1#k", "proofValue": "z3"}
    ],
}  # fmt: skip


@cache
def schema(name: str) -> Any:
    return ob_schema.validator(name)


@pytest.mark.parametrize(
    ("document", "name"), [(FULL, "achievementcredential"), (ENDORSEMENT, "endorsementcredential")]
)
def test_document_with_every_member_is_good_to_both(document, name):
    assert conformance_problems(document) == ()
    assert list(schema(name).iter_errors(document)) == []


@pytest.mark.parametrize("file", public_vectors.each(SAMPLES))
def test_every_published_sample_is_judged_as_the_schema_judges_it(file):
    document = read_document(file.read_bytes())
    if file.name == "expected.json" or data_model(document) != "vc2" or badge_class(document) is None:
        pytest.skip("no Open Badges 3.0 credential on VC 2.0")
    name = {"AchievementCredential": "achievementcredential", "EndorsementCredential": "endorsementcredential"}
    classes: Counter[str] = Counter()
    assert ob_schema.explain(schema(name[badge_class(document)]), document, classes) == []


ROUNDS = 1_000


@cache
def campaign(start: int = 0, rounds: int = ROUNDS) -> Counter[str]:
    """Mutations of both documents; an unexplained difference fails with its seed and its text."""
    classes: Counter[str] = Counter()
    for seed in range(start, start + rounds):
        rng = random.Random(seed)
        for document, name in ((FULL, "achievementcredential"), (ENDORSEMENT, "endorsementcredential")):
            mutant = ob_schema.mutate(document, rng)
            kept = badge_class(mutant)
            if kept is None or kept.lower() != name:
                classes["says that it is something else"] += 1
                continue
            unexplained = ob_schema.explain(schema(name), mutant, classes)
            assert not unexplained, f"seed {seed}: {unexplained}\n{json.dumps(mutant)}"
            classes["mutants"] += 1
    return classes


def test_every_difference_on_thousands_of_mutants_is_explained():
    assert campaign()["mutants"] > ROUNDS


@pytest.mark.parametrize("name", [*ob_schema.WE_REFUSE_MORE, *ob_schema.SCHEMA_REFUSES_MORE, "both refuse"])
def test_every_class_of_difference_occurs(name):
    assert campaign()[name] > 0


@pytest.mark.parametrize("seed", range(5))
def test_no_value_in_any_place_makes_the_rules_stumble(seed):
    """A verdict for every readable document, whatever stands where: never another exception, so never a 500."""
    fuzz, rng = json_fuzz.JsonFuzz(seed), random.Random(seed)
    places = [*FULL, *ENDORSEMENT]
    for _ in range(400):
        document = ob_schema.mutate(FULL if rng.random() < 0.6 else ENDORSEMENT, rng)
        for _ in range(rng.randint(1, 3)):
            document[rng.choice(places)] = fuzz.value(3, plain=True)
        assert isinstance(conformance_problems(document), tuple)
        json.dumps(lint(document).to_json())

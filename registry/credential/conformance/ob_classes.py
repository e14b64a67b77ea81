"""The classes of Open Badges 3.0 (specification, appendix B) as a table: members, their kinds and how often.

Each member is written as in the specification's tables: `!` is required, `*` an array of any length, and `~` marks what
VC Data Model 2.0 allows in more forms than Open Badges' schema does: there VC 2.0 wins, and lint says so.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Member(NamedTuple):
    """A member's kind (a class here, or a data type of ob_values), and its multiplicity."""

    kind: str
    required: bool
    many: bool
    wider: bool


class Shape(NamedTuple):
    """A class.

    Attributes:
        types: One of these must be among its types; none where the class has no type.
        members: By name.
        closed: The specification allows no other members.
        text_allowed: A URL may stand in its place.
        credential: It is a verifiable credential itself.
        type_is_list: The schema wants its type in an array, or as a single text; None where it has no type.
    """

    types: tuple[str, ...]
    members: Mapping[str, Member]
    closed: bool = False
    text_allowed: bool = False
    credential: bool = False
    type_is_list: bool | None = True


def _members(**kinds: str) -> dict[str, Member]:
    return {
        name: Member(kind.strip("!*~"), kind.startswith("!"), "*" in kind, kind.endswith("~"))
        for name, kind in kinds.items()
    }


_CREDENTIAL = _members(
    id="!Url",
    name="Text~",
    description="Text~",
    awardedDate="Stamp",
    issuer="!ProfileRef",
    validFrom="!Stamp",
    validUntil="Stamp",
    proof="Proof*~",
    credentialSchema="CredentialSchema*~",
    credentialStatus="Reference~",
    refreshService="Reference~",
    termsOfUse="TermsOfUse*~",
)
_PROFILE = _members(
    id="!Url", name="Text~", url="Url", phone="Text", description="Text~", endorsement="EndorsementCredential*",
    endorsementJwt="CompactJws*", image="Image", email="Text", address="Address", otherIdentifier="IdentifierEntry*",
    official="Text", parentOrg="Profile", familyName="Text", givenName="Text", additionalName="Text",
    patronymicName="Text", honorificPrefix="Text", honorificSuffix="Text", familyNamePrefix="Text", dateOfBirth="Date",
)  # fmt: skip

SHAPES: Mapping[str, Shape] = {
    "AchievementCredential": Shape(
        ("AchievementCredential", "OpenBadgeCredential"),
        _CREDENTIAL
        | _members(
            image="Image",
            credentialSubject="!AchievementSubject~",
            endorsement="EndorsementCredential*",
            endorsementJwt="CompactJws*",
            evidence="Evidence*~",
        ),
        credential=True,
    ),
    "EndorsementCredential": Shape(
        ("EndorsementCredential",),
        _CREDENTIAL | _members(name="!Text~", credentialSubject="!EndorsementSubject~"),
        credential=True,
    ),
    "AchievementSubject": Shape(
        ("AchievementSubject",),
        _members(
            id="Url", activityEndDate="DateTime", activityStartDate="DateTime", creditsEarned="Number",
            achievement="!Achievement", identifier="IdentityObject*", image="Image", licenseNumber="Text",
            narrative="Text", result="Result*", role="Text", source="Profile", term="Text",
        ),
    ),
    "EndorsementSubject": Shape(("EndorsementSubject",), _members(id="!Url", endorsementComment="Text")),
    "Achievement": Shape(
        ("Achievement",),
        _members(
            id="!Url", alignment="Alignment*", achievementType="AchievementType", creator="Profile",
            creditsAvailable="Number", criteria="!Criteria", description="!Text", endorsement="EndorsementCredential*",
            endorsementJwt="CompactJws*", fieldOfStudy="Text", humanCode="Text", image="Image", inLanguage="Language",
            name="!Text", otherIdentifier="IdentifierEntry*", related="Related*",
            resultDescription="ResultDescription*", specialization="Text", tag="Text*", version="Text",
        ),
    ),
    "Criteria": Shape((), _members(id="Url", narrative="Text"), type_is_list=None),
    "Profile": Shape(("Profile",), _PROFILE),
    "ProfileRef": Shape(("Profile",), _PROFILE, text_allowed=True),
    "Image": Shape(("Image",), _members(id="!Url", caption="Text"), closed=True, type_is_list=False),
    "Address": Shape(
        ("Address",),
        _members(
            addressCountry="Text", addressCountryCode="Country", addressRegion="Text", addressLocality="Text",
            streetAddress="Text", postOfficeBoxNumber="Text", postalCode="Text", geo="GeoCoordinates",
        ),
    ),
    "GeoCoordinates": Shape(
        ("GeoCoordinates",), _members(latitude="!Number", longitude="!Number"), type_is_list=False
    ),
    "IdentityObject": Shape(
        ("IdentityObject",),
        _members(hashed="!Boolean", identityHash="!Text", identityType="!IdentifierType", salt="Text"),
        closed=True,
        type_is_list=False,
    ),
    "IdentifierEntry": Shape(
        ("IdentifierEntry",),
        _members(identifier="!Text", identifierType="!IdentifierType"),
        closed=True,
        type_is_list=False,
    ),
    "Evidence": Shape(
        ("Evidence",),
        _members(id="Url", narrative="Text", name="Text", description="Text", genre="Text", audience="Text"),
    ),
    "Result": Shape(
        ("Result",),
        _members(
            achievedLevel="Url", alignment="Alignment*", resultDescription="Url", status="ResultStatus", value="Text",
        ),
    ),
    "ResultDescription": Shape(
        ("ResultDescription",),
        _members(
            id="!Url", alignment="Alignment*", allowedValue="Text*", name="!Text", requiredLevel="Url",
            requiredValue="Text", resultType="!ResultType", rubricCriterionLevel="RubricCriterionLevel*",
            valueMax="Text", valueMin="Text",
        ),
    ),
    "RubricCriterionLevel": Shape(
        ("RubricCriterionLevel",),
        _members(id="!Url", alignment="Alignment*", description="Text", level="Text", name="!Text", points="Text"),
    ),
    "Alignment": Shape(
        ("Alignment",),
        _members(
            targetCode="Text", targetDescription="Text", targetName="!Text", targetFramework="Text",
            targetType="TargetType", targetUrl="!Url",
        ),
    ),
    "Related": Shape(("Related",), _members(id="!Url", inLanguage="Language", version="Text")),
    # Judged by the data model (vc2.py); here only for the forms that Open Badges' schema does not know.
    "Proof": Shape((), {}, type_is_list=False),
    "TermsOfUse": Shape((), {}, type_is_list=False),
    "CredentialSchema": Shape((), {}, type_is_list=False),
    "Reference": Shape((), _members(id="Url~"), type_is_list=False),
}  # fmt: skip

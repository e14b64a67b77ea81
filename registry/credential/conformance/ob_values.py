"""The data types and enumerations of Open Badges 3.0 (specification, appendices B.5 to B.7)."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from registry.credential.times import seconds_of
from registry.credential.values import is_url
from registry.errors import MalformedError
from registry.patterns import Pattern

_LANGUAGE = Pattern(r"[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?", re.ASCII)
_COMPACT_JWS = Pattern(r"[\w-]+\.[\w-]*\.[\w-]+", re.ASCII)
_EXTENSION = Pattern(r"ext:[A-Za-z0-9._|-]", re.ASCII)
_IDENTITY_HASH = Pattern(r"sha256\$[0-9a-fA-F]{64}|md5\$[0-9a-fA-F]{32}", re.ASCII)
_ZONE = Pattern(r"(Z|[+-]\d\d:\d\d)$", re.ASCII)

_ENUMERATIONS = {
    "AchievementType": """Achievement ApprenticeshipCertificate Assessment Assignment AssociateDegree Award Badge
        BachelorDegree Certificate CertificateOfCompletion Certification CommunityService Competency Course CoCurricular
        Degree Diploma DoctoralDegree Fieldwork GeneralEducationDevelopment JourneymanCertificate LearningProgram
        License Membership ProfessionalDoctorate QualityAssuranceCredential MasterCertificate MasterDegree
        MicroCredential ResearchDoctorate SecondarySchoolDiploma""",
    "IdentifierType": """name sourcedId systemId productId userName accountId emailAddress nationalIdentityNumber isbn
        issn lisSourcedId oneRosterSourcedId sisSourcedId ltiContextId ltiDeploymentId ltiToolId ltiPlatformId ltiUserId
        identifier""",
    "ResultType": """GradePointAverage LetterGrade Percent PerformanceLevel PredictedScore RawScore Result
        RubricCriterion RubricCriterionLevel RubricScore ScaledScore Status""",
    "TargetType": """ceasn:Competency ceterms:Credential CFItem CFRubric CFRubricCriterion CFRubricCriterionLevel
        CTDL""",
}
_RESULT_STATUS = frozenset(["Completed", "Enrolled", "Failed", "InProgress", "OnHold", "Provisional", "Withdrew"])


def words_of_enumerations() -> dict[str, list[str]]:
    """The words of each enumeration; all but ResultStatus may be extended with `ext:`."""
    named = {name: words.split() for name, words in _ENUMERATIONS.items()}
    return {**named, "ResultStatus": sorted(_RESULT_STATUS)}


def _enumeration(words: str) -> Callable[[Any], bool]:
    known = frozenset(words.split())
    return lambda value: isinstance(value, str) and (value in known or _EXTENSION.match(value) is not None)


def _matches(pattern: Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_stamp(value: Any) -> bool:
    try:
        seconds_of(value)
    except (MalformedError, TypeError):
        return False
    return True


def _is_date_time(value: Any) -> bool:
    """A DateTime, whose zone may be missing."""
    return isinstance(value, str) and _is_stamp(value if _ZONE.search(value) else f"{value}Z")


def _is_date(value: Any) -> bool:
    from datetime import date  # few badges hold one

    try:
        return len(value) == 10 and bool(date.fromisoformat(value))
    except (ValueError, TypeError):
        return False


def is_identity_hash(value: Any) -> bool:
    """Whether `value` is an IdentityHash: the algorithm, a dollar sign, and as many hex digits as it makes."""
    return isinstance(value, str) and _IDENTITY_HASH.fullmatch(value) is not None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# Data type: who recognises it, and how a problem names it.
DATA_TYPES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "Text": (lambda value: isinstance(value, str), "a text"),
    "Url": (is_url, "a URL"),
    "Number": (_is_number, "a number"),
    "Boolean": (lambda value: isinstance(value, bool), "true or false"),
    "Stamp": (_is_stamp, "a dateTimeStamp like 2026-01-31T09:30:00Z"),
    "DateTime": (_is_date_time, "a date with its time"),
    "Date": (_is_date, "a date like 2026-01-31"),
    "Country": (_matches(Pattern(r"[A-Z]{2}", re.ASCII)), "a country code of two capitals (ISO 3166-1)"),
    "Language": (_matches(_LANGUAGE), "a language code like 'en' or 'pt-BR'"),
    "CompactJws": (_matches(_COMPACT_JWS), "a compact JWS"),
    "ResultStatus": (lambda value: isinstance(value, str) and value in _RESULT_STATUS, "one of the result statuses"),
    **{
        name: (_enumeration(words), f"one of the specification's {name} values, or start with 'ext:'")
        for name, words in _ENUMERATIONS.items()
    },
}

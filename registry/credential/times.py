"""XML Schema dateTimeStamp, as VC Data Model 2.0 uses it (section 4.9)."""

import re
from datetime import UTC, datetime

from registry.errors import MalformedError

_STAMP = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)T(?P<time>\d\d:\d\d:\d\d)(?P<fraction>\.\d+)?(?P<zone>Z|[+-]\d\d:\d\d)", re.ASCII
)


def parse_stamp(text: str) -> datetime:
    """The moment of a dateTimeStamp, in UTC, cut to microseconds.

    Raises:
        MalformedError: Not a dateTimeStamp (the zone is mandatory), or outside the years 1 to 9999.
    """
    match = _STAMP.fullmatch(text)
    if match is None:
        raise MalformedError(f"{text[:40]!r} is not a dateTimeStamp.", todo="write it like 2026-01-31T09:30:00Z")
    zone = "+00:00" if match["zone"] == "Z" else match["zone"]
    fraction = (match["fraction"] or "")[:7]
    try:
        return datetime.fromisoformat(f"{match['date']}T{match['time']}{fraction}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise MalformedError(f"{text[:40]!r} names a moment that does not exist.") from None


def format_stamp(moment: datetime) -> str:
    """A moment as dateTimeStamp in UTC with seconds, e.g. 2026-01-31T09:30:00Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_of(seconds: int) -> str:
    """Block time (seconds since 1970) as dateTimeStamp; beyond the year 9999 the seconds, for nothing else names it."""
    try:
        return format_stamp(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return f"{seconds} seconds after 1970"

"""XML Schema dateTimeStamp, as VC Data Model 2.0 uses it (sections 4.9 and 11.2), for every year that it can name."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from registry.errors import MalformedError
from registry.patterns import Pattern

if TYPE_CHECKING:
    from datetime import datetime  # imported where one is made: a check of one file makes none

_DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
# Microseconds since 1970 at which the years 1 and 10000 begin.
_YEAR_1, _YEAR_10000 = -62_135_596_800_000_000, 253_402_300_800_000_000
_MAX_YEAR_DIGITS = 9
_SHORT = 40
# XML Schema 1.1 part 2, 3.4.28: 24:00:00 is the end of the day, zones reach 14:00, there is no second 60.
_STAMP = Pattern(
    r"(?P<year>-?(?:[1-9]\d{3,}|0\d{3}))-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])"
    r"T(?:(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d):(?P<second>[0-5]\d)(?:\.(?P<fraction>\d+))?|24:00:00(?:\.0+)?)"
    r"(?P<zone>Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))",
    re.ASCII,
)
_LEAP = Pattern(r".*T\d\d:\d\d:60(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def seconds_of(text: str) -> float:
    """The moment of a dateTimeStamp in seconds since 1970 (UTC), cut to microseconds; any year of up to nine digits.

    Raises:
        MalformedError: Not a dateTimeStamp (the zone is mandatory), or a day that its month does not have.
    """
    return _microseconds(text) / 1_000_000


def calendar_seconds_of(text: str) -> float:
    """The same for the years 1 to 9999 only.

    Raises:
        MalformedError: As `seconds_of` does, or another year.
    """
    return _calendar_microseconds(text) / 1_000_000


def parse_stamp(text: str) -> "datetime":
    """The moment of a dateTimeStamp, in UTC, cut to microseconds.

    Raises:
        MalformedError: Not a dateTimeStamp (the zone is mandatory), or outside the years 1 to 9999.
    """
    from datetime import UTC, datetime, timedelta

    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=_calendar_microseconds(text))


def _calendar_microseconds(text: str) -> int:
    moment = _microseconds(text)
    if not _YEAR_1 <= moment < _YEAR_10000:
        raise MalformedError(f"{text[:40]!r} lies outside the years 1 to 9999.")
    return moment


def _microseconds(text: str) -> int:
    """Since 1970. The credentials of a batch share their dates, so short texts are read once."""
    return _short_microseconds(text) if len(text) <= _SHORT else _read_microseconds(text)


@lru_cache(maxsize=1024)
def _short_microseconds(text: str) -> int:
    return _read_microseconds(text)


def _read_microseconds(text: str) -> int:
    match = _STAMP.fullmatch(text)
    if match is None:
        raise _malformed(text)
    year, month, day = int(match["year"][: _MAX_YEAR_DIGITS + 2]), int(match["month"]), int(match["day"])
    if len(match["year"].lstrip("-")) > _MAX_YEAR_DIGITS:
        raise MalformedError(f"{text[:40]!r} names a year of more than nine digits.", todo="leave the date out")
    if day > _days_in(year, month):
        raise MalformedError(f"{text[:40]!r} names a moment that does not exist.", todo="correct the day")
    clock = 86_400
    if match["hour"]:
        clock = int(match["hour"]) * 3_600 + int(match["minute"]) * 60 + int(match["second"])
    seconds = _days_before(year, month) * 86_400 + (day - 1) * 86_400 + clock - _offset(match["zone"])
    return seconds * 1_000_000 + int(((match["fraction"] or "") + "000000")[:6])


def _malformed(text: str) -> MalformedError:
    if _LEAP.fullmatch(text):
        return MalformedError(
            f"{text[:40]!r} names a leap second, which a dateTimeStamp cannot.", todo="write the next second"
        )
    return MalformedError(f"{text[:40]!r} is not a dateTimeStamp.", todo="write it like 2026-01-31T09:30:00Z")


def _offset(zone: str) -> int:
    """Seconds that local time is ahead of UTC."""
    if zone == "Z":
        return 0
    seconds = int(zone[1:3]) * 3_600 + int(zone[4:6]) * 60
    return -seconds if zone[0] == "-" else seconds


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if _is_leap(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _days_before(year: int, month: int) -> int:
    """Days from 1970-01-01 to the first of `month`, in the proleptic Gregorian calendar; the year 0 is 1 BCE."""
    past = year - 1
    days = past * 365 + past // 4 - past // 100 + past // 400 - 719_162
    return days + _DAYS_BEFORE[month - 1] + (month > 2 and _is_leap(year))


def format_stamp(moment: "datetime") -> str:
    """A moment as dateTimeStamp in UTC with seconds, e.g. 2026-01-31T09:30:00Z."""
    from datetime import UTC

    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=256)
def stamp_of(seconds: int) -> str:
    """Seconds since 1970 as dateTimeStamp in UTC; outside the years 1 to 9999 by the year alone."""
    from datetime import UTC, datetime, timedelta

    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return f"the year {1970 + seconds // 31_556_952}"
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}".rjust(20, "0")

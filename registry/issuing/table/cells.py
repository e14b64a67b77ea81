"""What a single value may hold. Each check yields what is wrong and what to write instead; nothing is changed silently.

A value is signed as it was written, but for white space around it. So whatever looks like something else than it is
(invisible characters, a wrong encoding, a formula's remains) is said before it is signed.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from unicodedata import category, normalize
from unicodedata import name as character_name

from registry.credential.times import parse_stamp
from registry.credential.values import is_url
from registry.errors import MalformedError

Fault = tuple[str, str]

LONGEST = {"id": 200, "name": 500, "email": 254, "did": 2_048, "awarded": 40, "expires": 40, "result": 1_000}
_LONGEST_URL = 2_048
_LONGEST_FILE_NAME = 200
_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}
# Joiners and direction marks belong to the spelling of names in Persian, Hindi, Arabic, Hebrew.
_SPELLING = "\u200c\u200d\u200e\u200f\u061c"
_BLANKS = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_EMAIL = re.compile(
    r"[^\s@<>()\[\],;:\\\"]{1,64}@(?:[^\s@.<>()\[\],;:\\\"/]{1,63}\.)+[^\s@.<>()\[\],;:\\\"/\d][^\s@.<>()\[\],;:\\\"/]{1,62}"
)
_DID = re.compile(r"did:[a-z0-9]+:(?:[A-Za-z0-9._:-]|%[0-9A-Fa-f]{2})*(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})", re.ASCII)
_ERROR = re.compile(r"#(N/A|REF!|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|SPILL!|NV|WERT!|BEZUG!|ZAHL!)", re.ASCII)
_MOJIBAKE = re.compile(
    r"[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122]"
)
_D_M_Y = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})", re.ASCII)
_NO_ZONE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?", re.ASCII)
_DAY_COUNT = re.compile(r"[2-7]\d{4}(\.\d+)?", re.ASCII)
_END_OF_DAY = "23:59:59Z"


def text_faults(field: str, text: str) -> Iterator[Fault]:
    """Faults of characters, which any field may have; `text` has no white space around it."""
    longest = LONGEST.get(field, _LONGEST_URL)
    if len(text) > longest:
        yield f"has {len(text):,} characters", f"write at most {longest:,}"
    if text[0] in "=@" or (text[0] in "+-" and text[1:2].isalpha()):
        yield f"{text[:40]!r} looks like the remains of a formula", "write the value itself"
    if _ERROR.fullmatch(text):
        yield f"{text!r} is a spreadsheet's error", "correct the formula, or write the value itself"
    for character in dict.fromkeys(text):
        if fault := _character_fault(field, character):
            yield fault


def _character_fault(field: str, character: str) -> Fault | None:
    kind, known = category(character), f"U+{ord(character):04X}"
    label = f"{known} {character_name(character, 'control character').lower()}"
    if character == "\ufffd":
        return (
            "holds \ufffd, which stands for a character that was lost",
            "write the right one, and save the file in UTF-8",
        )
    if character in "\n\t\r" and field in ("name", "result"):
        return None  # a line break inside quotes is signed as it was written
    if kind in ("Cc", "Cn", "Co", "Cs"):
        return f"holds the control or unassigned character {known}", "delete it"
    if kind == "Cf" and (character not in _SPELLING or field not in ("name", "result")):
        return f"holds the invisible character {label}", "delete it"
    if _BLANKS.match(character) and field != "result" and (character != "\u3000" or field != "name"):
        return f"holds {label}, which looks like a blank", "write an ordinary blank"
    return None


def mojibake(text: str) -> str:
    """What `text` was before UTF-8 was taken for Windows-1252; empty where it does not look so."""
    if not _MOJIBAKE.search(text):
        return ""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return ""


def id_faults(text: str) -> Iterator[Fault]:
    """An id names a file and is printed on lists."""
    if not names_a_file(text):
        yield f"{text[:40]!r} cannot name a file", "use at most 60 letters, digits, '-' and '_'"


def names_a_file(name: str) -> bool:
    """Whether `name` and `.json` name a file on every common system: at most 200 bytes, nothing reserved."""
    if len(name.encode(errors="replace")) > _LONGEST_FILE_NAME or name.startswith(".") or name.endswith((".", " ")):
        return False
    if name.partition(".")[0].upper() in _RESERVED:
        return False
    return name.isprintable() and not any(character in '/\\:*?"<>|' for character in name)


def same_file(name: str) -> str:
    """What two ids have in common whose files some system takes for one (case, composition)."""
    return name.casefold() if name.isascii() else normalize("NFC", name).casefold()


def email_faults(text: str) -> Iterator[Fault]:
    """One address, local part and domain (RFC 5321, 4.1.2, without quoted local parts; RFC 6531 letters)."""
    if text.lower().startswith("mailto:"):
        yield f"{text[:60]!r} is a link", f"write {text[7:67]!r}"
    elif text.count("@") > 1 or ";" in text:
        yield f"{text[:60]!r} is more than one e-mail address", "write one"
    elif not _EMAIL.fullmatch(text) or ".." in text or text.startswith(".") or ".@" in text:
        yield f"{text[:60]!r} is no e-mail address", "write it like learner@example.org"


def did_faults(text: str) -> Iterator[Fault]:
    """A DID without path, query or fragment (DID Core, 3.1)."""
    if not _DID.fullmatch(text):
        write = (
            f"write {text.split('#')[0][:60]!r}"
            if _DID.fullmatch(text.split("#")[0])
            else "write it like did:key:z6Mk…"
        )
        yield f"{text[:60]!r} is no DID", write


def evidence_faults(text: str) -> Iterator[Fault]:
    """A URL that others can follow."""
    scheme = text.partition(":")[0].lower()
    if scheme in ("file", "javascript", "data", "vbscript", "blob") or re.match(r"[A-Za-z]:[\\/]|\\\\", text):
        yield f"{text[:60]!r} is nothing that others can open", "write a URL that starts with https://"
    elif not is_url(text):
        spaced = is_url(text.replace(" ", "%20"))
        write = f"write {text.replace(' ', '%20')[:100]!r}" if spaced else "write a URL that starts with https://"
        yield f"{text[:60]!r} is no URL", write


def stamp_of_cell(text: str, style: str, *, end: bool) -> str:
    """A cell as dateTimeStamp: one with a time as it is; a day from its first second, or to its last one (UTC).

    Args:
        text: Not empty.
        style: One of tables.DATE_STYLES, for days that are not written like 2026-01-31.
        end: Whether a day without a time means its end (`expires`), so that its last day is a valid one.

    Raises:
        MalformedError: No date; `todo` says what to write instead.
    """
    day = text if len(text) == 10 and text[4] == "-" == text[7] else _in_style(text, style)
    if day:
        try:
            date.fromisoformat(day)
        except ValueError:
            raise MalformedError(f"{text!r} is no day of the calendar", todo="write it like 2026-01-31") from None
        return f"{day}T{_END_OF_DAY}" if end else f"{day}T00:00:00Z"
    try:
        parse_stamp(text)
    except MalformedError:
        raise MalformedError(f"{text[:40]!r} is no date", todo=_suggestion(text, style)) from None
    return text


def _in_style(text: str, style: str) -> str:
    match = _D_M_Y.fullmatch(text)
    if match is None or style[0] == "Y" or match[2] != style[2]:
        return ""
    first, _, second, year = match.groups()
    month, day = (first, second) if style[0] == "M" else (second, first)
    return f"{year}-{int(month):02}-{int(day):02}"


def _suggestion(text: str, style: str) -> str:
    match = _D_M_Y.fullmatch(text)
    if match:
        first, mark, second, year = match.groups()
        days = [_iso(year, second, first), _iso(year, first, second)] if mark != "." else [_iso(year, second, first)]
        shown = " or ".join(dict.fromkeys(day for day in days if day)) or "it like 2026-01-31"
        styles = "DD.MM.YYYY" if mark == "." else "DD/MM/YYYY or MM/DD/YYYY"
        return f"write {shown}, or name the style with `dates` in the achievement file: {styles}"
    if _NO_ZONE.fullmatch(text):
        return f"write the time zone too, like {text.replace(' ', 'T')}Z or …+01:00, or the day alone"
    if _DAY_COUNT.fullmatch(text):
        day = date(1899, 12, 30) + timedelta(days=int(float(text)))
        return f"it is Excel's count of days: write {day.isoformat()}"
    return "write it like 2026-01-31" if style[0] == "Y" else f"write it like 2026-01-31, or as {style}"


def _iso(year: str, month: str, day: str) -> str:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""

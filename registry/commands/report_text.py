"""A report as a person reads it."""

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry.verification.report import Report
    from registry.verification.verdict import Check

_MARK = {"valid": "✓", "invalid": "✗", "unknown": "?", "not_applicable": "–", "not_checked": "·"}
_COLOURS = {"valid": "32", "invalid": "31", "unknown": "33"}
_WORDS = {"registry": "by the registry's word", "endpoint": "by the endpoint's word", "proven": "proven from its hash"}
_COMPARED = {
    "proof": ", which it compared with state proofs",
    "views": ", which it compared with its node's word alone: the node gives no state proofs",
}


def report_text(name: str, report: "Report", *, colour: bool = False) -> str:
    """The lines about one credential; `name` is its file."""
    verdict = report.verdict.value
    shown = f"\033[1;{_COLOURS[verdict]}m{verdict.upper()}\033[0m" if colour else verdict.upper()
    lines = [f"{name}: {shown}{_moment(report)}"]
    said = ""
    for check in (*report.checks, report.holder):
        lines.append(_check_line(check, said))
        said = check.detail or said
    if report.warning:
        lines.append(f"  ! {_shown(report.warning)}")
    if report.as_of is not None:
        age = max(0, int(report.checked_at) - report.as_of.time)
        when = f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(report.as_of.time))} UTC, {_ago(age)}"
        said_by = _WORDS.get(report.assurance.value, "") + _COMPARED.get(report.compared, "")
        lines.append(f"  as of block {report.as_of.number} ({when}), {said_by}")
    return "\n".join(lines)


def wants_colour() -> bool:
    """Whether a person looks at a terminal."""
    return sys.stdout.isatty()


def _moment(report: "Report") -> str:
    if not report.moment or abs(report.moment - report.checked_at) < 1:
        return ""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(report.moment))
    return f" about {stamp}, by what is known today" if report.about else f" as it was on {stamp}"


def _check_line(check: "Check", said: str) -> str:
    detail = (
        "  (the same reason)" if check.detail == said != "" else f"  {_shown(check.detail)}" if check.detail else ""
    )
    code = f"  [{check.code}]" if check.code else ""
    return f"  {_MARK[check.verdict.value]} {check.name:<11}{check.verdict.value.replace('_', ' '):<15}{detail}{code}"


def _shown(detail: str) -> str:
    """Words from documents and lists may hold codes that a terminal obeys."""
    if detail.isprintable():
        return detail
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in detail)


def _ago(seconds: int) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    from registry.commands.words import count  # one file less to open where no block is told

    return f"{count(seconds, 'second')} ago"

"""hallmark lint FILE…: what a microcredential lacks; exit 0 nothing mandatory, 1 gaps or broken rules."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from registry.credential.micro.elements import Finding
    from registry.credential.micro.report import AchievementReport, LintReport
    from registry.errors import HallmarkError

_MARK = {"present": "✓", "partly": "~", "missing": "✗", "at_issue": "·"}
_STATUS = {"at_issue": "when issued"}


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "files", metavar="FILE", type=Path, nargs="+", help="credentials, baked badges, or achievements"
    )
    parser.add_argument("--json", action="store_true", help="a JSON list, one object a file")


def run(args: Namespace) -> int:
    """Lint each file and print what was found."""
    rows = [(path, _lint(path)) for path in args.files]
    if args.json:
        print(json.dumps([_row(path, found) for path, found in rows], indent=2, ensure_ascii=False))
    else:
        for path, found in rows:
            _print(path, found)
    return 0 if all(not isinstance(found, Exception) and found.complete for _, found in rows) else 1


def _lint(path: Path) -> "LintReport | HallmarkError":
    from registry.containers import MAX_BYTES
    from registry.containers.carrier import read_container
    from registry.credential.micro.report import lint
    from registry.credential.reader import read_document
    from registry.errors import HallmarkError

    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    try:
        return lint(read_document(read_container(data)))
    except HallmarkError as error:
        return error


def _row(path: Path, found: "LintReport | HallmarkError") -> dict[str, Any]:
    if isinstance(found, Exception):
        problem = {"path": "$", "code": found.code, "detail": str(found)}
        empty = {"model": "unreadable", "complete": False, "problems": [problem], "narrower": [], "achievements": []}
        return {"file": str(path), **empty}
    return {"file": str(path), **found.to_json()}


def _print(path: Path, found: "LintReport | HallmarkError") -> None:
    if isinstance(found, Exception):
        print(f"{path}: {found}")
        return
    print(f"{path}: {'complete' if found.complete else 'INCOMPLETE'}{_counts(found)}")
    _list("broken rules", found.problems)
    for report in found.achievements:
        _print_achievement(report, alone=len(found.achievements) == 1)
    _list("allowed by VC 2.0, but refused by the published schema of Open Badges", found.narrower)


def _counts(found: "LintReport") -> str:
    parts = []
    for kind, mandatory in (("mandatory", True), ("optional", False)):
        findings = [f for a in found.achievements for f in a.elements if f.element.mandatory is mandatory]
        told = sum(finding.status == "present" for finding in findings)
        parts += [f"{told} of {len(findings)} {kind} elements"] if findings else []
    return ": " + ", ".join(parts) if parts else ""


def _print_achievement(report: "AchievementReport", *, alone: bool) -> None:
    if not alone:
        print(f"  {report.path}")
    for mandatory, title in ((True, "mandatory"), (False, "optional")):
        print(f"  {title} (Council Recommendation 2022/C 243/02, Annex I)")
        for finding in report.elements:
            if finding.element.mandatory is mandatory:
                _print_finding(finding)
    if report.skills:
        print("  skills")
        for skill in report.skills:
            print(f"    {skill.framework:<8}{skill.name}  {skill.url}")
    _list("advice", report.advice)


def _print_finding(finding: "Finding") -> None:
    shown = finding.text or _STATUS.get(finding.status, finding.status)
    partly = "  (partly)" if finding.status == "partly" else ""
    print(f"    {_MARK[finding.status]} {finding.element.name:<58}{shown}{partly}")
    if finding.status in ("missing", "partly"):
        print(f"        fill it: {finding.element.fill}")


def _list(title: str, problems: tuple[Any, ...]) -> None:
    if problems:
        print(f"  {title}")
        for problem in problems:
            print(f"    {problem}")

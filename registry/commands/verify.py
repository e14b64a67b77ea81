"""hallmark verify FILE…: exit 0 all valid, 1 any invalid, 2 otherwise any unknown."""

import json
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from registry.commands import options

if TYPE_CHECKING:
    from registry.verification.report import Report
    from registry.verification.verify import Presented

_EXIT = {"valid": 0, "invalid": 1, "unknown": 2}
_MARK = {"valid": "✓", "invalid": "✗", "unknown": "?", "not_applicable": "–", "not_checked": "·"}


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("files", metavar="FILE", type=Path, nargs="+", help="credentials to verify")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--registry", metavar="URL", help="ask this registry; the verdict is still computed here")
    source.add_argument("--rpc", metavar="URL", help="ask this chain endpoint, and no registry")
    parser.add_argument("--deployment", metavar="FILE", type=Path, help="a contract that you trust")
    parser.add_argument("--trust", metavar="FILE", type=Path, action="append", help="another one (repeatable)")
    parser.add_argument("--profile", metavar="FILE", type=Path, action="append", help="the issuer's profile document")
    parser.add_argument(
        "--status-list",
        metavar="[URL=]FILE",
        action="append",
        default=[],
        help="a status list that you hold (repeatable)",
    )
    parser.add_argument(
        "--allow-host",
        metavar="HOST",
        action="append",
        help="a host that may be asked for status lists and DID documents",
    )
    parser.add_argument(
        "--did", metavar="FILE", type=Path, action="append", default=[], help="an issuer's DID document (repeatable)"
    )
    parser.add_argument("--key", metavar="LINK", help="the link of an encrypted copy, or the key behind its '#'")
    parser.add_argument("--max-age", metavar="SECONDS", type=int, help="older evidence is unknown")
    parser.add_argument("--json", action="store_true", help="a JSON list, one object a file")


def run(args: Namespace) -> int:
    """Verify each file and print the reports."""
    reports = [(path, report) for path, report in zip(args.files, _reports(args), strict=True)]
    if args.json:
        rows = [{"file": str(path), **report.to_json()} for path, report in reports]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        for path, report in reports:
            print_report(str(path), report)
    codes = {_EXIT[report.verdict.value] for _, report in reports}
    return 1 if 1 in codes else max(codes)


def _reports(args: Namespace) -> list["Report"]:
    verify = verifier(args)
    return [verify(path) for path in args.files]


def verifier(args: Namespace) -> Callable[[Path], "Report"]:
    """A function that verifies one file with the sources and the list that the options name."""
    from registry import bootstrap
    from registry.credential.reader import read_document
    from registry.verification.evidence import Evidence, NoEvidence, Policy
    from registry.verification.verify import judge

    settings = options.settings_of(args)
    # What is named on the command line decides; a registry in the settings does not override --rpc.
    settings = settings.model_copy(update={"registry": None}) if args.rpc else settings
    profiles = [read_document(path.read_bytes()) for path in args.profile or ()]
    source = None
    if settings.registry or settings.rpc:
        source = bootstrap.evidence_source(settings, [*profiles, *bootstrap.profiles_beside(args.files)])
    policy = Policy(bootstrap.trusted_contracts(settings), time.time(), args.max_age)
    lists = bootstrap.list_reader(settings, args.status_list)
    controllers = bootstrap.controller_reader(settings, args.did)

    def verify(path: Path) -> "Report":
        presented = _open(path, args.key)
        evidence: Evidence | NoEvidence
        if presented.place is None:
            evidence = NoEvidence("The document names no place on a chain.", "NOT_ANCHORED")
        elif source is None:
            evidence = NoEvidence("No source was named; give --registry or --rpc.", "NOT_ASKED")
        else:
            evidence = source.gather(presented.place, presented.account)
        known = controllers.read(presented.controllers(evidence))
        return judge(presented, evidence, policy, lists.read(presented.lists_for(evidence)), known)

    return verify


def _open(path: Path, key: str | None) -> "Presented":
    """The credential in a file, whatever it came in; a container that carries none is not readable."""
    from registry.containers import sealed
    from registry.containers.carrier import MAX_BYTES, read_container
    from registry.errors import HallmarkError, Unreadable
    from registry.verification.verify import Presented, present

    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        return Presented(None, Unreadable(f"{path} cannot be read: {error.strerror}.", todo="check the name"))
    try:
        return present(sealed.unseal(data, sealed.key_of(key)) if key else read_container(data))
    except HallmarkError as error:
        return Presented(None, error)


def _shown(detail: str) -> str:
    """Words from documents and lists may hold codes that a terminal obeys."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in detail)


def print_report(name: str, report: "Report") -> None:
    """The report as a person reads it."""
    colour = {"valid": "32", "invalid": "31", "unknown": "33"}[report.verdict.value]
    verdict = report.verdict.value.upper()
    shown = f"\033[1;{colour}m{verdict}\033[0m" if sys.stdout.isatty() else verdict
    print(f"{name}: {shown}")
    said = ""
    for check in report.checks:
        detail = (
            "  (the same reason)" if check.detail == said != "" else f"  {_shown(check.detail)}" if check.detail else ""
        )
        said = check.detail or said
        code = f"  [{check.code}]" if check.code else ""
        print(
            f"  {_MARK[check.verdict.value]} {check.name:<11}{check.verdict.value.replace('_', ' '):<15}{detail}{code}"
        )
    if report.warning:
        print(f"  ! {report.warning}")
    if report.as_of is not None:
        age = max(0, int(time.time()) - report.as_of.time)
        when = f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(report.as_of.time))} UTC, {_ago(age)}"
        print(f"  as of block {report.as_of.number} ({when}), by the {report.assurance.value}'s word")


def _ago(seconds: int) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} seconds ago"

"""hallmark audit: replay the chain and compare; exit 0 equal, 1 differs, 2 cannot tell."""

import json
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from registry.commands import options
from registry.commands.words import count

if TYPE_CHECKING:
    from registry.audit.audit import AuditReport

_EXIT = {"equal": 0, "differs": 1, "unknown": 2}
_SHOWN = 10


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--verify", choices=["receipts"], help="rebuild every block's receipts root: slow, thorough")
    parser.add_argument(
        "--signer",
        metavar="DID",
        dest="signers",
        action="append",
        default=[],
        help="a key by which the registry signs its checkpoints; may be given several times (default: the first one's)",
    )
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    options.add_chain(parser)
    options.add_database(parser)


def run(args: Namespace) -> int:
    """Audit the mirror that the settings name."""
    from registry import bootstrap
    from registry.audit.audit import Asked, audit

    settings = options.settings_of(args)
    place = bootstrap.deployment(settings)
    asked = Asked(args.verify == "receipts", args.signers, (place.safe_after, place.final_after))
    report = audit(bootstrap.chain(settings), bootstrap.audited_mirror(settings), place.block_number, asked)
    if args.json:
        print(json.dumps(report.to_json(), indent=2))
    else:
        print_report(report)
    return _EXIT[report.outcome.value]


def print_report(report: "AuditReport") -> None:
    """The report as a person reads it."""
    seen = f"{count(report.events, 'event')}, {count(report.rows, 'row')}"
    print(f"audit: {report.outcome.value.upper()} at block {report.block} ({seen})")
    print(f"  {report.detail}")
    for difference in report.differences[1:_SHOWN]:
        print(f"  {difference}")
    if len(report.differences) > _SHOWN:
        print(f"  … and {len(report.differences) - _SHOWN} more")

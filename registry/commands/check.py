"""hallmark issue --check: every fault of an input, with file, row, column and what to write instead; exit 0 or 1."""

import json
import sys
from argparse import Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from registry.commands import words
from registry.commands.issuing import batch_of_input, tell_notes
from registry.commands.progress import Progress, progress_bar

if TYPE_CHECKING:
    from registry.config import Settings
    from registry.issuing.check import Check


def run(args: Namespace, settings: "Settings") -> int:
    """Look at the input and say everything."""
    from rich.console import Console

    from registry.errors import InputError
    from registry.issuing.table.complaints import listing

    if args.input is None:
        raise InputError("The input is missing.", todo="name IN")
    with progress_bar(Console(stderr=True)) as progress:
        check = _check(args, settings, progress)
        count, found = check.run()
    if args.json:
        print(
            json.dumps({"file": str(args.input), "documents": count, **found.to_json()}, indent=2, ensure_ascii=False)
        )
        return 1 if found.errors else 0
    tell_notes(found)
    if found.errors:
        print(listing(str(args.input), found.errors), end="")
        print(f"{words.count(len(found.errors), 'error')}; nothing was issued")
        return 1
    print(f"{args.input}: {words.count(count, 'credential')} can be issued{_before(check, settings)}")
    return 0


def _before(check: "Check", settings: "Settings") -> str:
    """What a run would find in the journal: this very input."""
    from registry import bootstrap

    entry = bootstrap.journal(settings).get(check.batch.batch_id) if check.screen_of else None
    if entry is None:
        return ""
    done = entry.state in ("released", "purged")
    what = "another run issues nothing" if done else "the next run goes on with it"
    return f"; this very input is batch {entry.batch_id.hex()}, {entry.state}: {what}"


def _check(args: Namespace, settings: "Settings", progress: Progress) -> "Check":
    from registry import bootstrap
    from registry.credential.place import BatchId, ContractId
    from registry.credential.times import format_stamp
    from registry.issuing.achievement import read_achievement
    from registry.issuing.check import Check

    who = bootstrap.identity_at_home(settings)
    if who is None:
        print(
            f"{settings.home} names no issuer: whose documents are, and what was issued before, is not looked at",
            file=sys.stderr,
        )
    batch = BatchId(ContractId(1, bytes(20)), 1, bytes(16)) if who is None else batch_of_input(args, who)
    return Check(
        source=args.input,
        achievement=read_achievement(args.achievement) if args.achievement else None,
        did=who.did if who else None,
        profile=dict(who.profile) if who else {"name": "An issuer"},
        batch=batch,
        created=format_stamp(datetime.now(UTC)),
        suite=args.suite,
        foreign=args.allow_foreign_issuer,
        screen_of=bootstrap.screen(settings, batch, who, args.duplicates) if who else None,
        progress=progress,
    )

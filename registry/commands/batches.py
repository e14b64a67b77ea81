"""hallmark batches: where each batch of the home folder stands; purge: forget documents; drop: give up a batch."""

import json
from argparse import SUPPRESS, ArgumentParser, Namespace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.commands import options, words

if TYPE_CHECKING:
    from registry.config import Settings
    from registry.issuing.home.workspace import Workspace
    from registry.ports.store import Journal, JournalEntry


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="for programs")
    options.add_home(parser)
    acts = parser.add_subparsers(dest="act", metavar="ACT")
    purge = acts.add_parser("purge", help="delete the staged documents and salts of batches that were delivered")
    purge.add_argument("batch", metavar="BATCH", nargs="*", help="its id, or how that begins")
    purge.add_argument("--older-than", metavar="DAYS", type=int, help="every released batch staged longer ago")
    drop = acts.add_parser("drop", help="give up batches that were staged and never sent")
    drop.add_argument("batch", metavar="BATCH", nargs="+", help="its id, or how that begins")
    options.add_chain(drop)
    for act in (purge, drop):
        act.add_argument("--yes", action="store_true", help="do not ask")
        # No default: it would hide a --home before the act.
        act.add_argument("--home", metavar="DIR", type=Path, default=SUPPRESS, help="the issuer's folder")


def run(args: Namespace) -> int:
    """List, purge, or drop."""
    from registry import bootstrap

    settings = options.settings_of(args)
    home = bootstrap.workspace(settings)
    if not home.journal.exists():
        print("[]" if args.json else f"nothing was issued from {home.home}")
        return 0
    journal = bootstrap.journal(settings)
    if args.act == "purge":
        return _purge(args, journal, home)
    if args.act == "drop":
        return _drop(args, settings)
    rows = [_row(entry, home) for entry in journal.entries()]
    print(json.dumps(rows, indent=2) if args.json else "\n".join(map(_line, rows)) or "no batch was staged yet")
    return 0


def _row(entry: "JournalEntry", home: "Workspace") -> dict[str, Any]:
    cost = entry.gas_used * entry.gas_price if entry.gas_used and entry.gas_price else None
    return {
        "batch": entry.batch_id.hex(),
        "state": entry.state,
        "relayed": entry.request is not None,
        "credentials": entry.leaf_count,
        "staged": entry.created,
        "block": entry.block_number,
        "transaction": "0x" + entry.tx_hash.hex() if entry.tx_hash else None,
        "offers": len(entry.offers),
        "gasUsed": entry.gas_used,
        "costWei": None if cost is None else str(cost),
        "costPerCredentialWei": None if cost is None else str(cost // entry.leaf_count),
        "out": entry.out,
        "documentsKept": home.batch_folder(entry.batch_id).exists(),
    }


_WAITS = {
    "staged": "nothing was sent; go on with `hallmark issue --resume`, or give it up with `hallmark batches drop`",
    "sent": "not mined yet; go on with `hallmark issue --resume`",
    "included": "not deep enough yet; go on with `hallmark issue --resume`",
    "final": "not written yet; go on with `hallmark issue --resume`",
}


def _line(row: dict[str, Any]) -> str:
    count = words.count(row["credentials"], "credential")
    cost = f", {words.paid(int(row['costWei']))}" if row["costWei"] else ""
    where = f" in block {row['block']}" if row["block"] is not None else ""
    waits = "with a relayer; " * (row["relayed"] and row["state"] == "sent") + _WAITS.get(row["state"], row["out"])
    return f"{row['batch']}  {row['state']:<8} {row['staged']}  {count}{where}{cost}: {waits}"


def _purge(args: Namespace, journal: "Journal", home: "Workspace") -> int:
    from registry.issuing.home.purge import chosen, purge, undelivered

    limit = None
    if args.older_than is not None:
        limit = datetime.now(UTC) - timedelta(days=args.older_than)
    with journal.lock():
        entries = chosen(journal.entries(), args.batch, limit, home)
        for entry in entries:
            print(_warning(entry, undelivered(entry)))
        if not entries or not _agreed(args, len(entries)):
            print("nothing was purged")
            return 0 if not entries else 1
        for entry in entries:
            purge(entry, journal, home)
            print(f"purged {entry.batch_id.hex()}")
    return 0


def _warning(entry: "JournalEntry", gone: bool) -> str:
    lost = f"\n  ATTENTION: {entry.out} is gone or moved; if nobody has the credentials they are lost for ever"
    return (
        f"Batch {entry.batch_id.hex()}, {words.count(entry.leaf_count, 'credential')}, in {entry.out}. After this:\n"
        "  a credential file that is lost cannot be written again: its salt is gone, and nobody can prove it any more\n"
        "  the credentials that were delivered stay valid, and can be revoked by their files\n"
        f"  the journal keeps batch id, root and transaction: the input is never anchored twice{lost * gone}"
    )


def _drop(args: Namespace, settings: "Settings") -> int:
    """Under the lock, so that no run sends what is being dropped."""
    from registry import bootstrap
    from registry.issuing.home.drop import chosen, drop

    journal, home = bootstrap.journal(settings), bootstrap.workspace(settings)
    with journal.lock():
        entries = chosen(journal.entries(), args.batch, home, bootstrap.recorded(settings))
        for entry in entries:
            print(_farewell(entry))
        if not _agreed(args, len(entries)):
            print("nothing was dropped")
            return 1
        for entry in entries:
            drop(entry, journal, bootstrap.issued(settings), home)
            print(f"dropped {entry.batch_id.hex()}")
    return 0


def _farewell(entry: "JournalEntry") -> str:
    return (
        f"Batch {entry.batch_id.hex()}, {words.count(entry.leaf_count, 'credential')}, staged {entry.created},"
        " never sent; the contract has no record of it. After this:\n"
        "  its documents and salts are deleted, and its learners count as never issued\n"
        "  the same input can be issued again, and is staged anew\n"
        "  ATTENTION: if another copy of this folder sent it, only that copy can still finish it"
    )


def _agreed(args: Namespace, count: int) -> bool:
    import sys

    if args.yes:
        return True
    if not sys.stdin.isatty():
        print("there is nobody to ask; say --yes")
        return False
    return input(f"{args.act.capitalize()} {words.count(count, 'batch')}? Write yes: ").strip().lower() == "yes"

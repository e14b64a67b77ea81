"""hallmark issue | anchor: results or ready documents to anchored credentials."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from registry.commands import check, options
from registry.commands.progress import progress_bar
from registry.commands.words import count, paid
from registry.issuing.batch import SHARD

if TYPE_CHECKING:
    from registry.chain.contract import RegistryContract
    from registry.config import Settings
    from registry.issuing.anchor import Issued


def add(parser: ArgumentParser) -> None:
    """Declare the options of `issue`."""
    parser.add_argument(
        "input",
        metavar="IN",
        type=Path,
        nargs="?",
        help="a .csv or .xlsx of results, an .ndjson file, or a folder of .json",
    )
    parser.add_argument(
        "--resume", metavar="BATCH", nargs="?", const="", help="take up this batch, or every unfinished one, without IN"
    )
    parser.add_argument("--achievement", metavar="FILE", type=Path, help="the Open Badges achievement of a CSV")
    add_common(parser)


def add_anchor(parser: ArgumentParser) -> None:
    """Declare the options of `anchor`, which takes ready documents only."""
    parser.add_argument("input", metavar="IN", type=Path, help="an .ndjson file, or a folder of .json documents")
    parser.set_defaults(achievement=None, resume=None)
    add_common(parser)


def add_common(parser: ArgumentParser) -> None:
    """Options of both."""
    _add_documents(parser)
    _add_delivery(parser)
    _add_work(parser)
    options.add_chain(parser)
    options.add_account(parser)
    options.add_home(parser)
    options.add_signing(parser)
    options.add_relay(parser)


def _add_documents(parser: ArgumentParser) -> None:
    parser.add_argument("--out", metavar="DIR", type=Path, help="where the credentials go")
    parser.add_argument(
        "--allow-foreign-issuer", action="store_true", help="anchor other issuers' documents as they are"
    )
    parser.add_argument(
        "--suite",
        choices=("rdf", "jcs"),
        default="",
        help="sign statements (eddsa-rdfc-2022, the default for badges) or the document as it stands (eddsa-jcs-2022)",
    )
    parser.add_argument(
        "--check", action="store_true", help="say everything that is wrong with IN, and end; needs no chain and no key"
    )
    parser.add_argument("--json", action="store_true", help="with --check: as JSON")
    parser.add_argument(
        "--duplicates",
        choices=("deny", "replace", "allow"),
        default="deny",
        help="a credential that was issued before: refuse it (default), replace and revoke it, or issue another",
    )


def _add_delivery(parser: ArgumentParser) -> None:
    parser.add_argument("--public-url", metavar="URL", help="base URL that documents name for their status lists")
    parser.add_argument(
        "--wait", metavar="HOW", type=options.depth, help="final (default), safe, or a number of confirmations"
    )
    parser.add_argument("--registry", metavar="URL", help="deposit profile and manifest there")
    parser.add_argument(
        "--layout",
        choices=("files", "sharded", "ndjson", "zip"),
        default="files",
        help="one file each (default), folders of 1,000 files, one NDJSON file, or a zip each",
    )


def _add_work(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--workers", metavar="N", type=_number(0), default=0, help="processes (default: one for each core)"
    )
    parser.add_argument("--dask", metavar="URL", help="sign with the workers of this Dask scheduler (tls://host:8786)")
    parser.add_argument(
        "--shard-size", metavar="N", type=_number(1), default=SHARD, help=f"most credentials of one record ({SHARD:,})"
    )


def _number(lowest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= SHARD):
            raise ArgumentTypeError(f"{text!r} is no number from {lowest} to {SHARD:,}")
        return int(text)

    return read


def run(args: Namespace) -> int:
    """Issue; prints what it cost and where the credentials lie."""
    from rich.console import Console

    from registry import bootstrap
    from registry.commands.issuing import issue
    from registry.errors import AlreadyAnchored

    settings, console = options.settings_of(args), Console(highlight=False, soft_wrap=True)

    def say(state: str) -> None:
        console.print(f"  {state}")

    if args.resume is not None:
        return _resume(args, settings, say)
    if args.check:
        return check.run(args, settings)
    _require_input(args)
    contract = bootstrap.contract(settings)
    with progress_bar(console) as progress:
        try:
            issued = issue(args, settings, contract, say, progress)
        except AlreadyAnchored:
            # What was left to do when an earlier run ended.
            if not _supersede(settings, contract, console.print):
                raise
            return 0
    for one in issued:
        _tell(one, settings, console.print)
    _supersede(settings, contract, console.print)
    return 0


def _supersede(settings: "Settings", contract: "RegistryContract", tell: Callable[[str], None]) -> int:
    """Revoke what finished batches replaced; how many transactions that took."""
    from registry import bootstrap
    from registry.issuing.lifecycle import revoke_superseded

    index = bootstrap.issued(settings)
    if not index.pending():
        return 0
    known, done = bootstrap.known_batches(settings), 0
    for sent in revoke_superseded(contract, index, bootstrap.journal(settings), known.ref):
        what = count(sent.credentials, "replaced credential")
        tell(f"revoked {what} in block {sent.block}, {sent.gas_used:,} gas (superseded)")
        done += 1
    return done


def _require_input(args: Namespace) -> None:
    from registry.errors import InputError

    if args.input is None or args.out is None:
        raise InputError("The input or --out is missing.", todo="name IN and --out DIR, or --resume")


def _resume(args: Namespace, settings: "Settings", say: Callable[[str], None]) -> int:
    """Take up unfinished batches, oldest first; one that cannot go on does not stop the others."""
    from registry import bootstrap
    from registry.errors import HallmarkError, HandedOver

    entries, worst = bootstrap.unfinished(settings, args.resume), 0
    if not entries:
        print("there is no unfinished batch")
        return 0
    contract = bootstrap.contract(settings)
    run_ = bootstrap.issuing_run(settings, say, contract)
    for entry in entries:
        print(f"batch {entry.batch_id.hex()}, {entry.state}")
        try:
            _tell(run_.resume(entry), settings, print)
        except HandedOver as waiting:
            print(f"  {waiting}")
            worst = max(worst, 3)
        except HallmarkError as error:
            print(f"  {error}")
            worst = 1
    _supersede(settings, contract, print)
    return worst


def _tell(issued: "Issued", settings: "Settings", tell: Callable[[str], None]) -> None:
    what = f"anchored {count(issued.count, 'credential')} in block {issued.block_number}{_cost(issued)}"
    tell(f"{what}; they lie in {issued.out}")
    if settings.registry:
        from registry.commands.publish import publish

        tell(f"deposited {', '.join(publish(issued.out, settings.registry))} at {settings.registry}")


def _cost(issued: "Issued") -> str:
    """What was paid, in all and for each credential, in the chain's currency."""
    if not issued.gas_used:
        return ""
    gas, wei = issued.gas_used, issued.gas_used * (issued.gas_price or 0)
    each = f"{wei / 1e18 / issued.count:.3g} a credential"
    return f" ({gas:,} gas, {gas / issued.count:,.1f} a credential; {paid(wei)}, {each})"

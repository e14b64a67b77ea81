"""hallmark issue | anchor: results or ready documents to anchored credentials; hallmark publish: tell a registry."""

import contextlib
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from registry.commands import check, options
from registry.commands.progress import progress_bar

# As `registry.issuing.batch.staging.SHARD`, which is not imported before it is needed.
SHARD = 2**20

if TYPE_CHECKING:
    from registry.config import Settings
    from registry.credential.place import BatchId
    from registry.issuing.anchor import Issued
    from registry.issuing.batch.assemble import StagedBatch
    from registry.issuing.batch.dask_runner import DaskCluster
    from registry.issuing.home.workspace import IssuerIdentity


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
    parser.add_argument(
        "--workers", metavar="N", type=_number(0), default=0, help="processes (default: one for each core)"
    )
    parser.add_argument("--dask", metavar="URL", help="sign with the workers of this Dask scheduler (tls://host:8786)")
    parser.add_argument(
        "--shard-size", metavar="N", type=_number(1), default=SHARD, help=f"most credentials of one record ({SHARD:,})"
    )
    options.add_chain(parser)
    options.add_account(parser)
    options.add_home(parser)
    options.add_signing(parser)
    options.add_relay(parser)


def _number(lowest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= SHARD):
            raise ArgumentTypeError(f"{text!r} is no number from {lowest} to {SHARD:,}")
        return int(text)

    return read


def add_publish(parser: ArgumentParser) -> None:
    """Declare the options of `publish`."""
    parser.add_argument("out", metavar="DIR", type=Path, help="a folder that `issue` wrote")
    parser.add_argument("--registry", metavar="URL", help="the registry to deposit at")


def run(args: Namespace) -> int:
    """Issue; prints what it cost and where the credentials lie."""
    from rich.console import Console

    from registry.errors import AlreadyAnchored

    settings, console = options.settings_of(args), Console(highlight=False, soft_wrap=True)

    def say(state: str) -> None:
        console.print(f"  {state}")

    if args.resume is not None:
        return _resume(args, settings, say)
    if args.check:
        return check.run(args, settings)
    _require_input(args)
    with progress_bar(console) as progress:
        try:
            issued = issue(args, settings, say, progress)
        except AlreadyAnchored:
            # What was left to do when an earlier run ended.
            if not _supersede(settings, console.print):
                raise
            return 0
    for one in issued:
        _tell(one, settings, console.print)
    _supersede(settings, console.print)
    return 0


def _supersede(settings: "Settings", tell: Callable[[str], None]) -> int:
    """Revoke what finished batches replaced; how many transactions that took."""
    from registry import bootstrap
    from registry.issuing.lifecycle import revoke_superseded

    index = bootstrap.issued(settings)
    if not index.pending():
        return 0
    known, contract = bootstrap.known_batches(settings), bootstrap.contract(settings)
    done = 0
    for sent in revoke_superseded(contract, index, bootstrap.journal(settings), known.ref):
        what = f"{sent.credentials} replaced credential{'s' if sent.credentials != 1 else ''}"
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
    run_ = bootstrap.issuing_run(settings, say)
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
    _supersede(settings, print)
    return worst


def _tell(issued: "Issued", settings: "Settings", tell: Callable[[str], None]) -> None:
    what = f"{issued.count} credential{'s' if issued.count != 1 else ''}"
    tell(f"anchored {what} in block {issued.block_number}{_cost(issued)}; they lie in {issued.out}")
    if settings.registry:
        tell(f"deposited {', '.join(publish(issued.out, settings.registry))} at {settings.registry}")


def _cost(issued: "Issued") -> str:
    """What was paid, in all and for each credential, in the chain's currency."""
    if not issued.gas_used:
        return ""
    gas, count, price = issued.gas_used, issued.count, issued.gas_price or 0
    paid = f"{gas * price / 1e18:.6g} of the chain's currency, {gas * price / 1e18 / count:.3g} a credential"
    return f" ({gas:,} gas, {gas / count:,.1f} a credential; {paid})"


def run_publish(args: Namespace) -> int:
    """Deposit the documents of every batch of a folder."""
    from registry.config import require

    settings = options.settings_of(args)
    url = require(settings.registry, "registry")
    print(f"deposited {', '.join(publish(args.out, url))} at {url}")
    return 0


def issue(
    args: Namespace, settings: "Settings", say: Callable[[str], None], progress: Callable[[str, int, int], None]
) -> "list[Issued]":
    """The walk: batch id → staged batches (one, or shards) → anchor → finish."""
    from registry import bootstrap
    from registry.credential.times import format_stamp
    from registry.issuing.achievement import read_achievement
    from registry.issuing.batch.finish import Delivery
    from registry.issuing.batch.runner import Processes
    from registry.issuing.batch.staging import Staging

    run_, created = bootstrap.issuing_run(settings, say), format_stamp(datetime.now(UTC))
    achievement = read_achievement(args.achievement) if args.achievement else None
    batch = batch_of_input(args, run_.identity)
    with Processes(args.workers) as runner, contextlib.ExitStack() as cluster:

        def stage() -> "list[StagedBatch]":
            staging = Staging(
                source=args.input,
                achievement=achievement,
                identity=run_.identity,
                batch=batch,
                account=run_.chain.anchorer.account,
                created=created,
                base_url=_public_url(settings, batch),
                suite=args.suite,
                foreign=args.allow_foreign_issuer,
                folder_of=run_.workspace.batch_folder,
                runner=cluster.enter_context(_cluster(args.dask)) if args.dask else runner,
                progress=progress,
                shard_size=args.shard_size,
                layout=args.layout,
                screen_of=bootstrap.screen(settings, batch, run_.identity, args.duplicates),
                heard=check.tell_notes,
            )
            return staging.run()

        return run_.issue(batch, Delivery(args.out.absolute(), args.layout, runner, progress), stage)


def _cluster(address: str) -> "DaskCluster":
    from registry.issuing.batch.dask_runner import DaskCluster

    return DaskCluster(address)


def _public_url(settings: "Settings", batch: "BatchId") -> str:
    """What documents will say for ever; only a development chain has a default."""
    from registry.chain.deployment import DEV_CHAINS
    from registry.config import require

    if settings.public_url is None and batch.contract.chain_id in DEV_CHAINS:
        return "http://127.0.0.1:8000"
    return str(require(settings.public_url, "public_url"))


def batch_of_input(args: Namespace, who: "IssuerIdentity") -> "BatchId":
    """The batch that this input becomes: its first shard, where there are several."""
    from registry.credential.place import BatchId
    from registry.issuing.batch.ready import input_digest
    from registry.issuing.batch.stage import batch_id_of

    achievement = sha256(args.achievement.read_bytes()).digest() if args.achievement else b""
    switches = ["allow-foreign-issuer"] if args.allow_foreign_issuer else []
    switches += [f"suite={args.suite}"] if args.suite else []
    switches += [f"duplicates={args.duplicates}"] if args.duplicates != "deny" else []
    switches += [f"shard-size={args.shard_size}"] if args.shard_size != SHARD else []
    batch_id = batch_id_of(who, input_digest(args.input), achievement, switches)
    return BatchId(who.contract, who.issuer_id, batch_id)


def publish(out: Path, url: str) -> list[str]:
    """Deposit profile and manifest of every batch in `out`; what was deposited, by name."""
    import json

    from registry.api.client import RegistryClient
    from registry.credential.canonical import canonical_hash
    from registry.errors import InputError

    client, names = RegistryClient(url), []
    folders = sorted(out.glob("batch-*"))
    if not folders:
        raise InputError(f"{out} holds no batch.", todo="name a folder that `hallmark issue` wrote")
    for folder in folders:
        profile = (folder / "profile.json").read_bytes()
        client.put("profile", canonical_hash(json.loads(profile)).hex(), profile)
        batch = json.loads((folder / "report.json").read_text("utf-8"))["batch"]
        client.put("manifest", batch, (folder / "manifest.bin").read_bytes())
        names += ["profile", f"manifest of {folder.name.removeprefix('batch-')}"]
    return names

"""The walk of `hallmark issue`: batch id → staged batches (one, or shards) → anchor → finished credentials."""

import contextlib
import sys
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from registry.issuing.batch import SHARD

if TYPE_CHECKING:
    from registry.chain.contract import RegistryContract
    from registry.config import Settings
    from registry.credential.place import BatchId
    from registry.issuing.anchor import Issued
    from registry.issuing.batch.assemble import StagedBatch
    from registry.issuing.batch.dask_runner import DaskCluster
    from registry.issuing.home.workspace import IssuerIdentity
    from registry.issuing.table.complaints import Complaints


def issue(
    args: Namespace,
    settings: "Settings",
    contract: "RegistryContract",
    say: Callable[[str], None],
    progress: Callable[[str, int, int], None],
) -> "list[Issued]":
    """Everything from the input to finished credentials; what an earlier run did is not done again."""
    from registry import bootstrap
    from registry.credential.times import format_stamp
    from registry.issuing.achievement import read_achievement
    from registry.issuing.batch.finish import Delivery
    from registry.issuing.batch.runner import Processes
    from registry.issuing.batch.staging import Staging

    run_, created = bootstrap.issuing_run(settings, say, contract), format_stamp(datetime.now(UTC))
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
                heard=tell_notes,
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


def tell_notes(found: "Complaints") -> None:
    """Say how the input was read, and what somebody should look at; on the stream for people."""
    for note in found.notes:
        print(f"{found.file}: {note}", file=sys.stderr)
    for warning in found.warnings:
        print(f"{found.file}: look at {warning}", file=sys.stderr)

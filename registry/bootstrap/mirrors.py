"""The mirror, and who writes it."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from registry.bootstrap.endpoints import chain, deployment
from registry.config import Settings
from registry.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from registry.chain.source import RpcChain
    from registry.indexer.beside import Reader
    from registry.indexer.follow import Follower
    from registry.indexer.places import Verify
    from registry.store.rebuilding.rebuild import Rebuilt
    from registry.store.writing.mirror import SqlMirror


def mirror(settings: Settings) -> "SqlMirror":
    """The mirror, with its tables made or migrated."""
    from registry.store.engine import open_engine
    from registry.store.writing.mirror import SqlMirror

    place = deployment(settings)
    beside = place.accreditation.address if place.accreditation else None
    opened = SqlMirror(open_engine(settings.database), place.contract, accreditation=beside)
    opened.prepare()
    return opened


def audited_mirror(settings: Settings) -> "SqlMirror":
    """A mirror that is there: an auditor makes none."""
    from registry.store.plain import has_tables

    if not has_tables(settings.database):
        todo = "name it with --database, or make it with `hallmark index`"
        raise ConfigError("The database holds no mirror that could be audited.", todo=todo)
    return mirror(settings)


def follower(
    settings: Settings, verify: "Verify | None" = None, *, until: int | None = None, accept_views: bool = False
) -> "Follower":
    """The indexer; where it is far behind, the first questions (up to block `until`) are asked before it is made."""
    from registry.indexer.ahead import Ahead
    from registry.indexer.early import EarlyProof
    from registry.indexer.follow import Follower
    from registry.indexer.places import Verify
    from registry.store.plain import newest_block

    source, start = chain(settings), deployment(settings).block_number
    verify = verify or Verify.PLACES
    reader = _reader(settings, source, verify)
    ahead, early = Ahead(source, verify=verify, reader=reader), EarlyProof(source, reader)
    with contextlib.suppress(StoreError):  # whoever opens the database will say what is wrong with it
        newest = newest_block(settings.database, source.contract.chain_id)
        ahead.begin(start if newest is None else newest + 1, early, until)
    return Follower(source, mirror(settings), start, ahead=ahead, early=early, accept_views=accept_views)


def _reader(settings: Settings, source: "RpcChain", verify: "Verify") -> "Reader | None":
    """A process that reads; not where requests are counted: only one process can, and waits for most of the time."""
    from registry.chain.pool import RpcPool
    from registry.indexer.ahead import Ahead
    from registry.indexer.beside import fork_reader
    from registry.indexer.early import EarlyProof
    from registry.indexer.reading import Reading

    if settings.rpc_per_second or not settings.reader_blocks:
        return None
    pool, ahead, early = source.rpc, Ahead(source, verify=verify), EarlyProof(source)

    def troubled() -> bool:
        return isinstance(pool, RpcPool) and any(pool.faults().values())

    reading = Reading(source, ahead.take, early.ask, early.answer, troubled, settings.reader_blocks)
    return fork_reader(reading.answers)


@contextlib.contextmanager
def leading(follower: "Follower", wait: float | None, say: Callable[[str], None]) -> Iterator[None]:
    """Be the one that writes the follower's mirror, for a block of code; LeaseHeld after `wait` seconds."""
    from registry.store.writing.lease import Lease
    from registry.store.writing.mirror import SqlMirror

    target = follower.mirror
    assert isinstance(target, SqlMirror)
    target.lease = Lease(target.engine, target.contract.chain_id)
    with target.lease.leading(wait, lambda leader: say(f"{leader} indexes this chain; waiting for its place")):
        yield
    target.lease = None


@contextlib.contextmanager
def waiting(settings: Settings, say: Callable[[str], None]) -> Iterator[Callable[[int], None] | None]:
    """How a follower waits for the next block: woken by the node that `wake` names; None: a second, as always."""
    if settings.wake is None:
        yield None
        return
    from registry.chain.heads import NewHeads

    with NewHeads(settings.wake, say).listening() as heads:
        yield heads.wait


def rebuild(settings: Settings, *, rehash: bool = False) -> "Rebuilt":
    """All projections again from the raw events; the contracts decide where words differ, if an endpoint is named."""
    from registry.ledger.entities import Accreditor, Issuer
    from registry.store.rebuilding.rebuild import Mirrored
    from registry.store.rebuilding.rebuild import rebuild as rebuild_mirror

    def witness(
        speaker: type[Issuer | Accreditor], issuer_ids: Sequence[int], number: int, block_hash: bytes
    ) -> Mapping[int, bytes]:
        source = chain(settings)
        source.check_identity()
        header = source.headers([number]).get(number)
        if header is None or header.block.hash != block_hash:
            return {}
        view = (source.storage if speaker is Issuer else source.accreditation_storage)(header, issuer_ids)
        return view.words if view else {}

    place = deployment(settings)
    mirrored = Mirrored(place.contract, place.accreditation.address if place.accreditation else None)
    asked = witness if settings.rpc else None
    return rebuild_mirror(settings.database, mirrored, witness=asked, rehash=rehash, prepare=lambda: mirror(settings))

"""The one place where ports meet their edges. Heavy edges (web3, SQLAlchemy, FastAPI) are imported when asked for."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.config import Settings, passphrase_of, require
from registry.errors import ConfigError, HallmarkError
from registry.verification.evidence import TrustedContract

if TYPE_CHECKING:
    from fastapi import FastAPI
    from sqlalchemy import Engine

    from registry.chain.contract import RegistryContract
    from registry.chain.deployment import Deployment
    from registry.chain.evidence import EndpointEvidence
    from registry.chain.relay import RelayFile
    from registry.chain.rpc import Caller
    from registry.chain.signer import AccountSigner
    from registry.chain.source import RpcChain
    from registry.chain.transact import Transactor
    from registry.credential.place import BatchId
    from registry.credential.signer import DocumentSigner
    from registry.indexer.follow import Follower
    from registry.issuing.anchor import IssuingRun
    from registry.issuing.complaints import Complaints
    from registry.issuing.duplicates import Screen
    from registry.issuing.targets import KnownBatches
    from registry.issuing.workspace import IssuerIdentity, Workspace
    from registry.ports import EvidenceSource, JournalEntry, StatusReader
    from registry.store.issued import SqlIssued
    from registry.store.journal import SqlJournal
    from registry.store.mirror import SqlMirror
    from registry.store.rebuild import Rebuilt
    from registry.verification.proven import BundleEvidence
    from registry.web.controllers import ControllerReader
    from registry.web.fetch import Fetcher
    from registry.web.lists import ListReader

# How many shards of an input are known to be its own when it is taken up again.
_MOST_SHARDS = 4096


def deployment(settings: Settings) -> "Deployment":
    """The deployment that the settings name."""
    from registry.chain.deployment import read_deployment

    return read_deployment(require(settings.deployment, "deployment"))


def trusted_contracts(settings: Settings) -> tuple[TrustedContract, ...]:
    """The verifier's own list: `trust` and `deployment`."""
    from registry.chain.deployment import read_deployment

    paths = [*settings.trust, *([settings.deployment] if settings.deployment else [])]
    if not paths:
        require(None, "deployment")
    return tuple(read_deployment(path).trusted for path in paths)


def caller(settings: Settings) -> "Caller":
    """The endpoint, or several (separated by commas) that stand for each other."""
    from registry.chain.pool import RpcPool
    from registry.chain.rpc import Rpc

    urls = [url.strip() for url in require(settings.rpc, "rpc").split(",") if url.strip()]
    members = [Rpc(url, per_second=settings.rpc_per_second, timeout=settings.rpc_timeout) for url in urls]
    return RpcPool(members) if len(members) > 1 else members[0]


def chain(settings: Settings) -> "RpcChain":
    """The deployment through the endpoints."""
    from registry.chain.source import RpcChain

    return RpcChain(caller(settings), deployment(settings))


def mirror(settings: Settings) -> "SqlMirror":
    """The mirror, with its tables made or migrated."""
    from registry.store.engine import open_engine
    from registry.store.mirror import SqlMirror

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


def follower(settings: Settings, *, receipts: bool = False) -> "Follower":
    """The indexer."""
    from registry.indexer.follow import Follower

    return Follower(chain(settings), mirror(settings), deployment(settings).block_number, receipts=receipts)


@contextlib.contextmanager
def leading(follower: "Follower", wait: float | None, say: Callable[[str], None]) -> Iterator[None]:
    """Be the one that writes the follower's mirror, for a block of code; LeaseHeld after `wait` seconds."""
    from registry.store.lease import Lease
    from registry.store.mirror import SqlMirror

    target = follower.mirror
    assert isinstance(target, SqlMirror)
    target.lease = Lease(target.engine, target.contract.chain_id)
    with target.lease.leading(wait, lambda leader: say(f"{leader} indexes this chain; waiting for its place")):
        yield
    target.lease = None


def rebuild(settings: Settings, *, rehash: bool = False) -> "Rebuilt":
    """All projections again from the raw events; the contracts decide where words differ, if an endpoint is named."""
    from registry.ledger.entities import Accreditor, Issuer
    from registry.store.rebuild import Mirrored
    from registry.store.rebuild import rebuild as rebuild_mirror

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


def transactor(settings: Settings) -> "Transactor":
    """The account that signs, on the endpoint's chain."""
    from registry.chain.transact import Transactor
    from registry.issuing.pursue import Pace

    rpc = caller(settings)
    chain_id = int(rpc.call("eth_chainId"), 16)
    cap = None if settings.max_fee is None else int(settings.max_fee * 10**9)
    pace = Pace(bump_seconds=settings.bump_after, patience=settings.patience)
    return Transactor(rpc, chain_id, account_signer(settings, chain_id), cap, pace)


def account_signer(settings: Settings, chain_id: int) -> "AccountSigner":
    """A remote signer, a keystore, or on development chains a raw key."""
    from registry.chain.rpc import Rpc
    from registry.chain.signer import remote_signer, signer_of_key, signer_of_keystore

    if settings.signer is not None:
        return remote_signer(Rpc(settings.signer, timeout=settings.rpc_timeout), settings.signer_account)
    if settings.keystore is not None:
        passphrase = passphrase_of(settings.passphrase_file, f"the keystore {settings.keystore}")
        return signer_of_keystore(settings.keystore, passphrase)
    if settings.private_key is not None:
        return signer_of_key(settings.private_key, chain_id)
    todo = "give --signer URL or --keystore FILE (on a development chain HALLMARK_PRIVATE_KEY will do)"
    raise ConfigError("No account was given to sign with.", todo=todo)


def contract(settings: Settings) -> "RegistryContract":
    """The contract as the signing account uses it; chain and contract are checked first."""
    from registry.chain.contract import RegistryContract

    opened = chain(settings)
    opened.check_identity()
    return RegistryContract(opened, transactor(settings), relay_file(settings))


def relay_file(settings: Settings) -> "RelayFile | None":
    """Where requests for a relayer go, if the account sends nothing itself."""
    from registry.chain.relay import RelayFile

    return RelayFile(settings.relay, settings.relay_hours * 3600) if settings.relay else None


def status_reader(settings: Settings) -> "StatusReader":
    """Status words of whole batches, from the chain endpoint."""
    from registry.chain.status import ChainStatus

    return ChainStatus(chain(settings))


def workspace(settings: Settings) -> "Workspace":
    """The issuer's home folder."""
    from registry.chain.deployment import DEV_CHAINS
    from registry.issuing.signing import SigningOptions
    from registry.issuing.workspace import Workspace

    developing = settings.deployment is not None and deployment(settings).contract.chain_id in DEV_CHAINS
    # On a development chain nobody is asked: a key is sealed there only where a file says so.
    file = settings.signing_passphrase_file
    sealed = (settings.home / "signing.json").exists()
    passphrase = (
        passphrase_of(file, f"the signing key in {settings.home}") if file or sealed or not developing else None
    )
    return Workspace(
        settings.home, SigningOptions(passphrase, settings.signing_command, settings.signing_did, plain=developing)
    )


def identity(settings: Settings) -> "IssuerIdentity":
    """The issuer of the home folder."""
    return workspace(settings).identity(deployment(settings).contract)


def identity_at_home(settings: Settings) -> "IssuerIdentity | None":
    """The issuer of the home folder, of whichever contract; None where there is none. No key is opened."""
    from registry.credential.place import ContractId

    try:
        body = json.loads((settings.home / "issuer.json").read_text("utf-8"))
        return workspace(settings).identity(ContractId.parse(body["contract"]))
    except (OSError, ValueError, KeyError, HallmarkError):
        return None


def journal(settings: Settings) -> "SqlJournal":
    """The issuing journal of the home folder."""
    from registry.store.journal import SqlJournal

    return SqlJournal(workspace(settings).journal)


def unfinished(settings: Settings, batch: str = "") -> "list[JournalEntry]":
    """Batches of the home folder that are not released yet: all of them, or one by its id (hex, or how it begins)."""
    from registry.errors import InputError
    from registry.issuing.anchor import UNFINISHED

    entries = journal(settings).entries()
    if not batch:
        return [entry for entry in entries if entry.state in UNFINISHED]
    named = [entry for entry in entries if entry.batch_id.hex().startswith(batch.lower())]
    if len(named) != 1:
        raise InputError(f"{len(named)} batches begin with {batch!r}.", todo="see `hallmark batches`")
    return named


def known_batches(settings: Settings) -> "KnownBatches":
    """What the home folder knows of its batches: journal, names, credential ids."""
    from registry.credential.place import BatchId
    from registry.issuing.badges import BadgeMaker
    from registry.issuing.rows import ResultRow
    from registry.issuing.staged import open_staged
    from registry.issuing.targets import KnownBatches

    home, who = workspace(settings), identity(settings)
    index = issued(settings)

    def batch_of(batch_id: bytes) -> BatchId:
        return BatchId(who.contract, who.issuer_id, batch_id)

    def urn_of(batch_id: bytes, name: str) -> str:
        maker = BadgeMaker(batch_of(batch_id), who.batch_secret, b"", b"", "", "")
        return maker.values(ResultRow(name, "")).urn

    def by_credential(text: str) -> list[tuple[bytes, int]]:
        found = index.find([key := index.key("id", text)])
        return [(one.spot.batch_id, one.spot.place) for one in found.get(key, ())]

    def names(batch_id: bytes) -> Iterator[str]:
        return open_staged(home.batch_folder(batch_id)).names()

    return KnownBatches(batch_of, journal(settings).entries(), names, urn_of, by_credential)


def screen(
    settings: Settings, batch: "BatchId", who: "IssuerIdentity", policy: str
) -> "Callable[[Complaints], Screen]":
    """What looks for earlier credentials of this issuer, for one input: its batch is that of the first shard."""
    from registry.issuing.duplicates import Link, Policy, Screen, Spot, link_to
    from registry.issuing.leaves import leaf_of
    from registry.issuing.staging import shard_batch_id

    states = {entry.batch_id: entry for entry in journal(settings).entries()}
    own = {shard_batch_id(who.batch_secret, batch.batch_id, shard) for shard in range(_MOST_SHARDS)}

    def state(batch_id: bytes) -> str | None:
        return states[batch_id].state if batch_id in states else None

    def link(spot: Spot) -> Link:
        leaf = leaf_of(workspace(settings), states[spot.batch_id], batch._replace(batch_id=spot.batch_id), spot.place)
        return link_to(batch._replace(batch_id=spot.batch_id), spot.place, leaf)

    index, how = issued(settings), Policy(policy)
    return lambda complaints: Screen(index, how, own.__contains__, state, link, complaints)


def recorded(settings: Settings) -> Callable[[bytes], int]:
    """Asks the contract: block time of a record of this issuer, by its 16-byte batch id; 0 where there is none."""
    from registry.chain.records import record_time

    opened, who = chain(settings), identity(settings)
    opened.check_identity()
    return lambda batch_id: record_time(opened, who.issuer_id, batch_id)


def issued(settings: Settings) -> "SqlIssued":
    """The index of what the home folder's issuer issued."""
    from registry.store.issued import SqlIssued

    return SqlIssued(workspace(settings).home / "issued.sqlite")


def issuing_run(settings: Settings, say: Callable[[str], None]) -> "IssuingRun":
    """An issuing run with journal, contract and identity."""
    from registry.issuing.anchor import IssuingRun
    from registry.issuing.confirm import Confirmation

    home, who = workspace(settings), identity(settings)
    opened = contract(settings)
    relay = relay_file(settings)
    chain = Confirmation(opened, journal(settings), who.issuer_id, settings.wait, say, opened.pace, relay)
    return IssuingRun(chain, home, who)


def evidence_source(settings: Settings, profiles: Sequence[dict[str, Any]] = ()) -> "EvidenceSource":
    """A registry where one is named, else the chain endpoint."""
    if settings.registry is not None:
        from registry.api.client import RegistryClient

        return RegistryClient(settings.registry)
    return endpoint_evidence(settings, profiles)


def endpoint_evidence(settings: Settings, profiles: Sequence[dict[str, Any]] = ()) -> "EndpointEvidence":
    """The chain endpoint, with profiles that the verifier holds."""
    from registry.chain.evidence import EndpointEvidence

    return EndpointEvidence(chain(settings), profiles)


def bundle(settings: Settings, path: Path, hashes: Sequence[str]) -> "BundleEvidence":
    """A bundle, with the blocks that the verifier trusts."""
    from registry.verification.bundle import read_bundle
    from registry.verification.moment import block_hash_of
    from registry.verification.proven import BundleEvidence

    trusted = trusted_contracts(settings)
    chains = tuple(entry.contract.chain_id for entry in trusted)
    return BundleEvidence(read_bundle(path.read_bytes()), trusted, [block_hash_of(text, chains) for text in hashes])


def list_reader(settings: Settings, files: Sequence[str] = ()) -> "ListReader":
    """Status lists outside the chain: from files, and from the hosts that the settings name."""
    from registry.web.lists import ListReader, lists_of_files

    return ListReader(lists_of_files(files), web_fetcher(settings))


def controller_reader(settings: Settings, files: Sequence[Path] = ()) -> "ControllerReader":
    """Documents of did:web and https identifiers: from files, and from the hosts that the settings name."""
    from registry.web.controllers import ControllerReader, documents_of_files

    return ControllerReader(documents_of_files(files), web_fetcher(settings, settings.web_cache))


def web_fetcher(settings: Settings, cache: Path | None = None) -> "Fetcher | None":
    """The way out to the web; None where no host is allowed. A cache is for what may be older: never for status."""
    if not settings.allow_host:
        return None
    from registry.web.fetch import Fetcher, FetchPolicy

    return Fetcher(FetchPolicy(frozenset(host.lower() for host in settings.allow_host), cache=cache))


def status_delegate(settings: Settings) -> "DocumentSigner | None":
    """The key with which this registry signs status lists for issuers who named it; made when it is first asked for."""
    if settings.status_delegate is None:
        return None
    from registry.chain.deployment import DEV_CHAINS
    from registry.issuing.signing import SigningKey, SigningOptions

    developing = deployment(settings).contract.chain_id in DEV_CHAINS
    file, folder = settings.status_delegate_passphrase_file, settings.status_delegate
    ask = file is not None or not developing or (folder / "signing.json").exists()
    passphrase = passphrase_of(file, f"the delegate's key in {folder}") if ask else None
    return SigningKey(folder, SigningOptions(passphrase, plain=developing)).make()


def registry_key(settings: Settings, engine: "Engine") -> "DocumentSigner | None":
    """The key that signs this registry's checkpoints, made at first; None on a read replica, which signs nothing.

    It speaks for the registry and for nobody else. Without a passphrase file it lies unencrypted, readable by its
    owner alone: a registry must be able to start by itself.
    """
    from registry.issuing.signing import SigningKey, SigningOptions
    from registry.store.engine import is_replica

    if is_replica(engine):
        return None
    folder, file = settings.registry_key or settings.home / "registry", settings.registry_key_passphrase_file
    passphrase = passphrase_of(file, f"the registry's key in {folder}") if file else None
    return SigningKey(folder, SigningOptions(passphrase, plain=True)).make()


def api(settings: Settings) -> "FastAPI":
    """The HTTP API over the mirror."""
    import time

    from registry.api.accountable import Checkpoints
    from registry.api.app import STALE_AFTER, Services, build_app
    from registry.api.limits import Limits
    from registry.api.status_lists import ListPublisher
    from registry.store.checkpoints import CheckpointStore
    from registry.store.documents import DocumentStore
    from registry.store.evidence import SqlEvidence
    from registry.store.issuer_lists import IssuerLists
    from registry.store.queries import RegistryQueries
    from registry.store.quick import quick_file
    from registry.store.quick_evidence import QuickEvidence
    from registry.store.status_lists import StatusListStore

    opened, place = mirror(settings), deployment(settings)
    engine, file = opened.engine, quick_file(opened.engine)
    lists = StatusListStore(engine, place.contract)
    services = Services(
        SqlEvidence(engine, place.trusted),
        RegistryQueries(engine, place.contract),
        IssuerLists(engine, place.contract),
        DocumentStore(engine, place.contract),
        ListPublisher(lists, status_delegate(settings), settings.public_url, time.time, STALE_AFTER),
        Checkpoints(CheckpointStore(engine, place.contract), registry_key(settings, engine)),
        trusted_contracts(settings),
        QuickEvidence(file, place.trusted) if file else None,
        Limits(
            settings.api_rate,
            settings.api_burst,
            settings.api_concurrency,
            # a reverse proxy that tells no addresses is one client: without a rate there is no share either
            max(settings.api_concurrency // 4, 1) if settings.api_rate else settings.api_concurrency,
            settings.api_body_seconds,
        ),
    )
    return build_app(services)


def profiles_beside(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Profile documents beside credentials or in their zips, from `hallmark issue`; what they say is checked later."""
    from registry.credential.reader import read_document

    found = []
    folders = {path.parent for path in paths}
    # `--layout sharded` puts the files into numbered folders.
    folders |= {folder.parent for folder in folders if folder.name.isdigit()}
    for folder in folders:
        for path in (*folder.glob("batch-*/profile.json"), folder / "profile.json"):
            # Nobody asked for these files, so one that cannot be read is as good as absent.
            with contextlib.suppress(OSError, HallmarkError):
                found.append(read_document(path.read_bytes()))
    for path in paths:
        if path.suffix.lower() == ".zip":
            with contextlib.suppress(OSError, HallmarkError):
                found.append(read_document(_profile_in(path)))
    return found


def _profile_in(path: Path) -> bytes:
    from registry.containers import zipped

    return zipped.profile(path.read_bytes())

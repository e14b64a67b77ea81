"""The registry's own keys, and its HTTP API."""

from typing import TYPE_CHECKING

from registry.bootstrap.endpoints import deployment, trusted_contracts
from registry.bootstrap.issuers import passphrase_of_key
from registry.bootstrap.mirrors import mirror
from registry.config import Settings, passphrase_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from sqlalchemy import Engine

    from registry.credential.signer import DocumentSigner


def status_delegate(settings: Settings) -> "DocumentSigner | None":
    """The key with which this registry signs status lists for issuers who named it; made when it is first asked for."""
    if settings.status_delegate is None:
        return None
    from registry.chain.deployment import DEV_CHAINS
    from registry.issuing.home.signing import SigningKey, SigningOptions

    developing = deployment(settings).contract.chain_id in DEV_CHAINS
    file, folder = settings.status_delegate_passphrase_file, settings.status_delegate
    passphrase = passphrase_of_key(folder, file, "the delegate's key", developing=developing)
    return SigningKey(folder, SigningOptions(passphrase, plain=developing)).make()


def registry_key(settings: Settings, engine: "Engine") -> "DocumentSigner | None":
    """The key that signs this registry's checkpoints, made at first; None on a read replica, which signs nothing.

    It speaks for the registry and for nobody else. Without a passphrase file it lies unencrypted, readable by its
    owner alone: a registry must be able to start by itself.
    """
    from registry.issuing.home.signing import SigningKey, SigningOptions
    from registry.store.engine import is_replica

    if is_replica(engine):
        return None
    folder, file = settings.registry_key or settings.home / "registry", settings.registry_key_passphrase_file
    passphrase = passphrase_of(file, f"the registry's key in {folder}") if file else None
    return SigningKey(folder, SigningOptions(passphrase, plain=True)).make()


def api(settings: Settings, trouble: "Callable[[], str] | None" = None) -> "FastAPI":
    """The HTTP API over the mirror; `trouble` tells why nobody follows the chain for it, where somebody should."""
    import time

    from registry.api.accountable import Checkpoints
    from registry.api.app import STALE_AFTER, Services, build_app
    from registry.api.limits import Limits
    from registry.api.status_lists import ListPublisher
    from registry.store.reading.checkpoints import CheckpointStore
    from registry.store.reading.documents import DocumentStore
    from registry.store.reading.evidence import SqlEvidence
    from registry.store.reading.issuer_lists import IssuerLists
    from registry.store.reading.left_out import LeftOut
    from registry.store.reading.queries import RegistryQueries
    from registry.store.reading.quick import quick_file
    from registry.store.reading.quick_evidence import QuickEvidence
    from registry.store.reading.status_lists import StatusListStore

    opened, place = mirror(settings), deployment(settings)
    engine, file = opened.engine, quick_file(opened.engine)
    left_out = LeftOut()
    lists = StatusListStore(engine, place.contract, left_out)
    services = Services(
        SqlEvidence(engine, place.trusted, left_out),
        RegistryQueries(engine, place.contract, left_out),
        IssuerLists(engine, place.contract),
        DocumentStore(engine, place.contract, left_out),
        ListPublisher(lists, status_delegate(settings), settings.public_url, time.time, STALE_AFTER),
        Checkpoints(CheckpointStore(engine, place.contract, left_out), registry_key(settings, engine)),
        trusted_contracts(settings),
        QuickEvidence(file, place.trusted, left_out) if file else None,
        Limits(
            settings.api_rate,
            settings.api_burst,
            settings.api_concurrency,
            # a reverse proxy that tells no addresses is one client: without a rate there is no share either
            max(settings.api_concurrency // 4, 1) if settings.api_rate else settings.api_concurrency,
            settings.api_body_seconds,
        ),
        left_out=left_out,
        trouble=trouble or (lambda: ""),
    )
    return build_app(services)

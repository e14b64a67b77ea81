"""An issuer's home folder: identity, journal, what was issued, the issuing run."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from registry.bootstrap.endpoints import chain, deployment
from registry.config import Settings, passphrase_of
from registry.errors import ConfigError, HallmarkError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from registry.chain.contract import RegistryContract
    from registry.credential.place import BatchId
    from registry.issuing.anchor import IssuingRun
    from registry.issuing.duplicates import Screen
    from registry.issuing.home.workspace import IssuerIdentity, Workspace
    from registry.issuing.table.complaints import Complaints
    from registry.issuing.targets import KnownBatches
    from registry.ports.store import JournalEntry
    from registry.store.issuers.issued import SqlIssued
    from registry.store.issuers.journal import SqlJournal

# How many shards of an input are known to be its own when it is taken up again.
_MOST_SHARDS = 4096


def workspace(settings: Settings) -> "Workspace":
    """The issuer's home folder."""
    from registry.chain.deployment import DEV_CHAINS
    from registry.issuing.home.signing import SigningOptions
    from registry.issuing.home.workspace import Workspace

    developing = False
    # What needs the contract says itself that the file is missing; listing batches does not need it.
    with contextlib.suppress(ConfigError):
        developing = settings.deployment is not None and deployment(settings).contract.chain_id in DEV_CHAINS
    file = settings.signing_passphrase_file
    passphrase = passphrase_of_key(settings.home, file, "the signing key", developing=developing)
    return Workspace(
        settings.home, SigningOptions(passphrase, settings.signing_command, settings.signing_did, plain=developing)
    )


def passphrase_of_key(
    folder: Path, file: Path | None, what: str, *, developing: bool
) -> "Callable[[bool], SecretStr] | None":
    """Tells the passphrase of the key in a folder; None where there is none, or nobody to ask.

    On a development chain nobody is asked: a key is sealed there only where a file says so.
    """
    sealed = (folder / "signing.json").exists()
    return passphrase_of(file, f"{what} in {folder}") if file or sealed or not developing else None


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
    from registry.store.issuers.journal import SqlJournal

    return SqlJournal(workspace(settings).journal)


def unfinished(settings: Settings, batch: str = "") -> "list[JournalEntry]":
    """Batches of the home folder that are not released yet: all of them, or one by its id (hex, or how it begins)."""
    from registry.issuing.anchor import UNFINISHED
    from registry.issuing.home.batches import named

    entries = journal(settings).entries()
    return [named(entries, batch)] if batch else [entry for entry in entries if entry.state in UNFINISHED]


def known_batches(settings: Settings) -> "KnownBatches":
    """What the home folder knows of its batches: journal, names, credential ids."""
    from registry.credential.place import BatchId
    from registry.issuing.batch import badges
    from registry.issuing.batch.staged import open_staged
    from registry.issuing.targets import KnownBatches

    home, who = workspace(settings), identity(settings)
    index = issued(settings)

    def batch_of(batch_id: bytes) -> BatchId:
        return BatchId(who.contract, who.issuer_id, batch_id)

    def urn_of(batch_id: bytes, name: str) -> str:
        return badges.urn_of(badges.derived_of(who.batch_secret, batch_id, name))

    def by_credential(text: str) -> list[tuple[bytes, int]]:
        found = index.find([key := index.key("id", text)])
        return [(one.spot.batch_id, one.spot.place) for one in found.get(key, ())]

    def names(batch_id: bytes) -> Iterator[str]:
        return open_staged(home.batch_folder(batch_id)).names()

    def by_row(text: str) -> list[tuple[bytes, int]]:
        return [(spot.batch_id, spot.place) for spot in index.by_row(text)]

    return KnownBatches(batch_of, journal(settings).entries(), names, urn_of, by_credential, by_row)


def screen(
    settings: Settings, batch: "BatchId", who: "IssuerIdentity", policy: str
) -> "Callable[[Complaints], Screen]":
    """What looks for earlier credentials of this issuer, for one input: its batch is that of the first shard."""
    from registry.issuing.batch.leaves import leaf_of
    from registry.issuing.batch.staging import shard_batch_id
    from registry.issuing.duplicates import Link, Policy, Screen, Spot, link_to

    states = {entry.batch_id: entry for entry in journal(settings).entries()}
    own = {shard_batch_id(who.batch_secret, batch.batch_id, shard) for shard in range(_MOST_SHARDS)}

    def state(batch_id: bytes) -> str | None:
        return states[batch_id].state if batch_id in states else None

    def link(spot: Spot) -> Link:
        old = batch._replace(batch_id=spot.batch_id)
        return link_to(old, spot.place, leaf_of(home, states[spot.batch_id], old, spot.place))

    home, index, how = workspace(settings), issued(settings), Policy(policy)
    return lambda complaints: Screen(index, how, own.__contains__, state, link, complaints)


def recorded(settings: Settings) -> Callable[[bytes], int]:
    """Asks the contract: block time of a record of this issuer, by its 16-byte batch id; 0 where there is none."""
    from registry.chain.records import record_time

    opened, who = chain(settings), identity(settings)
    opened.check_identity()
    return lambda batch_id: record_time(opened, who.issuer_id, batch_id)


def issued(settings: Settings) -> "SqlIssued":
    """The index of what the home folder's issuer issued."""
    from registry.store.issuers.issued import SqlIssued

    return SqlIssued(workspace(settings).home / "issued.sqlite")


def issuing_run(settings: Settings, say: Callable[[str], None], opened: "RegistryContract") -> "IssuingRun":
    """An issuing run with journal and identity over an opened contract."""
    from registry.issuing.anchor import IssuingRun
    from registry.issuing.confirm import Confirmation

    home, who = workspace(settings), identity(settings)
    chain = Confirmation(opened, journal(settings), who.issuer_id, settings.wait, say, opened.pace, opened.relay)
    return IssuingRun(chain, home, who)

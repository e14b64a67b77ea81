"""Where a verifier's evidence comes from."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.bootstrap.endpoints import chain, trusted_contracts
from registry.config import Settings
from registry.errors import HallmarkError

if TYPE_CHECKING:
    from registry.chain.evidence import EndpointEvidence
    from registry.ports.evidence import EvidenceSource
    from registry.verification.proven import BundleEvidence
    from registry.web.controllers import ControllerReader
    from registry.web.fetch import Fetcher
    from registry.web.lists import ListReader


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

"""Which published status lists credential files name, and how long they must be."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from registry.credential.model import Credential, read_credential
from registry.credential.place import ContractId
from registry.credential.status.chain_list import ListName
from registry.credential.values import as_list
from registry.errors import HallmarkError, InputError

_TODO = "name files that `hallmark issue` wrote; nothing was written for it"


def lists_named(paths: Sequence[Path], contract: ContractId, issuer_id: int) -> dict[str, tuple[ListName, int]]:
    """Address → list and leaf count, for every address that the credentials' pointers carry.

    Raises:
        InputError: A file that is no anchored credential of this issuer, or no file at all.
    """
    found: dict[str, tuple[ListName, int]] = {}
    for path in _files(paths):
        try:
            credential = read_credential(path.read_bytes())
            if credential.anchor is None or not credential.pointers:
                raise InputError(credential.anchor_problem or "it carries no anchor proof, or no pointer to a list.")
            found |= {url: (name, credential.anchor.claim.leaf_count) for url, name in _named(credential)}
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}.") from None
        except HallmarkError as error:
            raise InputError(f"{path}: {error.what}", todo=_TODO) from None
    for name, _ in found.values():
        if (name.batch.contract, name.batch.issuer_id) != (contract, issuer_id):
            raise InputError(f"The batch {name.batch} is not this issuer's.", todo="check --home and --deployment")
    return found


def _named(credential: Credential) -> Iterator[tuple[str, ListName]]:
    assert credential.anchor is not None  # the caller looked
    batch = credential.anchor.claim.place.batch
    for entry in as_list(credential.document.get("credentialStatus")):
        url = str(entry.get("statusListCredential"))
        name = ListName.of_url(url)
        if name.batch != batch or name.purpose != entry.get("statusPurpose"):
            raise InputError("its status entry names the list of another batch.")
        yield url, name


def _files(paths: Sequence[Path]) -> list[Path]:
    files = [file for path in paths for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
    if not files:
        raise InputError("There is no credential in these folders.", todo="name files that `hallmark issue` wrote")
    return files

"""Bring status lists: from files that the verifier holds, else from hosts that the verifier named."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from registry.credential.reader import read_document
from registry.errors import HallmarkError, InputError, Unreachable
from registry.verification.list_step import ListAnswer

if TYPE_CHECKING:
    from registry.web.fetch import Fetcher


class ListReader(NamedTuple):
    """Answers for addresses of status lists.

    Attributes:
        given: Lists from files, by address.
        fetcher: Goes to the web; None: nobody does. Its copies are not used: a status must be fresh.
    """

    given: Mapping[str, ListAnswer]
    fetcher: "Fetcher | None" = None

    def read(self, addresses: Sequence[str]) -> dict[str, ListAnswer]:
        """One answer an address; never raises for a list that cannot be had."""
        return {address: self.given.get(address) or self._fetch(address) for address in addresses}

    def _fetch(self, address: str) -> ListAnswer:
        from registry.credential.status.status_list import MAX_LIST_BYTES

        now = time.time()
        if self.fetcher is None:
            return ListAnswer(None, now, "give it with --status-list, or allow its host with --allow-host")
        from dataclasses import replace

        policy = replace(self.fetcher.policy, cache=None, max_bytes=MAX_LIST_BYTES)
        try:
            return ListAnswer(replace(self.fetcher, policy=policy).get(address), now)
        except Unreachable as error:
            return ListAnswer(None, now, str(error).rstrip("."))


def lists_of_files(named: Sequence[str]) -> dict[str, ListAnswer]:
    """Lists from files; each speaks for its own `id`, or for the address in `ADDRESS=FILE`.

    The time of a list is that of its file.

    Raises:
        InputError: A file that cannot be read, or that names no address.
    """
    found = {}
    for name in named:
        address, _, file = name.rpartition("=") if name.startswith("http") else ("", "", name)
        path = Path(file)
        try:
            data = path.read_bytes()
            found[address or _id_of(data)] = ListAnswer(data, path.stat().st_mtime)
        except OSError as error:
            raise InputError(f"The status list {path} cannot be read: {error.strerror}.") from None
        except HallmarkError as error:
            raise InputError(
                f"{path}: {error.what}",
                todo="write --status-list ADDRESS=FILE with the address that the credential names",
            ) from None
    return found


def _id_of(data: bytes) -> str:
    from registry.credential.status.status_list import MAX_LIST_BYTES

    identifier = read_document(data, max_bytes=MAX_LIST_BYTES).get("id")
    if not isinstance(identifier, str):
        raise InputError("The status list names no id.")
    return identifier

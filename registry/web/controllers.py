"""Bring controller documents (did:web, https): from files that the verifier holds, else from hosts that it named."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from registry.credential.identifiers import web_address
from registry.credential.reader import read_document
from registry.errors import HallmarkError, InputError

if TYPE_CHECKING:
    from registry.web.fetch import Fetcher

_MAX_ASKED = 16


class ControllerReader(NamedTuple):
    """Answers with documents by identifier.

    Attributes:
        held: Documents of the verifier's own, by their id.
        fetcher: Fetches the others; None: nobody is asked.
    """

    held: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    fetcher: "Fetcher | None" = None

    def read(self, identifiers: Sequence[str]) -> dict[str, Mapping[str, Any] | str]:
        """For each identifier its document, or why there is none."""
        return {name: self.held.get(name) or self._ask(name) for name in identifiers[:_MAX_ASKED]}

    def _ask(self, identifier: str) -> Mapping[str, Any] | str:
        if self.fetcher is None:
            return "no host may be asked; name it with --allow-host, or give the document with --did"
        try:
            return read_document(self.fetcher.get(web_address(identifier)))
        except HallmarkError as error:
            return error.what.rstrip(".")


def documents_of_files(paths: Sequence[Path]) -> dict[str, Mapping[str, Any]]:
    """Controller documents from files, by the id that stands in each.

    Raises:
        InputError: A file that is no such document.
    """
    documents: dict[str, Mapping[str, Any]] = {}
    for path in paths:
        try:
            document = read_document(path.read_bytes())
        except HallmarkError as error:
            raise InputError(f"{path}: {error}") from None
        if not isinstance(document.get("id"), str):
            raise InputError(f"{path} has no 'id': it is no DID or controller document.")
        documents[document["id"]] = document
    return documents

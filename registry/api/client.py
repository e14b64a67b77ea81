"""Ask a running registry: evidence to judge by, and documents to deposit."""

import json
from typing import Any
from urllib.parse import urlencode

import urllib3

from registry.credential.place import Place
from registry.credential.times import stamp_of
from registry.errors import ChainUnavailable, HallmarkError, MalformedError
from registry.ledger.status import bit_of
from registry.verification.checkpoint import SignedCheckpoint, checkpoint_from_json
from registry.verification.evidence import NOW, Ask, Evidence, NoEvidence
from registry.verification.evidence_json import evidence_from_json

_POSITION = "Hallmark-Position"
_CATCHING_UP = "REGISTRY_CATCHING_UP"


class RegistryClient:
    """One registry (fills the port EvidenceSource).

    Args:
        url: Its base URL.
        timeout: Seconds for connecting and for each read.
    """

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        self.url = url.rstrip("/")
        self._position = "0/0"  # how late the last answer was: no replica may answer from an earlier state
        self._pool = urllib3.PoolManager(timeout=urllib3.Timeout(timeout), retries=urllib3.Retry(1, redirect=0))

    def gather(self, place: Place, account: bytes | None, ask: Ask = NOW) -> Evidence | NoEvidence:
        """Evidence about the 256 credentials around `place`, so the registry does not learn which one is meant."""
        query = _query(place, account, ask)
        try:
            status, body = self._request("GET", f"/v1/batches/{place.batch}/evidence?{query}")
            if status != 200:
                code = _CATCHING_UP if _member(body, "title") == _CATCHING_UP else "REGISTRY_REFUSED"
                return NoEvidence(_detail(body) or f"The registry answered with status {status}.", code)
            evidence = evidence_from_json(json.loads(body))
        except HallmarkError as error:
            return NoEvidence(str(error), error.code)
        except (ValueError, RecursionError):
            return NoEvidence(f"The answer of {self.url} is not JSON.")
        if evidence.contract != place.batch.contract:
            return NoEvidence(f"{self.url} answered about another contract.")
        return evidence

    def checkpoint(self, block: int | None = None) -> SignedCheckpoint:
        """The newest signed checkpoint, or the newest at or below a block; ChainUnavailable where there is none."""
        query = "" if block is None else f"?block={block}"
        status, body = self._request("GET", f"/v1/checkpoint{query}")
        try:
            answer = json.loads(body)
            signed = answer.get("signed") if status == 200 and isinstance(answer, dict) else None
        except (ValueError, RecursionError):
            signed = None
        if signed is None:
            why = _detail(body) or f"status {status}"
            raise ChainUnavailable(f"{self.url} gives no signed checkpoint: {why}", todo="ask again, or another block")
        return checkpoint_from_json(signed)

    def put(self, kind: str, name: str, body: bytes) -> None:
        """Deposit a document; MalformedError with the registry's reason when it refuses."""
        self._deposit(f"/v1/documents/{kind}/{name}", body, kind, "publish again in a moment")

    def put_list(self, path: str, body: bytes) -> None:
        """Deposit a signed status list; MalformedError with the registry's reason when it refuses."""
        self._deposit(path, body, "status list", "see above")

    def _deposit(self, path: str, body: bytes, what: str, todo: str) -> None:
        status, answer = self._request("PUT", path, body)
        if status != 201:
            why = _detail(answer) or f"status {status}"
            raise MalformedError(f"The registry refuses the {what}: {why}", todo=todo)

    def _request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        try:
            headers = {_POSITION: self._position}
            response = self._pool.request(method, self.url + path, body=body, headers=headers)
        except (urllib3.exceptions.HTTPError, ValueError):
            todo = "check that it runs, or use --rpc"
            raise ChainUnavailable(f"The registry {self.url} did not answer.", todo=todo) from None
        self._position = response.headers.get(_POSITION, self._position)
        return response.status, response.data


def _query(place: Place, account: bytes | None, ask: Ask) -> str:
    word, _ = bit_of(place.index)
    wanted: list[tuple[str, object]] = [("word", word)]
    wanted += [("account", f"0x{account.hex()}")] if account else []
    past = ask.block if ask.block is not None else None if ask.time is None else stamp_of(ask.time)
    wanted += [("asOf", past)] if past is not None else []
    wanted += [("about", stamp_of(ask.about))] if ask.about is not None else []
    return urlencode([*wanted, *(("root", root) for root in ask.roots)])


def _detail(body: bytes) -> str:
    return _member(body, "detail")


def _member(body: bytes, name: str) -> str:
    """A member of a problem (RFC 9457), where that is what the body is."""
    try:
        answer: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return str(answer.get(name, "")) if isinstance(answer, dict) else ""

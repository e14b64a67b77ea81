"""JSON-RPC 2.0 over HTTP: single calls and batches, every failure as one of our errors."""

import json
from collections.abc import Sequence
from typing import Any

import urllib3

from registry.errors import ChainUnavailable, RpcError

MAX_BATCH = 200
_RETRIES = urllib3.Retry(total=3, backoff_factor=0.2, status_forcelist=(429, 502, 503, 504), allowed_methods=None)

Call = tuple[str, list[Any]]


class Rpc:
    """One endpoint. Connections are kept; a request takes at most `timeout` seconds and is tried up to four times.

    Args:
        url: http(s) address.
        timeout: Seconds for connecting and for each read.
    """

    def __init__(self, url: str, timeout: float = 20.0) -> None:
        self.url = url
        self._pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=5.0, read=timeout), retries=_RETRIES)

    def call(self, method: str, *params: Any) -> Any:
        """The result of one call.

        Raises:
            ChainUnavailable: No answer, or none that is JSON-RPC.
            RpcError: The endpoint's own error.
        """
        return _result(method, self._post({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}))

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results of many calls, in order; sent in batches of at most 200.

        Raises:
            ChainUnavailable: No answer, an incomplete one, or none that is JSON-RPC.
            RpcError: The endpoint's own error for any of them.
        """
        results: list[Any] = []
        for start in range(0, len(calls), MAX_BATCH):
            part = calls[start : start + MAX_BATCH]
            answers = self._post([_request(number, call) for number, call in enumerate(part)])
            results += _in_order(self.url, part, answers)
        return results

    def _post(self, body: Any) -> Any:
        try:
            response = self._pool.request("POST", self.url, body=json.dumps(body), headers=_HEADERS)
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise self._unavailable(_cause(error)) from None
        if response.status >= 400 and not response.data.startswith((b"{", b"[")):
            raise self._unavailable(f"HTTP status {response.status}")
        try:
            return json.loads(response.data)
        except ValueError:
            raise self._unavailable("its answer is not JSON") from None

    def _unavailable(self, why: str) -> ChainUnavailable:
        return ChainUnavailable(
            f"The chain endpoint {self.url} did not answer: {why}.",
            todo="check that it runs, or name another with --rpc",
        )


_HEADERS = {"Content-Type": "application/json"}


def _request(number: int, call: Call) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": call[0], "params": call[1]}


def _in_order(url: str, calls: Sequence[Call], answers: Any) -> list[Any]:
    if isinstance(answers, dict):
        _result("batch", answers)
    by_id = {answer.get("id"): answer for answer in answers if isinstance(answer, dict)} if answers else {}
    if set(by_id) != set(range(len(calls))):
        raise ChainUnavailable(f"The chain endpoint {url} answered only a part of a batch.", todo="try again")
    return [_result(call[0], by_id[number]) for number, call in enumerate(calls)]


def _result(method: str, answer: Any) -> Any:
    if not isinstance(answer, dict) or ("result" not in answer and "error" not in answer):
        raise ChainUnavailable(f"The answer to {method} is not JSON-RPC.", todo="check the endpoint's address")
    error = answer.get("error")
    if not error:
        return answer.get("result")
    error = error if isinstance(error, dict) else {"message": str(error)}
    data = error.get("data")
    raw = bytes.fromhex(data[2:]) if isinstance(data, str) and data.startswith("0x") else b""
    raise RpcError(f"{method}: {error.get('message', 'unknown error')}", rpc_code=int(error.get("code") or 0), data=raw)


def _cause(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return str(reason).split(">: ")[-1].split(": ", 1)[-1] or type(error).__name__

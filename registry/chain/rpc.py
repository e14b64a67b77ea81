"""JSON-RPC 2.0 over HTTP, one endpoint: calls and batches, every failure as one of our errors."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import orjson
import urllib3

from registry.chain.logs import read_answers
from registry.chain.refusals import refusal, words_of
from registry.chain.transport import MAX_BYTES, Endless, TooLarge, Transport
from registry.errors import ChainUnavailable, RangeTooLarge, RateLimited, RpcError

MAX_BATCH = 200
_RETRIES = 3
_FIRST_PAUSE = 0.2

Call = tuple[str, list[Any]]


class Caller(Protocol):
    """One endpoint, or several that stand for each other."""

    @property
    def url(self) -> str:
        """Address of the endpoint that is asked now."""

    def call(self, method: str, *params: Any) -> Any:
        """The result of one call; raises ChainUnavailable or RpcError."""

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results of many calls, in order; raises ChainUnavailable or RpcError."""


class AnswerTooLarge(RangeTooLarge):
    """An endpoint's answer is longer than is read of any; it may be the question's fault, or the endpoint's."""


class Dripping(ChainUnavailable):
    """An endpoint's answer begins, and does not end in time: whoever does that does it again."""


class Rpc:
    """One endpoint. Connections are kept; a request that fails in passing is tried up to four times.

    Args:
        url: http(s) address.
        timeout: Seconds for each silence; a whole answer may take three times as long (`Transport`).
        per_second: Most requests a second; None: no limit of ours.
        pause: Sleeps (seconds); tests put a clock in its place.
    """

    def __init__(
        self,
        url: str,
        timeout: float = 20.0,
        per_second: float | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url
        self._transport = Transport(url, timeout)
        self._pause = pause
        self._bucket = TokenBucket(per_second) if per_second else None

    def call(self, method: str, *params: Any) -> Any:
        """The result of one call.

        Raises:
            ChainUnavailable: No answer, or none that is JSON-RPC; RateLimited and RangeTooLarge are such.
            RpcError: The endpoint's own error.
        """
        return self._patiently(
            lambda: _result(method, self._post({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}))
        )

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results of many calls, in order; sent in batches of at most 200.

        Raises:
            ChainUnavailable: No answer, an incomplete one, or none that is JSON-RPC.
            RpcError: The endpoint's own error for any of them.
        """
        results: list[Any] = []
        for start in range(0, len(calls), MAX_BATCH):
            part = calls[start : start + MAX_BATCH]
            body = [_request(number, call) for number, call in enumerate(part)]
            read = _read_logs if any(method == "eth_getLogs" for method, _ in part) else orjson.loads
            results += self._patiently(
                lambda part=part, body=body, read=read: _in_order(self.url, part, self._post(body, read))  # type: ignore[misc]
            )
        return results

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        """Try again after passing failures: longer each time, as long as the endpoint asks for, never for ever."""
        pause = _FIRST_PAUSE
        for tries_left in reversed(range(_RETRIES + 1)):
            try:
                return ask()
            except ChainUnavailable as error:
                if not tries_left or not _passing(error):
                    raise
                wanted = error.retry_after if isinstance(error, RateLimited) else 0.0
                # A spread of the pauses keeps many clients from coming back at the same moment.
                self._pause(min(30.0, max(wanted, pause * (0.5 + time.monotonic() % 1))))
                pause *= 2
        raise AssertionError("unreachable")

    def _post(self, body: Any, read: Callable[[bytes], Any] = orjson.loads) -> Any:
        if self._bucket:
            self._pause(self._bucket.take(time.monotonic()))
        status, headers, data = self._exchange(orjson.dumps(body))
        if status == 429:
            raise RateLimited(
                f"The endpoint {self.url} is asked too often.", retry_after=_seconds(headers), todo="wait"
            )
        if status >= 400 and not data.startswith((b"{", b"[")):
            raise self._unavailable(f"HTTP status {status}")
        try:
            return read(data)
        except (ValueError, RecursionError):
            raise self._unavailable("its answer is not JSON") from None

    def _exchange(self, body: bytes) -> tuple[int, Any, bytes]:
        try:
            return self._transport.post(body)
        except TooLarge:
            what = f"The answer of the chain endpoint {self.url} is longer than {MAX_BYTES >> 20} MiB."
            raise AnswerTooLarge(what, todo="ask for less, or another endpoint") from None
        except Endless as error:
            why = "it timed out within a long answer" if error.large else "its answer begins, and does not end"
            what = f"The chain endpoint {self.url} did not answer: {why}."
            raise Dripping(what, todo="check that it runs, or name another with --rpc") from None
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise self._unavailable(_cause(error)) from None

    def _unavailable(self, why: str) -> ChainUnavailable:
        return ChainUnavailable(
            f"The chain endpoint {self.url} did not answer: {why}.",
            todo="check that it runs, or name another with --rpc",
        )


class TokenBucket:
    """At most `rate` requests a second, with bursts of one second's worth."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._tokens = max(1.0, rate)
        self._at = 0.0

    def take(self, now: float) -> float:
        """Take a token; seconds to wait before it may be used (`now` in seconds, monotonic)."""
        earned = (now - self._at) * self.rate if self._at else 0.0
        self._tokens, self._at = min(max(1.0, self.rate), self._tokens + earned) - 1.0, now
        return max(0.0, -self._tokens / self.rate)


def _passing(error: ChainUnavailable) -> bool:
    """Whether the same question may have an answer soon: a refused connection or range will not change at once."""
    if isinstance(error, Dripping | RangeTooLarge):
        return False
    return isinstance(error, RateLimited) or any(
        sign in error.what for sign in ("HTTP status 5", "not JSON", "timed out", "part of a batch", "closed", "reset")
    )


def _seconds(headers: Any) -> float:
    try:
        return float(headers.get("Retry-After", "0"))
    except ValueError:
        return 0.0


def _read_logs(data: bytes) -> Any:
    """Answers with their logs in the form `Log`; whatever has another form (an error has) as plain JSON."""
    try:
        return read_answers(data)
    except (ValueError, RecursionError):
        return orjson.loads(data)


def _request(number: int, call: Call) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": call[0], "params": call[1]}


def _in_order(url: str, calls: Sequence[Call], answers: Any) -> list[Any]:
    if isinstance(answers, dict):
        _result("batch", answers)
    rows = [answer for answer in answers if isinstance(answer, dict)] if isinstance(answers, list) else []
    by_id = {row["id"]: row for row in rows if isinstance(row.get("id"), int)}
    if set(by_id) != set(range(len(calls))):
        raise ChainUnavailable(f"The chain endpoint {url} answered only a part of a batch.", todo="try again")
    return [_result(call[0], by_id[number]) for number, call in enumerate(calls)]


def _result(method: str, answer: Any) -> Any:
    if not isinstance(answer, dict) or ("result" not in answer and "error" not in answer):
        raise ChainUnavailable(f"The answer to {method} is not JSON-RPC.", todo="check the endpoint's address")
    error = answer.get("error")
    if not error:
        return answer.get("result")
    error = error if isinstance(error, dict) else {"message": error}
    code, message = error.get("code"), words_of(error.get("message", "unknown error"))
    known = refusal(method, message, code if isinstance(code, int) else 0)
    if known is not None:
        raise known
    raise RpcError(
        f"{method}: {message}", rpc_code=code if isinstance(code, int) else 0, data=_revert_data(error.get("data"))
    )


def _revert_data(data: Any) -> bytes:
    try:
        return bytes.fromhex(data[2:]) if isinstance(data, str) and data.startswith("0x") else b""
    except ValueError:
        return b""


def _cause(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return words_of(str(reason).split(">: ")[-1].split(": ", 1)[-1]) or type(error).__name__

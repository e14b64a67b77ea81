"""A JSON-RPC proxy on loopback that puts faults between the indexer and an honest chain."""

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from faults import lies
from faults.kinds import Active, Fault, Kind
from faults.views import rewritten, seen

Json = dict[str, Any]


class FaultProxy:
    """Forwards to `upstream`, spoiling what the installed faults spoil.

    Attributes:
        url: Where it listens.
        on_request: Called before each forwarded request, for faults of the chain itself.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream)
        self.active: list[Active] = []
        self.on_request: Callable[[], None] | None = None
        self.requests = 0
        self._lock = threading.RLock()
        self._local = threading.local()
        proxy = self

        class Handler(_Handler):
            owner = proxy

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> "FaultProxy":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def install(self, *faults: Fault) -> list[Active]:
        """Put these faults to work instead of the former ones; they count how often they fire."""
        with self._lock:
            self.active = [Active(fault) for fault in faults]
            return self.active

    def clear(self) -> None:
        """Be honest from now on."""
        self.install()
        self.on_request = None

    def forward(self, body: bytes) -> bytes:
        """The chain's own answer."""
        link = getattr(self._local, "link", None)
        if link is None:
            link = self._local.link = http.client.HTTPConnection(str(self.upstream.hostname), self.upstream.port, 60)
        try:
            link.request("POST", "/", body, {"Content-Type": "application/json"})
            return bytes(link.getresponse().read())
        except (http.client.HTTPException, OSError):
            link.close()  # the chain may have been started again: once more on a new connection
            link.request("POST", "/", body, {"Content-Type": "application/json"})
            return bytes(link.getresponse().read())

    def reconnect(self) -> None:
        """Ask another chain from now on: `upstream` was changed."""
        self._local = threading.local()

    def ask(self, method: str, *params: Any) -> Any:
        """An honest result, for the faults' own use."""
        answer = json.loads(
            self.forward(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode())
        )
        return answer.get("result")

    def handle(self, body: bytes) -> tuple[int, dict[str, str], bytes] | None:
        """Status, headers and body of the answer; None hangs up."""
        with self._lock:
            self.requests += 1
            if self.on_request:
                self.on_request()
            active = list(self.active)
            if not active:
                return 200, {}, self.forward(body)
            request = json.loads(body)
            calls = request if isinstance(request, list) else [request]
            for one in active:
                refused = _refusal(one, calls, self, body)
                if refused is not _ANSWERED:
                    return refused
            answers = self._answers(active, calls)
            reply: Any = answers if isinstance(request, list) else answers[0]
            for one in active:
                reply = _batch_fault(one, reply)
            return 200, {}, json.dumps(reply).encode()

    def _answers(self, active: Sequence[Active], calls: Sequence[Json]) -> list[Json]:
        asked = list(calls)
        for one in active:
            asked = [rewritten(one, call, self.ask) for call in asked]
        told = json.loads(self.forward(json.dumps(asked).encode()))
        by_id = {answer.get("id"): answer for answer in told}
        answers = []
        for call in calls:
            answer = by_id[call["id"]]
            for one in active:
                answer = _spoiled(one, call, answer, self.ask)
            answers.append(answer)
        return answers


_ANSWERED: Any = object()
Reply = tuple[int, dict[str, str], bytes] | None


def _refusal(active: Active, calls: Sequence[Json], proxy: FaultProxy, body: bytes) -> Any:
    """A reply instead of the chain's answer, or _ANSWERED where the fault is not of that sort."""
    kind = active.fault.kind
    maker = _REFUSALS.get(kind)
    if maker is None or not active.strikes():
        return _ANSWERED
    if kind is Kind.SLOW:
        time.sleep(active.rng.uniform(0.01, 0.2))
        return _ANSWERED
    return maker(active, calls, lambda: proxy.forward(body))


Forward = Callable[[], bytes]
_REFUSALS: dict[Kind, Callable[[Active, Sequence[Json], Forward], Reply]] = {
    Kind.SLOW: lambda *_: None,
    Kind.HANG_UP: lambda *_: None,
    Kind.STATUS_429: lambda active, *_: (429, {"Retry-After": active.rng.choice(("0", "1"))}, b"slow down"),
    Kind.STATUS_5XX: lambda active, *_: (active.rng.choice((500, 502, 503, 504)), {}, b"<html>Bad gateway</html>"),
    Kind.HTML: lambda *_: (200, {"Content-Type": "text/html"}, b"<html><body>We will be back soon.</body></html>"),
    Kind.EMPTY: lambda *_: (200, {}, b""),
    Kind.NOT_RPC: lambda active, *_: (
        200,
        {},
        active.rng.choice((b"[]", b"{}", b"3", b'{"ok":true}', b"null", b"[null]")),
    ),
    Kind.TRUNCATED: lambda active, _calls, forward: (200, {}, _cut(active, forward())),
}


def _cut(active: Active, body: bytes) -> bytes:
    return body[: active.rng.randrange(1, len(body))]


def _spoiled(active: Active, call: Json, answer: Json, ask: Callable[..., Any]) -> Json:
    kind, method = active.fault.kind, call["method"]
    if kind in lies.LOG_LIES:
        return lies.lie_about_logs(active, answer) if method == "eth_getLogs" else answer
    if kind in (Kind.FORGE_HEADER, Kind.FORGE_TIME, Kind.FORK_VIEW) and method == "eth_getBlockByNumber":
        return lies.lie_about_block(active, answer)
    if kind is Kind.FORK_VIEW and method == "eth_getLogs":
        return lies.fork_view_of_logs(active, answer)
    if kind is Kind.FORGED_PROOF:
        return lies.forged_proof(active, answer) if method == "eth_getProof" else answer
    if kind is Kind.NULL_RESULT:
        return {**answer, "result": None} if "result" in answer and active.strikes() else answer
    if kind in (Kind.RATE_ERROR, Kind.NOT_SYNCED) or (kind is Kind.RANGE_REFUSED and _wide(call)):
        return _error(answer, lies.wording(active, kind)) if active.strikes() else answer
    return seen(active, call, answer, ask)


def _wide(call: Json) -> bool:
    """Whether the call asks for the logs of more than a few blocks."""
    if call["method"] != "eth_getLogs" or "fromBlock" not in call["params"][0]:
        return False
    query = call["params"][0]
    with contextlib.suppress(ValueError):
        return int(query["toBlock"], 16) - int(query["fromBlock"], 16) >= 4
    return True


def _error(answer: Json, error: Json) -> Json:
    return {"jsonrpc": "2.0", "id": answer.get("id"), "error": error}


def _batch_fault(active: Active, reply: Any) -> Any:
    kind = active.fault.kind
    if not isinstance(reply, list) or kind not in _BATCH or (kind is Kind.SHUFFLED_BATCH and len(reply) < 2):
        return reply
    if not active.strikes():
        return reply
    if kind is Kind.PARTIAL_BATCH:
        return active.rng.sample(reply, active.rng.randrange(len(reply)))
    if kind is Kind.BATCH_REFUSED:
        return {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "batch requests are not supported"}}
    return active.rng.sample(reply, len(reply))


_BATCH = frozenset({Kind.PARTIAL_BATCH, Kind.BATCH_REFUSED, Kind.SHUFFLED_BATCH})


class _Handler(BaseHTTPRequestHandler):
    owner: FaultProxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        reply = self.owner.handle(body)
        if reply is None:
            self.close_connection = True
            return
        status, headers, data = reply
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the harness reports."""

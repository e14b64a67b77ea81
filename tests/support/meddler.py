"""A JSON-RPC proxy on loopback that lets a test change, refuse, count or drop single requests."""

import contextlib
import json
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Call = dict[str, Any]
Meddle = Callable[[Call, Callable[[Call], Any]], Any]
"""Given a call and the way to the chain: the answer (a dict), a status (an int), or None for no answer at all."""


class Meddler:
    """Attributes: `url`, `calls` (how often each method was asked), and `meddle`, which may be replaced at any time."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.calls: Counter[str] = Counter()
        self.meddle: Meddle = lambda call, forward: forward(call)
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                calls = body if isinstance(body, list) else [body]
                answers = [owner.answer(call) for call in calls]
                odd = next((answer for answer in answers if not isinstance(answer, dict)), None)
                if None in answers:
                    self.close_connection = True
                    return
                data = b"" if odd else json.dumps(answers if isinstance(body, list) else answers[0]).encode()
                self.send_response(odd or 200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, call: Call) -> Any:
        self.calls[call["method"]] += 1
        return self.meddle(call, self.forward)

    def forward(self, call: Call) -> Any:
        request = urllib.request.Request(self.upstream, json.dumps(call).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read())

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextlib.contextmanager
def meddler(upstream: str) -> Iterator[Meddler]:
    made = Meddler(upstream)
    try:
        yield made
    finally:
        made.close()


def refusal(call: Call, message: str, code: int = -32000) -> Call:
    """A JSON-RPC error."""
    return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": code, "message": message}}

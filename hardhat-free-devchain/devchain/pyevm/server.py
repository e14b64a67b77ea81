"""JSON-RPC 2.0 over HTTP for the py-evm chain: python -m devchain.pyevm.server HOST PORT BLOCK_TIME."""

from __future__ import annotations

import json
import sys
import threading
import traceback
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar, Final

from devchain.errors import MethodError

if TYPE_CHECKING:
    from devchain.pyevm.chain import PyEvmChain
    from devchain.pyevm.methods import Methods

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
INTERNAL_ERROR: Final = -32603
MAX_BODY_BYTES: Final = 32 * 2**20
# py-evm raises Python's recursion limit tenfold; a thread's usual stack would overflow below it.
THREAD_STACK_BYTES: Final = 256 * 2**20

Json = dict[str, Any]


class Endpoint:
    """The chain behind its one lock, and the JSON-RPC envelope around it."""

    def __init__(self, chain: PyEvmChain, methods: Methods) -> None:
        self._lock = threading.Lock()
        self._chain = chain
        self._methods = methods

    def mine_every(self, seconds: float) -> None:
        """Mine a block every so many seconds, for ever; ends with the process."""
        wait = threading.Event()
        while not wait.wait(seconds):
            with self._lock:
                self._chain.mine()

    def reply(self, body: bytes) -> bytes | None:
        """The answer to a request or a batch; None when everything in it was a notification."""
        try:
            request = json.loads(body)
        except (ValueError, RecursionError) as error:
            return _encoded(_failure(None, PARSE_ERROR, f"the request is not JSON: {error}"))
        if not isinstance(request, list):
            answer = self._one(request)
            return _encoded(answer) if answer else None
        if not request:
            return _encoded(_failure(None, INVALID_REQUEST, "the batch is empty"))
        answers = [answer for answer in map(self._one, request) if answer]
        return _encoded(answers) if answers else None

    def _one(self, request: Any) -> Json | None:
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            return _failure(None, INVALID_REQUEST, "a request is an object with a method")
        answer = self._answer(request.get("id"), request["method"], request.get("params", []))
        return answer if "id" in request else None

    def _answer(self, number: Any, method: str, arguments: Any) -> Json:
        if not isinstance(arguments, list):
            return _failure(number, -32602, f"{method}: params must be a list")
        try:
            with self._lock:
                result = self._methods.answer(method, arguments)
        except MethodError as error:
            return _failure(number, error.code, error.message, error.data)
        except Exception as error:
            # A defect of ours must not look like a dead node.
            traceback.print_exc()
            return _failure(number, INTERNAL_ERROR, f"{method}: {type(error).__name__}: {error}")
        return {"jsonrpc": "2.0", "id": number, "result": result}


def _failure(number: Any, code: int, message: str, data: str | None = None) -> Json:
    error: Json = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return {"jsonrpc": "2.0", "id": number, "error": error}


def _encoded(answer: Any) -> bytes:
    return json.dumps(answer, separators=(",", ":")).encode()


class Handler(BaseHTTPRequestHandler):
    """POST carries JSON-RPC; the rest is refused. Kept connections, no delay, any origin, as anvil has it."""

    endpoint: ClassVar[Endpoint]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        """Answer one JSON-RPC body."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            self._send(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"a body needs a Content-Length of at most 32 MiB")
            return
        answer = self.endpoint.reply(self.rfile.read(int(length)))
        if answer is None:
            self._send(HTTPStatus.NO_CONTENT, b"")
        else:
            self._send(HTTPStatus.OK, answer, "application/json")

    def do_OPTIONS(self) -> None:
        """Let a page on any origin ask."""
        self._send(HTTPStatus.NO_CONTENT, b"")

    def do_GET(self) -> None:
        """Say what this is; there is no WebSocket here."""
        self._send(HTTPStatus.METHOD_NOT_ALLOWED, b"JSON-RPC over HTTP POST; py-evm offers no WebSocket")

    def _send(self, status: HTTPStatus, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "content-type")
        if status is not HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  named by http.server
        """Stay quiet."""


class Server(ThreadingHTTPServer):
    """Threads die with the process; a burst of clients may queue."""

    daemon_threads = True
    request_queue_size = 128


def main(arguments: list[str]) -> int:
    """Serve until the process is told to end."""
    host, port, block_time = arguments
    server = Server((host, int(port)), Handler, bind_and_activate=False)
    try:
        server.server_bind()
    except OSError as error:
        print(f"cannot listen on {host}:{port}: {error}", file=sys.stderr)
        return 1
    # Bound but not listening yet: whoever can connect finds a chain that is ready.
    from devchain.pyevm.chain import PyEvmChain
    from devchain.pyevm.methods import Methods

    chain = PyEvmChain()
    Handler.endpoint = Endpoint(chain, Methods(chain))
    threading.stack_size(THREAD_STACK_BYTES)
    server.server_activate()
    if float(block_time):
        threading.Thread(target=Handler.endpoint.mine_every, args=[float(block_time)], daemon=True).start()
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

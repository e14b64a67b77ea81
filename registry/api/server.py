"""The HTTP server: uvicorn on uvloop and httptools, with patience for no one who sends a request drop by drop.

uvicorn waits for ever for the end of a request's head, and takes a head of any length. A sweep once a second looks at
every connection instead of a timer for each request, which would cost a tenth of a short answer.

ASGI gives head and body apart, and uvicorn sends each with a call of its own: two packets, and a client that is woken
twice. What is ready as a whole can be sent as a whole (`WHOLE`).

uvicorn starts a task as soon as a request's head is there, which then asks for the body. A POST that was read as a
whole is first shown to the application, where that has an `at_once`: it may promise to answer, and nothing is started.
"""

import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD_SECONDS = 10.0
HEAD_BYTES = 32 * 1024
WHOLE = "hallmark.whole"
"""In a request's scope, what sends a 200 in one piece (`GuardedProtocol.whole`); other servers have no such thing."""
ALL_THERE = "hallmark.all_there"
"""In a request's scope once its whole body is there: nobody has to wait for it."""
_IDLE_SECONDS = 30.0
_OK = b"HTTP/1.1 200 OK\r\n"
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class WholeRequest:
    """A request that is there as a whole, and for which nothing was started yet."""

    __slots__ = ("_connection", "_cycle", "body", "scope")

    def __init__(self, connection: "GuardedProtocol", cycle: RequestResponseCycle) -> None:
        self._connection, self._cycle = connection, cycle
        self.scope: Scope = cycle.scope  # type: ignore[assignment]
        self.body = bytes(cycle.body)

    def answer(self, lines: bytes, body: bytes) -> bool:
        """`GuardedProtocol.whole`; where that does not do, `start` what gives the two messages of ASGI."""
        return self._connection.whole(self.scope, lines, body)

    def start(self, app: ASGIApp) -> None:
        """The way of all requests: a task, in which this application reads the body and answers."""
        self._connection.start(self._cycle, app)


class GuardedProtocol(HttpToolsProtocol):
    """One connection; `waits_since` is when it began to owe us something (None: it owes nothing).

    `held` is a POST whose head is there, and whose body may lie in the bytes that are being parsed.
    """

    waits_since: float | None = None
    head_bytes = 0
    in_head = True
    held: tuple[RequestResponseCycle, Any] | None = None
    _parsing = False
    _at_once: Callable[[WholeRequest], bool] | None = None
    _opening = _OK
    _opening_names: Any = None

    def connection_made(self, transport: Any) -> None:
        """A connection owes a request from the start."""
        super().connection_made(transport)
        self.waits_since, self.in_head = self.loop.time(), True
        self._at_once = getattr(self.config.app, "at_once", None)

    def data_received(self, data: bytes) -> None:
        """Count the bytes of a head that does not end."""
        if self.in_head:
            self.head_bytes += len(data)
        elif self.waits_since is not None:
            self.waits_since = self.loop.time()
        self._parsing = True
        super().data_received(data)
        self._parsing = False
        if self.held is not None:  # its body comes later: whoever answers waits for it
            self._go_on()
        if self.in_head and self.head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.refuse(_TOO_LONG)

    def on_message_begin(self) -> None:
        """The first bytes of a request."""
        super().on_message_begin()
        self.scope[WHOLE] = self.whole  # type: ignore[literal-required]
        self.in_head, self.waits_since = True, self.loop.time()

    def on_headers_complete(self) -> None:
        """The head is there; the body is owed."""
        self.in_head, self.head_bytes, self.waits_since = False, 0, self.loop.time()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All is there."""
        self.waits_since = None
        self.scope[ALL_THERE] = True  # type: ignore[literal-required]
        super().on_message_complete()
        if self.held is not None and not (self._at_once and self._at_once(WholeRequest(self, self.held[0]))):
            self._go_on()
        self.held = None

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """What uvicorn calls for a request whose turn it is, once its head is there."""
        if self._parsing and self._at_once is not None and cycle.scope["method"] == "POST":
            self.held = cycle, app
        else:
            self.start(cycle, app)

    def start(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Start the task that answers a request."""
        super()._start_asgi_task(cycle, app)

    def _go_on(self) -> None:
        if self.held is not None:
            held, self.held = self.held, None
            self.start(*held)

    def whole(self, scope: Scope, lines: bytes, body: bytes) -> bool:
        """Answer 200 with these header lines, each with its CR LF, and this body; to a method whose answer has one.

        Whether that was done: False, and nothing is sent, where it is not this request's turn, the client does not
        read what it was sent, or wants the connection closed. The two messages of ASGI will do then.
        """
        cycle = self.cycle
        if cycle.scope is not scope or cycle.response_started or not cycle.keep_alive:
            return False
        if cycle.disconnected or self.flow.write_paused:
            return False
        names = self.server_state.default_headers
        if names is not self._opening_names:  # a new list every second: it tells the time
            self._opening = _OK + b"".join(b"%b: %b\r\n" % name for name in names)
            self._opening_names = names
        cycle.response_started = cycle.response_complete = True
        self.transport.write(b"%b%b\r\n%b" % (self._opening, lines, body))
        cycle.message_event.set()
        cycle.on_response()
        return True

    def is_overdue(self, now: float) -> bool:
        """Whether this connection has owed a head, or the next piece of a body that is read on, for too long.

        A body that is read slowly by us is not overdue; how long it may take as a whole is the routes' to say.
        """
        if self.waits_since is None or self.flow.read_paused:
            return False
        return now - self.waits_since > (HEAD_SECONDS if self.in_head else _IDLE_SECONDS)

    def refuse(self, answer: bytes) -> None:
        """Say so where nothing was answered yet, and close."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(answer)
        self.transport.close()


class GuardedServer(uvicorn.Server):
    """uvicorn's server, which looks at its connections once a second."""

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        if counter % 10 == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, GuardedProtocol) and connection.is_overdue(connection.loop.time()):
                    connection.refuse(_TOO_SLOW)
        return await super().on_tick(counter)


def server_of(app: ASGIApp, host: str, port: int) -> tuple[GuardedServer, socket.socket]:
    """A server and the socket it will listen on. No access log, which would name what is looked up."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=GuardedProtocol,
        interface="asgi3",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        backlog=1024,
        timeout_graceful_shutdown=10,
    )
    return GuardedServer(config), config.bind_socket()

"""The two requests that come most often, answered in front of FastAPI: same functions, same answers, fewer layers.

`GET /v1/credentials/{leaf}` and `POST /v1/verify`, both without query, over SQLite. Whatever is not exactly so, and
what is large goes on to the routes, which a test compares with this; signatures over RDF are judged in a thread.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry.api.caching import tag_of
from registry.api.credentials import leaf_of_text
from registry.api.gate import CORS
from registry.api.server import ALL_THERE, WHOLE
from registry.api.together import Case, Together
from registry.api.verifying import Verifier
from registry.errors import HallmarkError
from registry.store.reading.quick_evidence import QuickEvidence

_LEAF = "/v1/credentials/"
_SMALL = 16 * 1024
Pair = tuple[bytes, bytes]


class _Heads(NamedTuple):
    """Headers that all answers of a kind have; also as the lines that are sent."""

    pairs: tuple[Pair, ...]
    lines: bytes


def _lines(pairs: Sequence[Pair]) -> bytes:
    return b"".join([b"%b: %b\r\n" % pair for pair in pairs])


def _heads(keep: bytes) -> _Heads:
    pairs = ((b"content-type", b"application/json"), (b"cache-control", keep), CORS)
    return _Heads(pairs, _lines(pairs))


_CREDENTIAL, _REPORT = _heads(b"no-cache"), _heads(b"no-store")
# Whoever sends one of these wants more than the short way gives.
_LONG_WAY = frozenset(
    {b"hallmark-position", b"if-none-match", b"origin", b"content-encoding", b"transfer-encoding", b"expect"}
)
_LENGTH, _TYPE = b"content-length", b"content-type"
FORWARDED = frozenset({b"x-forwarded-for", b"x-forwarded-proto"})
"""By these the server may tell another client than the connection's before it calls the application."""


class Reference(Protocol):
    """What every answer refers to (accountable.py)."""

    def is_ones_turn(self) -> bool:
        """Whether whoever asks has to look for a newer one."""

    @property
    def header(self) -> tuple[bytes, bytes] | None:
        """How an answer names it."""

    def refresh(self) -> object:
        """Look for a newer one, which may take some milliseconds."""


class Front:
    """ASGI application in front of the routes.

    Args:
        app: The routes.
        mirror: The mirror, if it is an SQLite file; None: everything goes on to the routes.
        verifier: Who judges.
        reference: What answers refer to; None: nothing.
        body_seconds: In which a request's body must have come; half of it is waited for here.
    """

    def __init__(
        self,
        app: ASGIApp,
        mirror: QuickEvidence | None,
        verifier: Verifier,
        reference: Reference | None = None,
        body_seconds: float = 20.0,
    ) -> None:
        self._app, self._mirror, self._verifier, self._reference = app, mirror, verifier, reference
        self._body_seconds = body_seconds / 2
        self.together = None if mirror is None else Together(verifier, mirror)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the short way where it leads to the answer, else by the routes."""
        if self._mirror is not None and scope["type"] == "http" and not scope["query_string"]:
            method, path = scope["method"], scope["path"]
            if method == "GET" and path.startswith(_LEAF):
                body = self._credential(scope, path[len(_LEAF) :], self._mirror)
                if body is not None:
                    await self._answer(scope, send, body, _CREDENTIAL, (b"etag", tag_of(body).encode()))
                    return
            elif is_short_verify(scope):
                receive = await self._verify(scope, receive, send)
                if receive is _DONE:
                    return
        await self._app(scope, receive, send)

    def _credential(self, scope: Scope, text: str, mirror: QuickEvidence) -> bytes | None:
        for name, _ in scope["headers"]:
            if name in _LONG_WAY:
                return None
        try:
            return mirror.credential(leaf_of_text(text))
        except HallmarkError:
            return None

    async def _verify(self, scope: Scope, receive: Receive, send: Send) -> Receive:
        """`_DONE` once it is answered; else what the routes are to read: the same body once more."""
        if scope.get(ALL_THERE):
            message = await receive()
        else:
            try:
                async with asyncio.timeout(self._body_seconds):
                    message = await receive()
            except TimeoutError:
                return receive  # the routes wait once more, and then say so
        if message["type"] != "http.request" or message.get("more_body") or self.together is None:
            return _again(message, receive)
        body = await self.together.answer(message["body"])
        if body is None:
            return _again(message, receive)
        await self._answer(scope, send, body, _REPORT)
        return _DONE

    async def finish(self, case: Case, body: bytes | None, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request whose document was judged before (at_once.py); by the routes where no report came of it."""
        if body is None and self.together is not None:
            body = await self.together.slowly(case)
        if body is None:
            await self._app(scope, receive, send)
        else:
            await self._answer(scope, send, body, _REPORT)

    def report_lines(self, body: bytes) -> bytes | None:
        """The header lines of an answer with this report; None where a newer reference has to be looked for first."""
        reference = self._reference
        if reference is None:
            return b"%bcontent-length: %d\r\n" % (_REPORT.lines, len(body))
        if reference.is_ones_turn() or reference.header is None:
            return None
        return b"%bcontent-length: %d\r\n%b: %b\r\n" % (_REPORT.lines, len(body), *reference.header)

    async def _answer(self, scope: Scope, send: Send, body: bytes, heads: _Heads, *more: Pair) -> None:
        pairs = ((_LENGTH, b"%d" % len(body)), *more)
        reference = self._reference
        if reference is not None:
            if reference.is_ones_turn():
                await run_in_threadpool(reference.refresh)
            if reference.header is not None:
                pairs = (*pairs, reference.header)
        whole = scope.get(WHOLE)
        if whole is None or not whole(scope, heads.lines + _lines(pairs), body):
            await send({"type": "http.response.start", "status": 200, "headers": [*heads.pairs, *pairs]})
            await send({"type": "http.response.body", "body": body})


async def _DONE() -> Message:  # noqa: N802  a mark, never called
    raise AssertionError


def _again(message: Message, receive: Receive) -> Receive:
    """A receive that gives a message that was taken before all others."""
    left = [message]

    async def read() -> Message:
        return left.pop() if left else await receive()

    return read


def is_short_verify(scope: Scope, not_with: frozenset[bytes] = frozenset()) -> bool:
    """Whether this asks for the verdict on one JSON document of known, small size, and for nothing else.

    Args:
        scope: The request.
        not_with: Headers that it must not have, beside those that the short way does not heed.
    """
    if scope["path"] != "/v1/verify" or scope["method"] != "POST" or scope["query_string"]:
        return False
    small = False
    for name, value in scope["headers"]:
        if name == _LENGTH:
            small = len(value) <= 5 and value.isdigit() and int(value) <= _SMALL
        elif name in _LONG_WAY or name in not_with or (name == _TYPE and b"ndjson" in value.lower()):
            return False
    return small

"""The gate in front of everything: who asks too much is told so, what is too much at once is put off, CORS is open.

Every answer may be read by any page (no cookies, no keys: there is nothing that another site could borrow). Only what
says how the process itself fares is let through unasked: a registry under load must still tell that it lives.
"""

import asyncio
import math
import time
from collections.abc import Callable
from functools import lru_cache

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry.api.limits import Buckets, Limits, client_of
from registry.api.problems import problem

CORS = (b"access-control-allow-origin", b"*")
_PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, PUT",
    "Access-Control-Allow-Headers": "Content-Type, If-None-Match, Hallmark-Position",
    "Access-Control-Max-Age": "86400",
}
EXPOSED = (b"access-control-expose-headers", b"ETag, Hallmark-Position, Hallmark-Checkpoint, Retry-After")
_UNASKED = frozenset({"/healthz", "/readyz", "/metrics"})
# The page is some dozen files for one reader, and many readers may share an address; they lie in memory.
_FILES = "/static/"


class Gate:
    """ASGI application in front of another one.

    Args:
        app: What answers.
        limits: What is granted.
        clock: Seconds, only ever growing.
    """

    def __init__(self, app: ASGIApp, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits, self.active = limits, 0
        self._shares: dict[str, int] = {}
        self._app, self._clock, self._buckets = app, clock, Buckets(limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse at once."""
        if scope["type"] != "http" or scope["path"] in _UNASKED or scope["path"].startswith(_FILES):
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS" and _is_preflight(scope):
            await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, send)
            return
        name = client_name(scope)
        refusal = self.enter(name)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            self.leave(name)

    def enter(self, name: str) -> Response | None:
        """Let a client's request in, until it is said to `leave`; or what it is told instead."""
        wait, share = self._buckets.take(name, self._clock()), self._shares.get(name, 0)
        if wait:
            seconds = max(1, math.ceil(wait))
            return _refusal(429, "TOO_MANY_REQUESTS", "You ask faster than this registry grants.", seconds)
        if self.active >= self.limits.concurrency or share >= self.limits.share:
            return _refusal(503, "OVERLOADED", "Too much is asked at once.", 1)
        self.active += 1
        self._shares[name] = share + 1
        return None

    def leave(self, name: str) -> None:
        """A request that was let in is answered."""
        self.active -= 1
        left = self._shares[name] - 1
        if left:
            self._shares[name] = left
        else:
            del self._shares[name]

    async def pay(self, scope: Scope, tokens: int = 1) -> None:
        """Wait until the client has so many tokens more: for the lines of a long request."""
        name = client_name(scope)
        while wait := self._buckets.take(name, self._clock(), tokens):
            await asyncio.sleep(min(wait, 1.0))


def open_to_pages(app: ASGIApp) -> ASGIApp:
    """The application with the headers that let any page read its answers."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), CORS, EXPOSED]}
            await send(message)

        await app(scope, receive, tell if scope["type"] == "http" else send)

    return answer


def client_name(scope: Scope) -> str:
    """Who is counted as the sender of a request."""
    client = scope.get("client")
    return client_of(client[0]) if client else ""


def _is_preflight(scope: Scope) -> bool:
    return any(name == b"access-control-request-method" for name, _ in scope["headers"])


@lru_cache(maxsize=256)
def _refusal(status: int, code: str, detail: str, seconds: int) -> Response:
    """Made once for each number of seconds: who is asked too much must not pay for saying so."""
    answer = problem(status, code, f"{detail} Next: ask again in {seconds} s.")
    answer.headers.update(
        {"Retry-After": str(seconds), "Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
    )
    return answer

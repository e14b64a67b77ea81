"""An answer never goes back in time for one client, whichever replica gives it.

A client that sends `Hallmark-Position` (first `0/0`, then what the last answer said) is answered from a state at
least as late as every one it saw. `minBlock=N` asks for a mirror that has read block N: read your own block. A replica
that is behind waits for a moment, then says 503 with Retry-After; another one, or the same one later, can answer.
"""

import asyncio
import time
from typing import Any
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry.api.problems import problem
from registry.errors import HallmarkError, MalformedError, StoreError
from registry.store.reading.position import check_position
from registry.store.reading.queries import RegistryQueries

HEADER = "hallmark-position"
WAIT_SECONDS = 2.0
_POLL_SECONDS = 0.05


class Freshness:
    """ASGI middleware; requests that ask for nothing pass untouched.

    Args:
        app: What answers.
        queries: The mirror.
        wait: Seconds to wait for a mirror that is behind.
    """

    def __init__(self, app: ASGIApp, queries: RegistryQueries, wait: float = WAIT_SECONDS) -> None:
        self.app = app
        self.queries = queries
        self.wait = wait

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait until the mirror is late enough, answer, say how late it is."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            position, block = _demands(scope)
            late_enough = (position is None and block is None) or await self._wait(position, block)
        except HallmarkError as error:
            status = 503 if isinstance(error, StoreError) else 400
            await problem(status, error.code, str(error))(scope, receive, send)
            return
        if not late_enough:
            answer = problem(503, "REPLICA_BEHIND", "This replica has not reached what you saw. Ask again in a moment.")
            answer.headers["Retry-After"] = "1"
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send if position is None else self._telling(send))

    async def _wait(self, position: str | None, block: int | None) -> bool:
        deadline = time.monotonic() + self.wait
        while not await run_in_threadpool(self.queries.reached, position, block):
            if time.monotonic() >= deadline:
                return False
            await asyncio.sleep(_POLL_SECONDS)
        return True

    def _telling(self, send: Send) -> Send:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                # asked after the answer was read, so that it is no earlier than what the answer rests on
                position = await run_in_threadpool(self.queries.position)
                message = {**message, "headers": [*message["headers"], (HEADER.encode(), position.encode())]}
            await send(message)

        return tell


def _demands(scope: Scope) -> tuple[str | None, int | None]:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    raw = headers.get(HEADER.encode())
    position = None if raw is None else check_position(raw.decode("latin-1"))
    if b"minBlock" not in scope["query_string"]:
        return position, None
    values: list[Any] = parse_qs(scope["query_string"].decode("latin-1")).get("minBlock", [])
    if len(values) != 1 or not (values[0].isascii() and values[0].isdigit()) or len(values[0]) > 18:
        raise MalformedError("minBlock is no block number.", todo="write one decimal number")
    return position, int(values[0])

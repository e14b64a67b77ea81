"""Read request bodies as bytes with a limit: FastAPI's own JSON reader answers 500 to some bad input."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request
from starlette.requests import ClientDisconnect

from registry.errors import TooLargeError, TooSlow


async def read_body(request: Request, limit: int) -> bytes:
    """The body, at most `limit` bytes; no more than that is read.

    Raises:
        TooLargeError: As soon as it is longer, or says that it will be.
        TooSlow: It did not come in the time that the registry grants.
    """
    said = request.headers.get("content-length", "")
    if said.isascii() and said.isdigit() and (len(said) > 18 or int(said) > limit):
        raise _too_large(limit)
    seconds = request.app.state.gate.limits.body_seconds
    try:
        async with asyncio.timeout(seconds):
            return await _read(request, limit)
    except TimeoutError:
        raise TooSlow(f"The body did not come within {seconds:g} seconds.", todo="send it again, faster") from None


async def _read(request: Request, limit: int) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    return b"".join(parts)


async def lines_of(request: Request, limit: int) -> AsyncIterator[bytes]:
    """The body's lines as they come, without their ends; of one longer than `limit` bytes, `limit` + 1 bytes.

    A line that does not come in the time that the registry grants for a body ends the request.
    """
    rest, chunks = b"", request.stream()
    while True:
        try:
            async with asyncio.timeout(request.app.state.gate.limits.body_seconds):
                chunk = await anext(chunks)
        except (StopAsyncIteration, TimeoutError, ClientDisconnect):
            break
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line[: limit + 1]
        # of a line that is too long already only as much is kept as shows it
        rest = rest[: limit + 1]
    if rest:
        yield rest


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"The body has more than {limit:,} bytes.", todo="send a smaller document")

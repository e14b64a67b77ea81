"""Read request bodies as bytes with a limit: FastAPI's own JSON reader answers 500 to some bad input."""

from fastapi import Request

from registry.errors import TooLargeError


async def read_body(request: Request, limit: int) -> bytes:
    """The body, at most `limit` bytes; TooLargeError as soon as it is longer, without reading on."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLargeError(f"The body has more than {limit:,} bytes.", todo="send a smaller document")
        parts.append(part)
    return b"".join(parts)

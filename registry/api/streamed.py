"""An answer that is sent while its request is still being read."""

from collections.abc import AsyncIterator, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class Streamed(Response):
    """Parts as they come.

    Starlette's own listens for the client's leaving and so takes away pieces of the body that is being read here.
    """

    def __init__(self, parts: AsyncIterator[bytes], headers: Mapping[str, str], media_type: str) -> None:
        self.status_code, self.background, self.body = 200, None, b""
        self.media_type = media_type
        self.init_headers(headers)
        del self.headers["content-length"]
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for part in self._parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

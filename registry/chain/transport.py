"""One HTTP exchange that ends: a time for a whole answer, however it drips, and a size, however it is packed."""

import http.client
import io
import socket
import time
from typing import Any

import urllib3

MAX_BYTES = 64 << 20
"""Of one answer, decoded. A range of logs aims at 4 MB, a state proof of 1,024 slots takes 8, and the receipts of a
block of 60 million gas that holds nothing but logs some 60."""
_CONNECT_SECONDS = 5.0
_TIMES = 3  # the whole answer may take so many times what one silence may
_LEAST_RATE = 32 << 10  # bytes a second, once the time of one silence is over: a slow line is not yet a hostile one
_HEADERS = {"Content-Type": "application/json"}


class Endless(urllib3.exceptions.HTTPError):
    """An answer that began and did not end in time.

    Attributes:
        large: Whether it came fast enough, and was too much; otherwise it drips.
    """

    def __init__(self, *, large: bool) -> None:
        super().__init__()
        self.large = large


class TooLarge(urllib3.exceptions.HTTPError):
    """An answer of more than `MAX_BYTES`; the rest of it was not read."""


class Transport:
    """Posts JSON to one address. Connections are kept, but for those whose answer was not read to its end.

    Args:
        url: http(s) address.
        timeout: Seconds for each silence; a whole answer may take three times as long, if it comes at 32 KiB a second.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self.url = url
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=timeout), retries=False, maxsize=4, headers=_HEADERS
        )
        self._pool.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def post(self, body: bytes) -> tuple[int, Any, bytes]:
        """Status, headers and decoded body of the answer.

        Raises:
            Endless, TooLarge: It was given up.
            urllib3.exceptions.HTTPError, ValueError: No answer, a broken one, or no such address.
        """
        response = self._pool.request("POST", self.url, body=body, preload_content=False, redirect=False)
        try:
            data = _whole(response)
        except BaseException:
            response.close()  # what is left of the answer must not be taken for the next one's
            raise
        response.release_conn()
        return response.status, response.headers, data


def _whole(response: urllib3.BaseHTTPResponse) -> bytes:
    told = response.headers.get("Content-Length", "")
    length = int(told) if told.isdecimal() else -1
    if length > MAX_BYTES:
        raise TooLarge
    packed = "Content-Encoding" in response.headers
    pieces, left = list[bytes](), MAX_BYTES
    while piece := response.read(left + 1, decode_content=packed):
        if len(piece) == length and not packed:
            return piece  # nearly every answer: as it is, with its length, and not copied
        pieces.append(piece)
        left -= len(piece)
        if left < 0:
            raise TooLarge
    return b"".join(pieces)


class _Timed(io.RawIOBase):
    """What comes from a socket, as long as it comes in time."""

    def __init__(self, sock: socket.socket, silence: float) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)  # keeps the socket open for as long as this is
        self._silence = silence
        self._began = time.monotonic()
        self._got = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        whole, earned = _TIMES * self._silence, self._silence + self._got / _LEAST_RATE
        left = self._began + min(whole, earned) - time.monotonic()
        if left <= 0:
            raise Endless(large=earned > whole)
        self._sock.settimeout(min(self._silence, left))
        try:
            count = self._raw.readinto(buffer)
        except TimeoutError:
            if self._got:
                raise Endless(large=earned > whole and left < self._silence) from None
            raise
        self._got += count or 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()

    def makefile(self, *_: Any) -> io.BufferedReader:
        """As `http.client` asks a socket for it."""
        return io.BufferedReader(self, 1 << 16)


class _Ending:
    """A connection whose answers end."""

    timeout: float

    def response_class(self, sock: socket.socket, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:
        timed: Any = _Timed(sock, self.timeout)
        return http.client.HTTPResponse(timed, *args, **kwargs)


class _Connection(_Ending, urllib3.connection.HTTPConnection):  # type: ignore[misc]
    pass


class _TlsConnection(_Ending, urllib3.connection.HTTPSConnection):  # type: ignore[misc]
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection  # type: ignore[assignment]


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection  # type: ignore[assignment]

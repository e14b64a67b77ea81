"""Fetch one document over HTTPS from a host on an allow list: never a private address, never another host's redirect.

The name is resolved once, every address is judged, and the connection goes to the judged address: an answer that
changes between check and use (DNS rebinding) changes nothing. Whatever fails is Unreachable, which proves nothing.
"""

import hashlib
import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit

from registry.errors import Unreachable

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

_MAX_REDIRECTS = 3
_CHUNK = 16 * 1024
# Translation prefixes: an IPv4 address of any kind may stand inside (RFC 6052, RFC 8215).
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """Where the verifier lets us go, and how far.

    Attributes:
        hosts: Host names (lower case; `name:port` for another port than 443). Empty: nothing is fetched.
        max_bytes: Longest accepted answer.
        seconds: Longest time for one document, redirects included.
        cache: Folder for copies; None keeps none.
        fresh: Age in seconds up to which a copy is used without asking again.
        stale: Age in seconds up to which a copy serves when nobody answers.
    """

    hosts: frozenset[str] = frozenset()
    max_bytes: int = 1024 * 1024
    seconds: float = 10.0
    cache: Path | None = None
    fresh: float = 3600.0
    stale: float = 30 * 86400.0


def public_address(address: str) -> bool:
    """Whether an IP address is one of the public internet (RFC 6890), IPv4 inside IPv6 included."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    teredo = getattr(ip, "teredo", None)
    inner = [mapped] if mapped else list(teredo or ())
    translated = any(ip in network for network in _TRANSLATED)
    return ip.is_global and not ip.is_multicast and not translated and all(part.is_global for part in inner)


def _resolve(host: str, port: int) -> list[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True)
class Fetcher:
    """Fetches under a policy.

    Attributes:
        policy: Hosts and limits.
        resolve: Name and port to addresses.
        acceptable: Which addresses may be connected to.
        tls: Trust roots; None for the system's.
    """

    policy: FetchPolicy
    resolve: Callable[[str, int], list[str]] = _resolve
    acceptable: Callable[[str], bool] = public_address
    tls: ssl.SSLContext | None = None

    def get(self, url: str) -> bytes:
        """The body at `url`.

        Raises:
            Unreachable: The host is not on the list, its address is private, it did not answer with 200 in time, or
                the answer is too long.
        """
        parts = self._allowed(url)
        age, copy = self._copy(url)
        if copy is not None and age < self.policy.fresh:
            return copy
        try:
            body = self._follow(parts)
        except Unreachable:
            if copy is not None and age < self.policy.stale:
                return copy
            raise
        self._keep(url, body)
        return body

    def _allowed(self, url: str) -> SplitResult:
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port or 443
        except ValueError:
            raise Unreachable(f"{url[:120]!r} is no URL.") from None
        name = host if port == 443 else f"{host}:{port}"
        if parts.scheme != "https" or parts.username is not None or parts.password is not None:
            raise Unreachable(f"{url[:120]} is not plain https.")
        if name not in self.policy.hosts:
            todo = f"name it with --allow-host {name} if you trust it to be asked"
            raise Unreachable(f"{name} is not on your list of hosts; nothing was fetched.", todo=todo)
        return parts

    def _follow(self, parts: SplitResult) -> bytes:
        deadline = time.monotonic() + self.policy.seconds
        for _ in range(_MAX_REDIRECTS + 1):
            status, body, location = self._request(parts, deadline)
            if status not in (301, 302, 303, 307, 308) or not location:
                break
            target = urlsplit(urljoin(parts.geturl(), location))
            if (target.scheme, target.netloc.lower()) != (parts.scheme, parts.netloc.lower()):
                raise Unreachable(f"{parts.hostname} redirects to another host ({target.netloc[:80]}).")
            parts = target
        if status != 200:
            raise Unreachable(f"{parts.geturl()[:120]} answered with {status}.")
        return body

    def _request(self, parts: SplitResult, deadline: float) -> tuple[int, bytes, str]:
        import urllib3

        host, port = parts.hostname or "", parts.port or 443
        pool = urllib3.HTTPSConnectionPool(
            self._address(host, port), port, server_hostname=host, assert_hostname=host, ssl_context=self.tls
        )
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Host": parts.netloc, "Accept": "application/json, */*", "Accept-Encoding": "identity"}
        try:
            answer = pool.request(
                "GET",
                target,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=self._left(deadline),
            )
            return answer.status, self._read(answer, deadline), answer.headers.get("Location", "")
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreachable(f"{host} did not answer: {type(error).__name__}.") from None
        finally:
            pool.close()

    def _address(self, host: str, port: int) -> str:
        try:
            addresses = self.resolve(host, port)
        except (OSError, UnicodeError):
            addresses = []
        if not addresses:
            raise Unreachable(f"The name {host} has no address.")
        if not all(map(self.acceptable, addresses)):
            raise Unreachable(f"{host} leads to a private address; nothing was asked there.")
        return addresses[0]

    def _read(self, answer: "BaseHTTPResponse", deadline: float) -> bytes:
        body = bytearray()
        for chunk in answer.stream(_CHUNK, decode_content=False):
            body += chunk
            self._left(deadline)
            if len(body) > self.policy.max_bytes:
                raise Unreachable(f"The answer is longer than {self.policy.max_bytes:,} bytes.")
        return bytes(body)

    def _left(self, deadline: float) -> float:
        left = deadline - time.monotonic()
        if left <= 0:
            raise Unreachable(f"No complete answer within {self.policy.seconds:g} seconds.")
        return left

    def _path(self, url: str) -> Path | None:
        folder = self.policy.cache
        return None if folder is None else folder / f"{hashlib.sha256(url.encode()).hexdigest()}.json"

    def _copy(self, url: str) -> tuple[float, bytes | None]:
        """The copy's age in seconds and the copy; None where there is none that can be read."""
        path = self._path(url)
        try:
            kept = json.loads(path.read_bytes()) if path else {}
            same = kept.get("url") == url
            return (time.time() - float(kept["at"]), bytes.fromhex(kept["body"])) if same else (0.0, None)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return 0.0, None

    def _keep(self, url: str, body: bytes) -> None:
        path = self._path(url)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".new")
        # A crash leaves the old copy or the new one, whole; a lost copy costs one question.
        beside.write_text(json.dumps({"url": url, "at": time.time(), "body": body.hex()}))
        beside.replace(path)

"""How much one client may ask, and how much is answered at once. Values only; time is passed in."""

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address


@dataclass(frozen=True, slots=True)
class Limits:
    """What a registry grants.

    Attributes:
        rate: Requests a second that one client may go on sending; 0: no limit.
        burst: Requests that it may send at once after a pause.
        concurrency: Requests that are answered at the same time.
        share: How many of them may be one client's: who sends many bodies slowly does not keep others out.
        body_seconds: In which a request's body must have come.
        clients: Clients that are remembered; the one that was silent longest is forgotten first.
    """

    rate: float = 50.0
    burst: int = 500
    concurrency: int = 100
    share: int = 25
    body_seconds: float = 20.0
    clients: int = 50_000


class Buckets:
    """A token bucket for every client. In this process alone: several replicas grant each their own share."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._filled: OrderedDict[str, float] = OrderedDict()

    def take(self, client: str, now: float, tokens: int = 1) -> float:
        """Take tokens; 0.0, or how many seconds the client has to wait before it has them (none are taken then).

        A bucket is kept as the moment at which it is full again: one number a client.
        """
        limits = self._limits
        if not limits.rate:
            return 0.0
        full = max(self._filled.get(client, 0.0), now) + tokens / limits.rate
        wait = full - now - limits.burst / limits.rate
        if wait > 0:
            return wait
        self._filled[client] = full
        self._filled.move_to_end(client)
        if len(self._filled) > limits.clients:
            self._filled.popitem(last=False)
        return 0.0


def client_of(address: str) -> str:
    """Who is counted as one client: an IPv4 address, the 64-bit network of an IPv6 one."""
    if ":" not in address:
        return address
    try:
        packed = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = packed.ipv4_mapped
    return str(mapped) if mapped else packed.packed[:8].hex()

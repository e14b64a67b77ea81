"""How far a chain is, by an endpoint's tags `safe` and `finalized`, or by confirmations where it has none."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from registry.chain.quantities import quantity
from registry.chain.rpc import Call, Caller
from registry.errors import ChainUnavailable, RpcError
from registry.ports.chain import Tiers

_TAGS = ("latest", "safe", "finalized")
_SECONDS = 60.0  # an endpoint without tags is not asked for them again before


@dataclass
class _Known:
    """What one endpoint was seen to do: whether it ever gave the tags, and until when it is not asked for them."""

    gave: bool = False
    until: float = 0.0


class Heights:
    """Tiers as endpoints tell them; what is found out about one says nothing about another.

    Args:
        clock: Seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, _Known] = {}

    def of(self, rpc: Caller, safe_after: int, final_after: int) -> Tiers:
        """Newest, safe and final block; by confirmations only where tags are refused, or were never given.

        Args:
            rpc: One endpoint.
            safe_after: Confirmations that make a block safe.
            final_after: The same for final.

        Raises:
            ChainUnavailable: No answer, or none about tags from an endpoint that has them, or refuses something else.
            ValueError, KeyError, TypeError: An answer that is no height.
        """
        known = self._known.setdefault(rpc.url, _Known())
        if self._clock() >= known.until:
            blocks = _tagged(rpc, patient=not known.gave)
            if blocks is not None and all(blocks):
                known.gave = True
                latest, safe, final = (quantity(block["number"]) for block in blocks)
                return Tiers(latest, min(safe, latest), min(final, latest))
            if blocks is not None and known.gave:
                what = f"The endpoint {rpc.url} does not say which blocks are safe and final, as it did before."
                raise ChainUnavailable(what, todo="ask again, or another endpoint")
            known.until = self._clock() + _SECONDS
        latest = quantity(rpc.call("eth_blockNumber"))
        return Tiers(latest, max(0, latest - safe_after), max(0, latest - final_after))


def _tagged(rpc: Caller, *, patient: bool) -> list[Any] | None:
    """The tagged blocks, null where there is none, which is asked for twice; None where the endpoint knows no tags."""
    calls: list[Call] = [("eth_getBlockByNumber", [tag, False]) for tag in _TAGS]
    try:
        blocks = rpc.batch(calls)
        return blocks if all(blocks) or not patient else rpc.batch(calls)
    except RpcError as error:
        refused = error
    try:
        blocks = [rpc.call(method, *params) for method, params in calls]
    except RpcError:
        return None
    if all(blocks):
        return blocks
    raise ChainUnavailable(f"The endpoint {rpc.url} refuses heights in passing: {refused.what}", todo="ask again")

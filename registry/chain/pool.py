"""Several endpoints of one chain that stand for each other: the first healthy one is asked, the others wait.

An endpoint that fails, or is caught disagreeing, is left alone for a while (quarantine), longer each time.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from registry.chain.rpc import Call, Caller
from registry.errors import ChainUnavailable, RangeTooLarge

T = TypeVar("T")
_FIRST_QUARANTINE = 5.0
_LONGEST_QUARANTINE = 300.0


@dataclass
class _Member:
    rpc: Caller
    until: float = 0.0
    pause: float = _FIRST_QUARANTINE
    reason: str = ""
    faults: int = 0


class RpcPool:
    """Endpoints in the order of preference.

    Args:
        members: One `Rpc` each.
        clock: Seconds, monotonic.
    """

    def __init__(self, members: Sequence[Caller], clock: Callable[[], float] = time.monotonic) -> None:
        self._members = [_Member(member) for member in members]
        self._clock = clock

    @property
    def url(self) -> str:
        """Address of the endpoint that would be asked now."""
        return self._in_order()[0].rpc.url

    @property
    def size(self) -> int:
        """How many endpoints there are."""
        return len(self._members)

    def call(self, method: str, *params: Any) -> Any:
        """The result of one call, from the first endpoint that answers."""
        return self._ask(lambda rpc: rpc.call(method, *params))

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results of many calls, all from one endpoint."""
        return self._ask(lambda rpc: rpc.batch(calls))

    def others(self) -> list[Caller]:
        """The healthy endpoints behind the one that is asked now, for a second opinion."""
        now = self._clock()
        return [member.rpc for member in self._in_order()[1:] if member.until <= now]

    def quarantine(self, reason: str) -> None:
        """Leave the endpoint that is asked now alone for a while: it was caught in something. The last one stays."""
        self._set_aside(self._in_order()[0], reason)

    def faults(self) -> dict[str, int]:
        """Address → how often it was set aside."""
        return {member.rpc.url: member.faults for member in self._members}

    def _ask(self, ask: Callable[[Caller], T]) -> T:
        last: ChainUnavailable | None = None
        for member in self._in_order():
            try:
                answer = ask(member.rpc)
            except RangeTooLarge:
                raise  # not the endpoint's fault: the question has to change
            except ChainUnavailable as error:
                last = error
                self._set_aside(member, str(error))
            else:
                member.pause = _FIRST_QUARANTINE
                return answer
        assert last is not None  # there is at least one member
        raise last

    def _set_aside(self, member: _Member, reason: str) -> None:
        member.until, member.reason = self._clock() + member.pause, reason
        member.pause = min(_LONGEST_QUARANTINE, member.pause * 2)
        member.faults += 1

    def _in_order(self) -> list[_Member]:
        """Healthy ones in the order of preference, then those whose quarantine ends first."""
        now = self._clock()
        healthy = [member for member in self._members if member.until <= now]
        return healthy + sorted((m for m in self._members if m.until > now), key=lambda m: m.until)

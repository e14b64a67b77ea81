"""Several endpoints of one chain that stand for each other: the first healthy one is asked, the others wait.

An endpoint that fails, or is caught disagreeing, is left alone for a while (quarantine), longer each time. None is
believed before it was seen to be of the right chain, and after each quarantine that is looked at again.
"""

import math
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from registry.chain.refusals import not_offered
from registry.chain.rpc import AnswerTooLarge, Call, Caller
from registry.errors import ChainUnavailable, HallmarkError, RangeTooLarge, RpcError, WrongChain

T = TypeVar("T")
_FIRST_QUARANTINE = 5.0
_LONGEST_QUARANTINE = 300.0
LOOK_SECONDS = 60.0
"""What chain an endpoint is of is looked at again so often."""


@dataclass(eq=False)
class _Member:
    rpc: Caller
    until: float = 0.0
    pause: float = _FIRST_QUARANTINE
    reason: str = ""
    faults: int = 0
    seen: float = -math.inf  # when it was seen to be of the right chain


class RpcPool:
    """Endpoints in the order of preference.

    Args:
        members: One `Rpc` each.
        clock: Seconds, monotonic.

    `admit` is called with an endpoint before its first answer is taken, again after it was set aside, and once a
    minute; it raises WrongChain or ChainUnavailable where it may not be asked.
    """

    def __init__(self, members: Sequence[Caller], clock: Callable[[], float] = time.monotonic) -> None:
        self._members = [_Member(member) for member in members]
        self._clock = clock
        self._asked = threading.local()
        self.admit: Callable[[Caller], None] = lambda _: None

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
        return self.ask(lambda rpc: rpc.call(method, *params))

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results of many calls, all from one endpoint."""
        return self.ask(lambda rpc: rpc.batch(calls))

    def check(self) -> None:
        """Look at the endpoint that is asked now as if it were new.

        Raises:
            WrongChain: None that answers is of the right chain.
            ChainUnavailable: None answers.
        """
        for member in self._members:
            member.seen = -math.inf
        self.ask(lambda _: None)

    def ask(self, ask: Callable[[Caller], T]) -> T:
        """What one endpoint answers to all of a question's calls.

        Raises:
            ChainUnavailable: None answers.
            RpcError: It is the endpoint's error about the call, or none of them offers the method.
        """

        def noted(member: _Member) -> T:
            self._asked.member = member
            return ask(member.rpc)

        return self._first(self._in_order(), noted)

    def elsewhere(self, ask: Callable[[Caller], T]) -> T:
        """An answer of another healthy endpoint than the one asked last; of that one where none gives any."""
        now, present = self._clock(), self._present()
        for member in self._members:
            if member is present or member.until > now:
                continue
            try:
                self._look_at(member)
                return ask(member.rpc)
            except HallmarkError as error:
                self._set_aside(member, str(error))
        return ask(present.rpc)

    def opinions(self, ask: Callable[[Caller], T]) -> list[T]:
        """What the others say beside the endpoint asked last, also those in quarantine; silent ones are left out."""
        found, present = list[T](), self._present()
        for member in self._members:
            if member is not present:
                with suppress(HallmarkError):
                    self._look_at(member)
                    found.append(ask(member.rpc))
        return found

    def quarantine(self, reason: str) -> bool:
        """Leave the endpoint alone that this thread asked last: it was caught in something.

        Returns:
            Whether another one is asked in its place.
        """
        caught = self._present()
        self._set_aside(caught, reason)
        return self._in_order()[0] is not caught

    def faults(self) -> dict[str, int]:
        """Address → how often it was set aside."""
        return {member.rpc.url: member.faults for member in self._members}

    def _first(self, members: Sequence[_Member], ask: Callable[[_Member], T]) -> T:
        failed: HallmarkError | None = None
        refused: RpcError | None = None
        for member in members:
            try:
                self._look_at(member)
                answer = ask(member)
            except (ChainUnavailable, WrongChain) as error:
                if isinstance(error, RangeTooLarge) and not isinstance(error, AnswerTooLarge):
                    raise  # not the endpoint's fault: the question has to change
                self._set_aside(member, str(error))
                failed = error if failed is None or isinstance(error, ChainUnavailable) else failed
            except RpcError as error:
                if not not_offered(error):
                    raise
                refused = refused or error  # nobody's fault: another one may offer it
            else:
                self._forgive(member)
                return answer
        last = refused or failed
        assert last is not None  # there is at least one member
        raise last

    def _look_at(self, member: _Member) -> None:
        if self._clock() - member.seen > LOOK_SECONDS:
            self.admit(member.rpc)
            member.seen = self._clock()

    def _forgive(self, member: _Member) -> None:
        """One good answer mends nothing: who lies gives many of them between two lies."""
        if member.pause > _FIRST_QUARANTINE and self._clock() >= member.until + member.pause:
            member.pause = _FIRST_QUARANTINE

    def _present(self) -> _Member:
        """Who was asked last by this thread: what is wrong came from there."""
        member = getattr(self._asked, "member", None)
        return member if isinstance(member, _Member) else self._in_order()[0]

    def _set_aside(self, member: _Member, reason: str) -> None:
        member.until, member.reason = self._clock() + member.pause, reason
        member.pause = min(_LONGEST_QUARANTINE, member.pause * 2)
        member.faults += 1
        member.seen = -math.inf

    def _in_order(self) -> list[_Member]:
        """Healthy ones in the order of preference, then those whose quarantine ends first."""
        now = self._clock()
        healthy = [member for member in self._members if member.until <= now]
        return healthy + sorted((m for m in self._members if m.until > now), key=lambda m: m.until)

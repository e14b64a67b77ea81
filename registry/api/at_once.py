"""`POST /v1/verify` of a document that was read as a whole: judged without a task, a receive and a send of its own.

Two ways lead to a verdict, and what decides is the same object in both: the gate lets in (`Gate.enter`), the short way
says which requests it takes and which headers an answer has (`Front`), and all that came in one turn are judged side by
side (`Together`). What ASGI does for a request beside that costs as much as half of the checks, and is of use only to
those that have to wait. So whatever has to wait goes on by ASGI: a refusal, a thread, the routes, a look for a newer
checkpoint, a client that does not read or wants to close.
"""

from functools import partial

from starlette.types import ASGIApp, Receive, Scope, Send

from registry.api.front import FORWARDED, Front, is_short_verify
from registry.api.gate import Gate, client_name
from registry.api.server import WholeRequest
from registry.api.together import Case, Together


class AtOnce:
    """Takes requests that are there as a whole (server.py).

    Args:
        app: What requests are told to belong to.
        gate: What lets them in.
        front: The short way behind it.
    """

    def __init__(self, app: ASGIApp, gate: Gate, front: Front) -> None:
        self.app, self.gate, self.front = app, gate, front

    def __call__(self, request: WholeRequest) -> bool:
        """Whether it will be answered; if not, nothing was done and it goes the way of all others."""
        together, scope = self.front.together, request.scope
        if together is None or not is_short_verify(scope, FORWARDED):
            return False
        name = client_name(scope)
        refusal = self.gate.enter(name)
        if refusal is None:
            _Visit(self, name, request, together)
        else:
            request.start(refusal)
        return True


class _Visit:
    """One request that was let in, until it leaves (fills `together.Waiting`)."""

    __slots__ = ("_case", "_name", "_request", "_way")

    def __init__(self, way: AtOnce, name: str, request: WholeRequest, together: Together) -> None:
        self._way, self._name, self._request = way, name, request
        self._case: Case | None = together.take(request.body, self)

    def done(self) -> bool:
        """Whether it was told: a client that goes away within the turn is judged with the others, and told nothing."""
        return self._case is None

    def set_result(self, result: bytes | None) -> None:
        """Send the report, by ASGI where that takes more than to write it."""
        case = self._let_go()
        lines = None if result is None else self._way.front.report_lines(result)
        if result is None or lines is None or not self._request.answer(lines, result):
            self._request.start(partial(self._later, case, result))
        else:
            self._way.gate.leave(self._name)

    def set_exception(self, exception: Exception) -> None:
        """Let the server say and log what it says and logs of every application that fails."""
        self._let_go()
        self._request.start(partial(self._fail, exception))

    def _let_go(self) -> Case:
        """The document, which knows this request: together they would be garbage that only the collector finds."""
        case, self._case = self._case, None
        assert case is not None  # told once
        return case

    async def _later(self, case: Case, result: bytes | None, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self._way.app
        try:
            await self._way.front.finish(case, result, scope, receive, send)
        finally:
            self._way.gate.leave(self._name)

    async def _fail(self, exception: Exception, _scope: Scope, _receive: Receive, _send: Send) -> None:
        self._way.gate.leave(self._name)
        raise exception

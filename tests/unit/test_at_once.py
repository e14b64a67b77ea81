"""A badge that was read as a whole is judged without a task: by the same gate and judge, and nobody is forgotten."""

import asyncio
import gc
import json
import weakref
from typing import Any

import world
from world import build

from registry.api.at_once import AtOnce
from registry.api.front import Front
from registry.api.gate import Gate
from registry.api.limits import Limits
from registry.api.verifying import Verifier, report_bytes
from registry.credential.model import Credential
from registry.verification.evidence_json import evidence_to_json
from registry.verification.verify import judge, present

MADE = build(size=3)
BADGE = json.dumps(MADE.credentials[0]).encode()
RDF = {**MADE.credential, "proof": [{**MADE.credential["proof"][0], "cryptosuite": "eddsa-rdfc-2022"}]}
EXPECTED = report_bytes(judge(present(BADGE), MADE.evidence, MADE.policy), evidence=evidence_to_json(MADE.evidence))


class Mirror:
    """The world's evidence; or what is raised instead."""

    def __init__(self, failing: Exception | None = None) -> None:
        self.failing = failing

    def gather(self, place: Any, account: Any) -> Any:
        if self.failing:
            raise self.failing
        return MADE.evidence

    def json_of(self, evidence: Any) -> Any:
        return evidence_to_json(evidence)


class Reference:
    """What answers refer to; `turns` says how often somebody has to look for a newer one."""

    header = (b"hallmark-checkpoint", b"1 1 0x00")

    def __init__(self, turns: int = 0) -> None:
        self.turns, self.looked = turns, 0

    def is_ones_turn(self) -> bool:
        self.turns -= 1
        return self.turns >= 0

    def refresh(self) -> None:
        self.looked += 1


class Asked:
    """A whole request (server.WholeRequest) and what became of it: sent in one piece, or by an application."""

    def __init__(
        self, body: bytes, *headers: tuple[bytes, bytes], path: str = "/v1/verify", writes: bool = True
    ) -> None:
        length = (b"content-length", b"%d" % len(body))
        self.scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "client": ("192.0.2.1", 1)}
        self.scope["headers"] = [length, *headers]
        self.body, self.writes = body, writes
        self.whole: tuple[bytes, bytes] | None = None
        self.messages: list[Any] = []
        self.task: asyncio.Task[None] | None = None

    def answer(self, lines: bytes, body: bytes) -> bool:
        if self.writes:
            self.whole = lines, body
        return self.writes

    def start(self, app: Any) -> None:
        assert self.whole is None
        assert self.task is None
        self.task = asyncio.ensure_future(app(self.scope, self.receive, self.send))

    async def receive(self) -> Any:
        return {"type": "http.request", "body": self.body}

    async def send(self, message: Any) -> None:
        self.messages.append(message)

    async def done(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        if self.task is not None:
            await asyncio.wait([self.task])

    @property
    def status(self) -> int:
        return 200 if self.whole else self.messages[0]["status"]


async def routes(scope: Any, _receive: Any, send: Any) -> None:
    assert scope["app"] == "the app"
    await send({"type": "http.response.start", "status": 418, "headers": []})


def way(failing: Exception | None = None, reference: Any = None, **limits: Any) -> AtOnce:
    verifier = Verifier(None, (world.trusted(world.CONTRACT),), lambda: world.NOW)
    front = Front(routes, Mirror(failing), verifier, reference)  # type: ignore[arg-type]
    return AtOnce("the app", Gate(front, Limits(**{"rate": 0, **limits})), front)  # type: ignore[arg-type]


def ask(ways: AtOnce, *requests: Asked) -> list[bool]:
    """Show them to it in one turn, and wait until all that it took are told; everybody must have left the gate."""

    async def run() -> list[bool]:
        taken = [ways(request) for request in requests]  # type: ignore[arg-type]
        for request in requests:
            await request.done()
        return taken

    taken = asyncio.run(run())
    assert ways.gate.active == 0
    assert not ways.gate._shares
    return taken


def test_badges_that_come_together_are_each_answered_in_one_piece():
    requests = [Asked(BADGE) for _ in range(3)]
    assert ask(way(reference=Reference()), *requests) == [True] * 3
    for request in requests:
        lines, body = request.whole or (b"", b"")
        assert body == EXPECTED
        assert b"content-length: %d\r\n" % len(body) in lines
        assert lines.endswith(b"hallmark-checkpoint: 1 1 0x00\r\n")


def test_answer_that_cannot_be_sent_whole_is_the_same_in_two_messages():
    whole, other = Asked(BADGE), Asked(BADGE, writes=False)
    ask(way(reference=Reference()), whole, other)
    start, body = other.messages
    lines = b"".join(b"%b: %b\r\n" % pair for pair in start["headers"])
    assert (lines, body["body"]) == whole.whole


def test_whoever_has_to_look_for_a_newer_reference_does_so_in_a_task():
    reference = Reference(turns=1)
    first, second = Asked(BADGE), Asked(BADGE)
    ask(way(reference=reference), first, second)
    assert second.whole is not None
    assert (first.whole, first.status) == (None, 200)


def test_who_asks_too_fast_or_too_much_is_refused_here_as_anywhere():
    fast = [Asked(BADGE) for _ in range(4)]
    assert ask(way(rate=0.001, burst=2), *fast) == [True] * 4
    assert [request.status for request in fast] == [200, 200, 429, 429]
    many = [Asked(BADGE) for _ in range(4)]
    ask(way(share=3), *many)
    assert [request.status for request in many] == [200, 200, 200, 503]


def test_unusual_requests_are_not_taken_and_cost_their_client_nothing():
    ways = way(rate=0.001, burst=1)
    unusual = [
        Asked(BADGE, path="/v1/checkpoint"),
        Asked(BADGE, (b"origin", b"https://example.org")),
        Asked(BADGE, (b"content-type", b"application/x-ndjson")),
        Asked(BADGE, (b"content-encoding", b"gzip")),
        Asked(BADGE, (b"x-forwarded-for", b"192.0.2.7")),
        Asked(b" " * 20_000),
    ]
    assert ask(ways, *unusual) == [False] * len(unusual)
    assert all(request.whole is None and request.task is None for request in unusual)
    last = Asked(BADGE)
    assert ask(ways, last) == [True]
    assert last.status == 200


def test_what_the_short_way_cannot_answer_the_routes_do():
    unreadable = Asked(b"{")
    ask(way(), unreadable)
    assert unreadable.status == 418


def test_signature_over_rdf_is_judged_in_a_thread_and_told():
    costly = Asked(json.dumps(RDF).encode())
    ask(way(), costly)
    assert costly.whole is None
    assert json.loads(costly.messages[1]["body"])["checks"][2]["name"] == "signature"


def test_unforeseen_failure_is_told_by_the_server_and_leaves_the_gate():
    request = Asked(BADGE)
    ask(way(failing=ZeroDivisionError()), request)
    assert request.task is not None
    assert isinstance(request.task.exception(), ZeroDivisionError)


def test_no_document_is_left_to_the_collector(monkeypatch):
    """What is judged at once is gone once it is told: garbage that piles up would be cold memory for the next."""
    held: list[weakref.ref[Any]] = []

    def marked(data: bytes) -> Any:
        presented, pointers = present(data), set()  # type: ignore[var-annotated]
        held.append(weakref.ref(pointers))
        assert isinstance(presented.credential, Credential)
        return presented._replace(credential=presented.credential._replace(pointers=pointers))

    monkeypatch.setattr("registry.api.together.present", marked)
    gc.collect()
    gc.disable()
    try:
        request = Asked(BADGE)
        ask(way(), request)
        assert [ref() for ref in held] == [None]
    finally:
        gc.enable()
    assert request.whole is not None

"""Documents that are judged together get what each would get alone, and none can spoil another's answer."""

import asyncio
import json
from typing import Any

import world
from world import build

from registry.api.together import Together
from registry.api.verifying import Verifier, report_bytes
from registry.credential.model import read_credential
from registry.errors import StoreError
from registry.verification.evidence_json import evidence_to_json
from registry.verification.verify import judge, present

MADE = build(size=5)
RDF = {**MADE.credential, "proof": [{**MADE.credential["proof"][0], "cryptosuite": "eddsa-rdfc-2022"}]}
DOCUMENTS = [json.dumps(document).encode() for document in (*MADE.credentials, RDF)]
CHANGED = json.dumps({**MADE.credentials[0], "name": "Somebody else"}).encode()


class Mirror:
    """The world's evidence for each place in it; `failing` says about which index what is raised."""

    def __init__(self, failing: dict[int, Exception] | None = None) -> None:
        self.failing = failing or {}

    def gather(self, place: Any, account: Any) -> Any:
        if place.index in self.failing:
            raise self.failing[place.index]
        return MADE.evidence

    def json_of(self, evidence: Any) -> Any:
        return evidence_to_json(evidence)


def together(**more: Any) -> Together:
    return Together(Verifier(None, (world.trusted(world.CONTRACT),), lambda: world.NOW), Mirror(**more))


def alone(data: bytes) -> bytes:
    report = judge(present(data), MADE.evidence, MADE.policy)
    return report_bytes(report, evidence=evidence_to_json(MADE.evidence))


async def answers(judges: Together, *documents: bytes) -> list[Any]:
    return await asyncio.gather(*map(judges.answer, documents), return_exceptions=True)


def test_documents_that_come_together_get_what_each_gets_alone():
    found = asyncio.run(answers(together(), *DOCUMENTS, CHANGED, *DOCUMENTS))
    assert found == [*map(alone, DOCUMENTS), alone(CHANGED), *map(alone, DOCUMENTS)]
    verdicts = [json.loads(body)["verdict"] for body in found]
    assert verdicts[: len(MADE.credentials)] == ["valid"] * len(MADE.credentials)
    assert verdicts[len(DOCUMENTS)] == "invalid"


def test_document_that_comes_alone_gets_the_same():
    assert asyncio.run(answers(together(), DOCUMENTS[0])) == [alone(DOCUMENTS[0])]


def test_unreadable_document_is_left_to_the_routes_and_keeps_nobody_waiting():
    found = asyncio.run(answers(together(), b"{", DOCUMENTS[0], b"", b'{"a":1,"a":2}'))
    assert found == [None, alone(DOCUMENTS[0]), None, None]


def test_database_that_refuses_one_question_is_left_to_the_routes():
    found = asyncio.run(answers(together(failing={1: StoreError("gone")}), *DOCUMENTS[:3]))
    assert found == [alone(DOCUMENTS[0]), None, alone(DOCUMENTS[2])]


def test_unforeseen_failure_is_that_of_its_own_request_alone():
    found = asyncio.run(answers(together(failing={1: ZeroDivisionError()}), *DOCUMENTS[:3]))
    assert isinstance(found[1], ZeroDivisionError)
    assert [found[0], found[2]] == [alone(DOCUMENTS[0]), alone(DOCUMENTS[2])]


def test_who_goes_away_takes_nobody_along():
    async def some_leave() -> list[Any]:
        judges = together()
        tasks = [asyncio.create_task(judges.answer(data)) for data in DOCUMENTS[:3]]
        await asyncio.sleep(0)
        tasks[1].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    found = asyncio.run(some_leave())
    assert isinstance(found[1], asyncio.CancelledError)
    assert [found[0], found[2]] == [alone(DOCUMENTS[0]), alone(DOCUMENTS[2])]


def test_what_comes_in_the_next_turn_is_not_forgotten():
    async def twice() -> list[Any]:
        judges = together()
        return [*await answers(judges, *DOCUMENTS[:2]), *await answers(judges, *DOCUMENTS[2:4])]

    assert asyncio.run(twice()) == [*map(alone, DOCUMENTS[:4])]


def test_loop_that_ended_in_between_leaves_nothing_behind():
    judges, gone = together(), asyncio.new_event_loop()
    gone.close()
    judges._loop, judges._turn = gone, [object()]  # somebody was in line when it ended
    assert asyncio.run(answers(judges, DOCUMENTS[1])) == [alone(DOCUMENTS[1])]


def test_only_what_takes_long_goes_to_a_thread(monkeypatch):
    in_threads: list[bytes] = []

    async def threaded(function: Any, presented: Any, *more: Any) -> Any:
        in_threads.append(presented.credential.doc_hash)
        return function(presented, *more)

    monkeypatch.setattr("registry.api.together.run_in_threadpool", threaded)
    asyncio.run(answers(together(), *DOCUMENTS))
    assert in_threads == [read_credential(DOCUMENTS[-1]).doc_hash]

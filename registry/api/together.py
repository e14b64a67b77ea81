"""Verdicts on documents that come together: a step for all of them, then the next.

The code of a whole verdict is larger than a processor's first cache, and each document alone would load it again: side
by side sixteen take a fifth less time (cohort scheduling: Larus and Parkes, USENIX 2002). Who comes alone waits for
nobody.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from starlette.concurrency import run_in_threadpool

from registry.api.verifying import Verifier, is_cheap, report_bytes
from registry.errors import HallmarkError
from registry.store.reading.quick_evidence import QuickEvidence
from registry.verification.evidence import Evidence, NoEvidence, Policy
from registry.verification.report import Report
from registry.verification.verify import Presented, present, verified


class Waiting(Protocol):
    """Who waits for an answer: an `asyncio.Future` is one."""

    def done(self) -> bool:
        """Whether nobody waits any more."""

    def set_result(self, result: bytes | None) -> None:
        """The report; None where it has to be told in another way."""

    def set_exception(self, exception: Exception) -> None:
        """Something that nobody foresaw."""


class Case:
    """One document on its way. `told` gets the answer; None where it has to be told in another way."""

    __slots__ = ("costly", "data", "evidence", "policy", "presented", "report", "told")

    presented: Presented
    evidence: Evidence | NoEvidence
    report: Report

    def __init__(self, data: bytes, policy: Policy, told: Waiting) -> None:
        self.data, self.policy, self.told, self.costly = data, policy, told, False

    def goes_on(self, step: "Callable[[Case], bool]") -> bool:
        """Take a step; False where the way ends here, by the step or because nobody waits for it any more."""
        if self.told.done():
            return False
        try:
            if step(self):
                return True
        except HallmarkError:
            pass
        except Exception as error:  # its own request's failure, not that of those beside it
            self.told.set_exception(error)
            return False
        if not self.told.done():
            self.told.set_result(None)
        return False


class Together:
    """Judges what comes in one turn of an event loop; not for several threads at once.

    Args:
        verifier: Who judges.
        mirror: Where evidence about the present comes from.
    """

    def __init__(self, verifier: Verifier, mirror: QuickEvidence) -> None:
        self._verifier, self._mirror = verifier, mirror
        self._steps = (self._read, self._gather, self._verify, self._judge, self._write)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn: list[Case] = []

    async def answer(self, data: bytes) -> bytes | None:
        """The report on a document with its evidence, as JSON; None where the short way does not lead to it."""
        told = asyncio.get_running_loop().create_future()
        case = self.take(data, told)
        return await told or await self.slowly(case)

    def take(self, data: bytes, told: Waiting) -> Case:
        """Judge a document with all others of this turn. Who is told None may go on `slowly`."""
        loop = asyncio.get_running_loop()
        case = Case(data, self._verifier.policy(), told)
        if not self._turn or self._loop is not loop:
            self._loop, self._turn = loop, []
            loop.call_soon(self._all, self._turn)
        self._turn.append(case)
        return case

    def _all(self, turn: list[Case]) -> None:
        """Each step for all that came; those whose way ended are left out of the next."""
        if self._turn is turn:
            self._turn = []
        for step in self._steps:
            turn = [case for case in turn if case.goes_on(step)]

    def _read(self, case: Case) -> bool:
        case.presented = present(case.data)
        return case.presented.credential is not None

    def _gather(self, case: Case) -> bool:
        case.evidence = self._verifier.evidence(case.presented, self._mirror.gather)
        credential = case.presented.credential
        case.costly = credential is not None and not is_cheap(credential)
        return not case.costly

    def _verify(self, case: Case) -> bool:
        case.presented = verified(case.presented, case.policy.now)
        return True

    def _judge(self, case: Case) -> bool:
        case.report = self._verifier.judged(case.presented, case.evidence, case.policy)
        return True

    def _write(self, case: Case) -> bool:
        case.told.set_result(report_bytes(case.report, evidence=self._mirror.json_of(case.evidence)))
        return False

    async def slowly(self, case: Case) -> bytes | None:
        """The report on what takes long, made in a thread so that nobody else waits for it; None as ever."""
        if not case.costly:
            return None
        try:
            report = await run_in_threadpool(self._verifier.judged, case.presented, case.evidence, case.policy)
            return report_bytes(report, evidence=self._mirror.json_of(case.evidence))
        except HallmarkError:
            return None

"""POST /v1/verify: a credential's bytes in, the report out. Nothing of it is stored or logged."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from registry.api.body import read_body
from registry.api.problems import problem
from registry.credential.reader import MAX_BYTES
from registry.verification.evidence import NoEvidence, Policy
from registry.verification.report import Report
from registry.verification.verify import judge, present

router = APIRouter(tags=["verify"])

_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}


@router.post("/v1/verify", openapi_extra=_BODY, summary="Verify one credential")
async def verify(request: Request) -> JSONResponse:
    """The verdict with its nine checks; 400 when the body is not one readable JSON document."""
    data = await read_body(request, MAX_BYTES)
    report = await run_in_threadpool(_verify, request.app.state.services, data)
    readable = report.checks[0]
    if readable.code:
        return problem(400, readable.code, readable.detail)
    return JSONResponse(report.to_json())


def _verify(services: Any, data: bytes) -> Report:
    presented = present(data)
    place = presented.place
    nothing = NoEvidence("The document names no place on a chain.", "NOT_ANCHORED")
    evidence = services.evidence.gather(place, presented.account) if place else nothing
    return judge(presented, evidence, Policy(services.trusted, services.clock()))

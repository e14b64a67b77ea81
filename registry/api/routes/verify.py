"""POST /v1/verify: credentials in, reports and their evidence out. Nothing of them is stored or logged."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from registry.api import schemas
from registry.api.body import lines_of, read_body
from registry.api.problems import problem
from registry.api.streamed import Streamed
from registry.api.verifying import evidence_json, report_bytes
from registry.credential.reader import MAX_BYTES
from registry.verification.evidence import Policy
from registry.verification.moment import MAX_ROOTS, policy_of

router = APIRouter(tags=["verify"])

NDJSON = "application/x-ndjson"
_Names = Annotated[list[Annotated[str, Query(max_length=120)]] | None, Query(max_length=MAX_ROOTS)]
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}, "x-example": "credential"},
            NDJSON: {"schema": {"type": "string"}},
        },
    }
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report; for NDJSON one a line, in order, each with its `line`",
        "content": {
            "application/json": {"schema": schemas.REPORT, "x-example": "report"},
            NDJSON: {"schema": {"type": "string"}},
        },
    }
}
_NEVER_KEPT = {"Cache-Control": "no-store"}


@router.post(
    "/v1/verify",
    openapi_extra=_BODY,
    responses=_ANSWERS,
    response_class=Response,
    summary="Verify one credential, or many",
)
async def verify(
    request: Request,
    as_of: Annotated[str | None, Query(alias="asOf", max_length=40)] = None,
    about: Annotated[str | None, Query(max_length=40)] = None,
    max_age: Annotated[int | None, Query(alias="maxAge", ge=0, lt=2**53)] = None,
    root: _Names = None,
    scope: _Names = None,
    evidence: bool = True,
) -> Response:
    """The verdict with its nine checks; 400 when the body is not one readable JSON document.

    `asOf`: what the chain said at a block or moment. `about`: what is known today about a moment. `root` (repeatable):
    an issuer whose accreditations count, `scope`: for what. `maxAge`: older evidence is unknown, in seconds. The answer
    carries the evidence that it rests on, unless `evidence=false`.

    A body of the type `application/x-ndjson` holds one credential a line and is answered line by line as it comes;
    evidence is left out there, and every line counts as a request against the rate that a client is granted.
    """
    verifier = request.app.state.services.verifier
    policy = policy_of(verifier.policy(max_age), as_of, about, root or (), scope or ())
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == NDJSON:
        return Streamed(_reports(request, policy), headers=_NEVER_KEPT, media_type=NDJSON)
    data = await read_body(request, MAX_BYTES)
    report, found = await run_in_threadpool(verifier.verify, data, policy)
    if report.checks[0].code:
        return problem(400, report.checks[0].code, report.checks[0].detail)
    shown = {"evidence": evidence_json(found)} if evidence else {}
    return Response(report_bytes(report, **shown), headers=_NEVER_KEPT, media_type="application/json")


async def _reports(request: Request, policy: Policy) -> AsyncIterator[bytes]:
    """One report a line; what cannot be read is a report too. Memory holds one line at a time."""
    services, number = request.app.state.services, 0
    async for line in lines_of(request, MAX_BYTES):
        number += 1
        if line.strip():
            await request.app.state.gate.pay(request.scope)
            report, _ = await run_in_threadpool(services.verifier.verify, line, policy)
            yield report_bytes(report, line=number) + b"\n"

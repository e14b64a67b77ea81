"""POST /v1/verify: a credential's bytes in, the report and its evidence out. Nothing of it is stored or logged."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from registry.api.body import read_body
from registry.api.problems import problem
from registry.credential.reader import MAX_BYTES
from registry.verification.evidence import Evidence, NoEvidence, Policy
from registry.verification.evidence_json import evidence_to_json
from registry.verification.moment import MAX_ROOTS, policy_of
from registry.verification.verify import judge, present

router = APIRouter(tags=["verify"])

_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}
_NO_PLACE = NoEvidence("The document names no place on a chain.", "NOT_ANCHORED")
_Names = Annotated[list[Annotated[str, Query(max_length=120)]] | None, Query(max_length=MAX_ROOTS)]


@router.post("/v1/verify", openapi_extra=_BODY, summary="Verify one credential")
async def verify(
    request: Request,
    as_of: Annotated[str | None, Query(alias="asOf", max_length=40)] = None,
    about: Annotated[str | None, Query(max_length=40)] = None,
    max_age: Annotated[int | None, Query(alias="maxAge", ge=0, lt=2**53)] = None,
    root: _Names = None,
    scope: _Names = None,
    evidence: bool = True,
) -> JSONResponse:
    """The verdict with its nine checks; 400 when the body is not one readable JSON document.

    `asOf`: what the chain said at a block or moment. `about`: what is known today about a moment. `root` (repeatable):
    an issuer whose accreditations count, `scope`: for what. `maxAge`: older evidence is unknown, in seconds. The answer
    carries the evidence that it rests on, unless `evidence=false`.
    """
    data = await read_body(request, MAX_BYTES)
    services = request.app.state.services
    policy = Policy(services.trusted, services.clock(), max_age)
    policy = policy_of(policy, as_of, about, root or (), scope or ())
    body = await run_in_threadpool(_verify, services, data, policy, with_evidence=evidence)
    readable = body["checks"][0]
    if readable["code"]:
        return problem(400, readable["code"], readable["detail"])
    return JSONResponse(body)


def _verify(services: Any, data: bytes, policy: Policy, *, with_evidence: bool) -> dict[str, Any]:
    presented = present(data)
    place = presented.place
    evidence: Evidence | NoEvidence = _NO_PLACE
    if place is not None:
        evidence = services.evidence.gather(place, presented.account, policy.ask(place.batch.contract))
    body = judge(presented, evidence, policy).to_json()
    if with_evidence:
        body["evidence"] = evidence_to_json(evidence) if isinstance(evidence, Evidence) else None
    return body

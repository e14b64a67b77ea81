"""POST /credentials/verify of the W3C VC API: for programs and conformance suites that speak it."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from registry.api import schemas
from registry.api.body import read_body
from registry.api.problems import problem_type
from registry.api.verifying import evidence_json
from registry.credential.canonical import canonical_bytes
from registry.credential.reader import MAX_BYTES, Json, read_document
from registry.errors import MalformedError, ParsingError
from registry.verification.report import Report
from registry.verification.verdict import Check, Verdict

router = APIRouter(tags=["W3C VC API"])
_ENVELOPE = "EnvelopedVerifiableCredential"
_DATA = ("data:application/vc+jwt,", "data:application/vc-ld+jwt,", "data:application/jwt,")
_OPTIONS = ("returnCredential", "returnProblemDetails", "returnResults")
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": schemas.VC_API_REQUEST, "x-example": "vcApiRequest"}},
    }
}
_JUDGED = "The credential was judged; `verified` is true for the verdict valid only"
_ANSWERS: dict[int | str, dict[str, Any]] = {200: schemas.answer(_JUDGED, schemas.VC_API_ANSWER, "vcApi")}


@router.post(
    "/credentials/verify",
    openapi_extra=_BODY,
    responses=_ANSWERS,
    response_class=Response,
    summary="Verify a credential (W3C VC API)",
)
async def verify(request: Request) -> JSONResponse:
    """`{"verifiableCredential": …, "options": …}` in, `{"verified": …, "problemDetails": […]}` out.

    Options: `returnCredential` (default false), `returnProblemDetails` (default true), `returnResults` (default false:
    with it the whole report of `POST /v1/verify`). What cannot be told counts as not verified here, and the problem
    says that it is unknown. A request that holds no credential at all is answered 400.
    """
    body = read_document(await read_body(request, MAX_BYTES))
    document, options = body.get("verifiableCredential"), _options(body)
    data = _bytes_of(document)
    report, evidence = await run_in_threadpool(request.app.state.services.verifier.verify, data)
    answer: dict[str, Any] = {"verified": report.verdict is Verdict.VALID}
    if options["returnProblemDetails"]:
        answer["problemDetails"] = [_problem_json(check) for check in _found(report)]
    if options["returnCredential"]:
        answer["credential"] = document
    if options["returnResults"]:
        answer["results"] = {**report.to_json(), "evidence": evidence_json(evidence)}
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


def _options(body: Json) -> dict[str, bool]:
    given = body.get("options", {})
    if not isinstance(given, dict) or not all(isinstance(given.get(name, False), bool) for name in _OPTIONS):
        raise MalformedError("The options are no object, or one of them is not true or false.", path="$.options")
    return {name: given.get(name, name == "returnProblemDetails") for name in _OPTIONS}


def _bytes_of(document: Any) -> bytes:
    """A credential's bytes: those of a JWT in its envelope, else the canonical form, which has the same hash."""
    if not isinstance(document, dict):
        raise ParsingError("The request has no verifiableCredential that is an object.", path="$.verifiableCredential")
    types = document.get("type")
    if types != _ENVELOPE and not (isinstance(types, list) and _ENVELOPE in types):
        return canonical_bytes(document)
    identifier = str(document.get("id"))
    prefix = next((prefix for prefix in _DATA if identifier.startswith(prefix)), None)
    if prefix is None:
        what = f"The {_ENVELOPE} holds no JWT."
        raise MalformedError(what, todo=f"write {_DATA[0]}… as its id", path="$.verifiableCredential.id")
    return identifier.removeprefix(prefix).encode()


def _found(report: Report) -> list[Check]:
    """The checks that kept it from being valid; what is invalid comes first."""
    open_ = [check for check in report.checks if check.code and check.verdict is not Verdict.VALID]
    return sorted(open_, key=lambda check: check.verdict is not Verdict.INVALID)


def _problem_json(check: Check) -> dict[str, str]:
    unsure = "" if check.verdict is Verdict.INVALID else "Cannot tell: "
    return {"type": problem_type(check.code), "title": f"{check.name}: {check.code}", "detail": unsure + check.detail}

"""Errors as RFC 9457 problem details, with the W3C problem types where they exist."""

from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from registry.api.schemas import PROBLEM
from registry.errors import (
    PROBLEM_BASE,
    HallmarkError,
    NotFound,
    NotReady,
    ParsingError,
    StoreError,
    TooLargeError,
    TooSlow,
)

_STATUS: dict[type[HallmarkError], int] = {
    ParsingError: 400,
    TooLargeError: 413,
    TooSlow: 408,
    NotFound: 404,
    StoreError: 503,
    NotReady: 503,
}
MEDIA_TYPE = "application/problem+json"
# VC Data Model 2.0 (section 7.1), VC Data Integrity (section 4.8), Bitstring Status List (section 3.4).
_W3C = {
    "PARSING_ERROR",
    "CRYPTOGRAPHIC_SECURITY_ERROR",
    "MALFORMED_VALUE_ERROR",
    "RANGE_ERROR",
    "PROOF_VERIFICATION_ERROR",
    "PROOF_GENERATION_ERROR",
    "PROOF_TRANSFORMATION_ERROR",
    "STATUS_RETRIEVAL_ERROR",
    "STATUS_VERIFICATION_ERROR",
    "STATUS_LIST_LENGTH_ERROR",
}
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": why, "content": {MEDIA_TYPE: {"schema": PROBLEM}}}
    for status, why in {
        400: "The body cannot be read",
        404: "There is nothing under this identifier",
        408: "The body did not come in time",
        413: "The body is too large",
        422: "Something in the request is malformed, or contradicts the chain",
        429: "This client asks too fast; Retry-After says when to go on",
        503: "The registry cannot answer now; Retry-After says when to ask again",
    }.items()
}


def problem_type(code: str) -> str:
    """The `type` of a problem: W3C's where W3C has one of this name."""
    return PROBLEM_BASE + code if code in _W3C else "about:blank"


def problem(status: int, code: str, detail: str, path: str = "") -> JSONResponse:
    """A problem document; `path` is the offending property's."""
    body: dict[str, Any] = {"type": problem_type(code), "title": code, "status": status, "detail": detail}
    body |= {"path": path} if path else {}
    return JSONResponse(body, status, media_type=MEDIA_TYPE)


async def on_http_error(_request: Request, error: Exception) -> JSONResponse:
    """What the framework refuses by itself: unknown paths, methods, query parameters."""
    if isinstance(error, RequestValidationError):
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        return problem(422, "MALFORMED_VALUE_ERROR", f"{place}: {fault['msg']}.")
    assert isinstance(error, HTTPException)
    answer = problem(error.status_code, "HTTP_ERROR", str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


async def on_hallmark_error(_request: Request, error: Exception) -> JSONResponse:
    """Every error of ours: 400, 404, 413 and 503 where they fit, else 422."""
    assert isinstance(error, HallmarkError)
    status = _STATUS.get(type(error), 422)
    answer = problem(status, error.code, str(error), error.path)
    if status == 503:
        answer.headers["Retry-After"] = "5"
    return answer


async def on_disconnect(_request: Request, _error: Exception) -> Response:
    """The client went away before its body was there; nobody reads this."""
    return Response(status_code=400)

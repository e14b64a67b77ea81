"""Errors as RFC 9457 problem details, with the W3C problem types where they exist."""

from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from registry.errors import PROBLEM_BASE, HallmarkError, NotFound, ParsingError, StoreError, TooLargeError

_STATUS: dict[type[HallmarkError], int] = {ParsingError: 400, TooLargeError: 413, NotFound: 404, StoreError: 503}
MEDIA_TYPE = "application/problem+json"


def problem(status: int, code: str, detail: str, path: str = "") -> JSONResponse:
    """A problem document; `type` is the W3C problem type with this last part, `path` the offending property's."""
    body: dict[str, Any] = {"type": PROBLEM_BASE + code, "title": code, "status": status, "detail": detail}
    body |= {"path": path} if path else {}
    return JSONResponse(body, status, media_type=MEDIA_TYPE)


async def on_http_error(_request: Request, error: Exception) -> JSONResponse:
    """What the framework refuses by itself: unknown paths, methods, query parameters."""
    if isinstance(error, RequestValidationError):
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        return problem(422, "MALFORMED_VALUE_ERROR", f"{place}: {fault['msg']}.")
    assert isinstance(error, HTTPException)
    return problem(error.status_code, "HTTP_ERROR", str(error.detail))


async def on_hallmark_error(_request: Request, error: Exception) -> JSONResponse:
    """Every error of ours: 400, 404, 413 and 503 where they fit, else 422."""
    assert isinstance(error, HallmarkError)
    return problem(_STATUS.get(type(error), 422), error.code, str(error), error.path)

"""Liveness, readiness, and how far the mirror is."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from registry.api import schemas
from registry.errors import NotFound, StoreError
from registry.verification.checkpoint import checkpoint_to_json

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="The process lives")
def healthz() -> dict[str, str]:
    """Always 200 while the process answers."""
    return {"status": "ok"}


_READY: dict[int | str, dict[str, Any]] = {
    200: schemas.answer("Complete, recent, not halted", schemas.READY, "ready"),
    503: schemas.answer("Not so, and why", schemas.READY),
}
_TOLD: dict[int | str, dict[str, Any]] = {
    200: schemas.answer("With `block`: `signed` alone", schemas.CHECKPOINT, "checkpoint")
}


@router.get("/readyz", responses=_READY, summary="The registry can answer for the present")
def readyz(request: Request) -> JSONResponse:
    """200 when the mirror is complete by proof, not halted, and its newest block recent; else 503 and why."""
    services = request.app.state.services
    try:
        point = services.queries.checkpoint()
    except StoreError as error:
        return JSONResponse({"ready": False, "reason": str(error)}, 503)
    if point is None:
        return JSONResponse({"ready": False, "reason": "The mirror is empty."}, 503)
    if point["halted"]:
        return JSONResponse({"ready": False, "reason": point["halted"]}, 503)
    if point["proven"] < point["final"]:
        reason = f"Complete up to block {point['proven']} only; final is block {point['final']}."
        return JSONResponse({"ready": False, "reason": reason}, 503)
    age = int(services.clock() - point["block"]["time"])
    if age > services.stale_after:
        reason = f"Stale since block {point['block']['number']}, {age} seconds ago."
        return JSONResponse({"ready": False, "reason": reason}, 503)
    return JSONResponse({"ready": True, "checkpoint": point})


@router.get(
    "/v1/checkpoint", responses=_TOLD, summary="The mirror's newest block, and what the registry has signed about it"
)
def checkpoint(request: Request, block: Annotated[int | None, Query(ge=0, lt=2**63)] = None) -> dict[str, Any]:
    """Block, tiers and contract, and in `signed` the checkpoint that answers refer to (SPEC.md, section 9).

    `block`: instead, the newest signed checkpoint at or below this block; ask another view of the same registry for the
    same one and compare.
    """
    services = request.app.state.services
    if block is not None:
        signed = services.checkpoints.store.newest(block)
        if signed is None:
            raise NotFound("Nothing was signed at or below this block.", todo="ask for a later one")
        return {"signed": checkpoint_to_json(signed)}
    point: dict[str, Any] | None = services.queries.checkpoint()
    if point is None:
        raise NotFound("The mirror is empty.", todo="run `hallmark index`")
    signed = services.checkpoints.refresh()
    return {**point, "signed": None if signed is None else checkpoint_to_json(signed)}

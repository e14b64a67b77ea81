"""Liveness, readiness, and how far the mirror is."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from registry.api import schemas
from registry.errors import NotFound, StoreError
from registry.verification.checkpoint import checkpoint_to_json
from registry.verification.evidence_json import COMPARED

if TYPE_CHECKING:
    from registry.api.app import Services

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
    """200 when all that the mirror read is compared with the contract, it is not halted and recent; else 503 and why.

    `leftOut`: rows that could not be read since this process began, and are missing in its answers: look at the disk.
    """
    services = request.app.state.services
    left_out = services.left_out.rows()
    told = {"leftOut": left_out} if left_out else {}
    try:
        point = services.queries.checkpoint()
        reason = _not_ready(services, point)
    except StoreError as error:
        reason = str(error)
    if reason:
        return JSONResponse({"ready": False, "reason": reason, **told}, 503)
    return JSONResponse({"ready": True, "checkpoint": point, **told})


def _not_ready(services: "Services", point: dict[str, Any] | None) -> str:
    if point is not None and point["halted"]:
        return str(point["halted"])
    if trouble := services.trouble():
        return trouble
    if point is None:
        return "The mirror is empty."
    block = point["block"]["number"]
    if point["proven"] < block or point["evidence"] not in COMPARED:
        return f"Complete up to block {point['proven']} only; block {block} is read."
    age = int(services.clock() - point["block"]["time"])
    return f"Stale since block {block}, {age} seconds ago." if age > services.stale_after else ""


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

"""PUT and GET /v1/documents/{kind}/{name}: documents by hash, from anyone, checked against the chain."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from registry.api import schemas
from registry.api.body import read_body
from registry.api.caching import A_DAY, cached
from registry.api.credentials import ABSENT
from registry.credential.place import BatchId
from registry.errors import MalformedError, NotFound

router = APIRouter(prefix="/v1/documents", tags=["documents"])
_TYPES = {"profile": "application/json", "manifest": "application/octet-stream"}
_BODY = {"requestBody": {"required": True, "content": {kind: {} for kind in _TYPES.values()}}}
_KEPT: dict[int | str, dict[str, Any]] = {201: schemas.answer("It is kept", schemas.DEPOSITED, "deposited")}
_FOUND: dict[int | str, dict[str, Any]] = {
    200: {"description": "The bytes", "content": {kind: {} for kind in _TYPES.values()}},
    304: {"description": "The client holds it already"},
}


@router.put(
    "/{kind}/{name}",
    openapi_extra=_BODY,
    status_code=201,
    responses=_KEPT,
    summary="Deposit a document that the chain holds as a hash",
)
async def put(request: Request, kind: str, name: str) -> JSONResponse:
    """A `profile` under its hash (64 hex digits), or a `manifest` under its record. Idempotent."""
    if kind not in _TYPES:
        raise NotFound(f"Documents of the kind {kind!r} are not kept.", todo="use profile or manifest")
    store = request.app.state.services.documents
    limit = await run_in_threadpool(store.limit, kind, name)
    if not limit:
        raise NotFound(f"There is no record {name} here.", todo="index its block, then send it again")
    body = await read_body(request, limit)
    await run_in_threadpool(_keep, store, kind, name, body)
    return JSONResponse({"kind": kind, "name": name}, 201)


def _keep(store: Any, kind: str, name: str, body: bytes) -> None:
    if kind == "manifest":
        store.put_manifest(BatchId.parse(name), body)
        return
    digits = name.removeprefix("0x").lower()
    if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        raise MalformedError("A profile's name is its hash.", todo="write 64 hex digits")
    store.put_profile(bytes.fromhex(digits), body)


@router.get("/{kind}/{name}", responses=_FOUND, response_class=Response, summary="A deposited document")
def get(request: Request, kind: str, name: str) -> Response:
    """The bytes as they were deposited."""
    body = request.app.state.services.documents.get(kind, name.removeprefix("0x")) if kind in _TYPES else None
    if body is None:
        raise NotFound(ABSENT)
    return cached(request, body, A_DAY, _TYPES[kind])

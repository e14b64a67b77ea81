"""GET and PUT /v1/status-lists/…: on-chain status as signed lists, at the address that issued documents carry."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from registry.api import schemas
from registry.api.body import read_body
from registry.api.caching import cached
from registry.api.status_lists import TTL_SECONDS, name_of

router = APIRouter(prefix="/v1/status-lists", tags=["status lists"])
MEDIA_TYPE = "application/vc"
_PATH = "/{contract}/{issuer}/{batch}/{purpose}"
_BODY = {"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": schemas.STATUS_LIST}}}}
_SIGNED = "A BitstringStatusListCredential with an eddsa-rdfc-2022 proof"
_FOUND: dict[int | str, dict[str, Any]] = {
    200: schemas.answer(_SIGNED, schemas.STATUS_LIST, "statusList", MEDIA_TYPE),
    304: {"description": "The client holds it already"},
}
_KEPT: dict[int | str, dict[str, Any]] = {201: schemas.answer("It is kept", schemas.thing(list=schemas.TEXT))}


@router.get(_PATH, summary="A batch's status as a signed W3C status list", responses=_FOUND, response_class=Response)
def get(request: Request, contract: str, issuer: str, batch: str, purpose: str) -> Response:
    """The list that credentials of the batch name, signed by their issuer or by the delegate in its profile.

    404 where nobody has signed what the chain says now; 503 where the registry cannot tell what it says.
    """
    name = name_of(contract, issuer, batch, purpose)
    body = request.app.state.services.lists.get(name, str(request.base_url))
    return cached(request, body, f"public, max-age={TTL_SECONDS}, must-revalidate", MEDIA_TYPE)


@router.put(
    _PATH, openapi_extra=_BODY, status_code=201, responses=_KEPT, summary="Deposit a status list that its issuer signed"
)
async def put(request: Request, contract: str, issuer: str, batch: str, purpose: str) -> JSONResponse:
    """Accepted from anyone, once it is signed by the issuer or its delegate and says what the chain says."""
    publisher = request.app.state.services.lists
    name = name_of(contract, issuer, batch, purpose)
    body = await read_body(request, await run_in_threadpool(publisher.limit, name))
    await run_in_threadpool(publisher.put, name, body)
    return JSONResponse({"list": name.path}, 201)

"""Lookups by full identifier; whatever is not there gets the same 404."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from registry.credential.place import BatchId, ContractId, Place, u64
from registry.errors import MalformedError, NotFound
from registry.ledger.status import WORD_BITS, bit_of
from registry.verification.evidence import Ask, AsOf, Evidence
from registry.verification.evidence_json import evidence_to_json
from registry.verification.moment import MAX_ROOTS, as_of_of, moment_of

router = APIRouter(prefix="/v1", tags=["lookup"])
_ABSENT = "There is nothing under this identifier."


def _found(value: Any) -> Any:
    if value is None:
        raise NotFound(_ABSENT)
    return value


@router.get("/credentials/{leaf}", summary="A credential by its leaf hash")
def credential(request: Request, leaf: str) -> dict[str, Any]:
    """Place and status of the credential with this leaf hash (64 hex digits), where its manifest was deposited."""
    services = request.app.state.services
    place = _found(services.queries.place_of_leaf(_hash(leaf)))
    evidence = services.evidence.gather(place, None)
    _, mask = bit_of(place.index)
    if not isinstance(evidence, Evidence):
        raise NotFound(evidence.reason)
    return {
        "leaf": leaf.lower().removeprefix("0x"),
        "batch": services.queries.batch(place.batch),
        "index": place.index,
        "revoked": bool(evidence.status.revoked & mask),
        "suspended": bool(evidence.status.suspended & mask),
        "asOf": evidence_to_json(evidence)["latest"],
    }


@router.get("/batches/{batch_id}", summary="A batch by its record")
def batch(request: Request, batch_id: str) -> dict[str, Any]:
    """The record `eip155:<chain>:0x<contract>:<issuer>:<batch>`."""
    body: dict[str, Any] = _found(request.app.state.services.queries.batch(BatchId.parse(batch_id)))
    return body


@router.get("/batches/{batch_id}/evidence", summary="Evidence about 256 credentials of a batch")
def evidence(
    request: Request,
    batch_id: str,
    word: Annotated[int, Query(ge=0, lt=2**40)] = 0,
    account: Annotated[str | None, Query()] = None,
    as_of: Annotated[str | None, Query(alias="asOf", max_length=40)] = None,
    about: Annotated[str | None, Query(max_length=40)] = None,
    root: Annotated[list[Annotated[int, Query(ge=0, lt=2**63)]] | None, Query(max_length=MAX_ROOTS)] = None,
) -> dict[str, Any]:
    """All that a verifier needs to judge by itself; asked by word, so that nobody learns which credential is meant.

    `asOf`: what the chain said at a block (number) or moment; `about`: the status bits of a moment as well; `root`
    (repeatable): issuer ids whose accreditations are followed down to this issuer.
    """
    place = Place(BatchId.parse(batch_id), word * WORD_BITS)
    raw = bytes.fromhex(account.removeprefix("0x")) if account and _is_account(account) else None
    then = as_of_of(as_of) if as_of else AsOf()
    ask = Ask(then.block, then.time, moment_of(about) if about else None, tuple(sorted(set(root or ()))))
    found = request.app.state.services.evidence.gather(place, raw, ask)
    if not isinstance(found, Evidence):
        raise NotFound(found.reason)
    return evidence_to_json(found)


@router.get("/issuers/{issuer_id}", summary="An issuer with its keys, profiles and accreditations")
def issuer(request: Request, issuer_id: str) -> dict[str, Any]:
    """The issuer `eip155:<chain>:0x<contract>:<issuer>`."""
    contract, _, number = issuer_id.rpartition(":")
    queries = request.app.state.services.queries
    if not (number.isascii() and number.isdigit()) or len(number) > 20:
        raise MalformedError("That is no issuer id.", todo="write eip155:<chain>:0x<contract>:<issuer>")
    if ContractId.parse(contract) != queries.contract:
        raise NotFound(_ABSENT)
    body: dict[str, Any] = _found(queries.issuer(min(u64(number), 2**63 - 1)))
    return body


@router.get("/events", summary="Raw events, in chain order")
def events(
    request: Request,
    after: Annotated[str, Query(pattern=r"^\d{1,18}-\d{1,9}$")] = "0-0",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Events behind the cursor `block-logIndex`; ask again with `next` until it is null."""
    number, index = map(int, after.split("-"))
    rows = request.app.state.services.queries.events((number, index if after != "0-0" else -1), limit)
    return {"events": rows, "next": rows[-1]["cursor"] if len(rows) == limit else None}


def _hash(text: str) -> bytes:
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        value = b""
    if len(value) != 32:
        raise MalformedError("That is no leaf hash.", todo="write 64 hex digits")
    return value


def _is_account(text: str) -> bool:
    digits = text.removeprefix("0x").lower()
    return len(digits) == 40 and set(digits) <= set("0123456789abcdef")

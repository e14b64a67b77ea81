"""Lookups by full identifier; whatever is not there gets the same 404."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from registry.api import schemas
from registry.api.caching import FOREVER, REVALIDATE, cached_json
from registry.api.credentials import ABSENT, leaf_of_text
from registry.api.problems import problem
from registry.credential.place import BatchId, ContractId, Place, u64
from registry.errors import MalformedError, NotFound
from registry.ledger.status import WORD_BITS
from registry.store.reading.standing import CATCHING_UP
from registry.verification.evidence import Ask, AsOf, Evidence
from registry.verification.evidence_json import evidence_to_json
from registry.verification.hexes import of_hex
from registry.verification.moment import MAX_ROOTS, as_of_of, moment_of

router = APIRouter(prefix="/v1", tags=["lookup"])
_BATCH = "eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3:1:000102030405060708090a0b0c0d0e0f"
_CONTRACT_FORM = "eip155:[0-9]{1,19}:0x[0-9a-f]{40}"


def _form(pattern: str) -> dict[str, Any]:
    """For who reads the OpenAPI document; what is written otherwise is refused in our own words."""
    return {"pattern": f"^{pattern}$"}


_BatchText = Annotated[
    str, Path(examples=[_BATCH], json_schema_extra=_form(f"{_CONTRACT_FORM}:[0-9]{{1,18}}:[0-9a-f]{{32}}"))
]
_IssuerText = Annotated[
    str, Path(examples=[_BATCH.rsplit(":", 1)[0]], json_schema_extra=_form(f"{_CONTRACT_FORM}:[0-9]{{1,18}}"))
]
_LeafText = Annotated[str, Path(examples=["0x" + "00" * 32], json_schema_extra=_form("(0x)?[0-9a-fA-F]{64}"))]
_Limit = Annotated[int, Query(ge=1, le=1000, description="Most entries of this part")]
_Lists = Literal["keys", "profiles", "batches", "accredited", "accreditors"]
_HELD: dict[int | str, dict[str, Any]] = {304: {"description": "The client holds it already"}}
_Answers = dict[int | str, dict[str, Any]]


def _answers(what: str, schema: schemas.Schema, name: str) -> _Answers:
    return {200: schemas.answer(what, schema, name), **_HELD}


def _found(value: Any) -> Any:
    if value is None:
        raise NotFound(ABSENT)
    return value


@router.get(
    "/credentials/{leaf}",
    summary="A credential by its leaf hash",
    response_class=Response,
    responses=_answers("Place and status", schemas.marked(schemas.CREDENTIAL), "credentialByLeaf"),
)
def credential(request: Request, leaf: _LeafText) -> Response:
    """Place and status of the credential with this leaf hash (64 hex digits), where its manifest was deposited."""
    return cached_json(request, _found(request.app.state.services.queries.credential(leaf_of_text(leaf))), REVALIDATE)


@router.get(
    "/batches/{batch_id}",
    summary="A batch by its record",
    response_class=Response,
    responses=_answers("The record", schemas.marked(schemas.BATCH), "batch"),
)
def batch(request: Request, batch_id: _BatchText) -> Response:
    """The record `eip155:<chain>:0x<contract>:<issuer>:<batch>`."""
    queries = request.app.state.services.queries
    point, body = queries.checkpoint(), _found(queries.batch(BatchId.parse(batch_id)))
    return cached_json(request, body, _keep(point, body, body["block"]))


@router.get(
    "/batches/{batch_id}/evidence",
    summary="Evidence about 256 credentials of a batch",
    response_class=Response,
    responses=_answers("Evidence as of the mirror's newest block", schemas.EVIDENCE, "evidence"),
)
def evidence(
    request: Request,
    batch_id: _BatchText,
    word: Annotated[int, Query(ge=0, lt=2**40)] = 0,
    account: Annotated[str | None, Query(pattern="^0x[0-9a-f]{40}$")] = None,
    as_of: Annotated[str | None, Query(alias="asOf", max_length=40)] = None,
    about: Annotated[str | None, Query(max_length=40)] = None,
    root: Annotated[list[Annotated[int, Query(ge=0, lt=2**63)]] | None, Query(max_length=MAX_ROOTS)] = None,
) -> Response:
    """All that a verifier needs to judge by itself; asked by word, so that nobody learns which credential is meant.

    `asOf`: what the chain said at a block (number) or moment; `about`: the status bits of a moment as well; `root`
    (repeatable): issuer ids whose accreditations are followed down to this issuer. 503 in the middle of a catch-up:
    what is not compared with the contract yet is no evidence, about no moment.
    """
    place = Place(BatchId.parse(batch_id), word * WORD_BITS)
    raw = of_hex(account, 20) if account else None
    then = as_of_of(as_of) if as_of else AsOf()
    ask = Ask(then.block, then.time, moment_of(about) if about else None, tuple(sorted(set(root or ()))))
    found = request.app.state.services.evidence.gather(place, raw, ask)
    if not isinstance(found, Evidence):
        if found.code == CATCHING_UP:
            answer = problem(503, found.code, found.reason)
            answer.headers["Retry-After"] = "5"
            return answer
        raise NotFound(found.reason)
    return cached_json(request, evidence_to_json(found), REVALIDATE)


@router.get(
    "/issuers/{issuer_id}",
    summary="An issuer with its keys, profiles and accreditations",
    response_class=Response,
    responses=_answers("At most 200 of each; the newest profiles first", schemas.marked(schemas.ISSUER), "issuer"),
)
def issuer(request: Request, issuer_id: _IssuerText) -> Response:
    """The issuer `eip155:<chain>:0x<contract>:<issuer>`."""
    services = request.app.state.services
    body = _found(services.queries.issuer(_issuer(services.queries.contract, issuer_id)))
    return cached_json(request, body, REVALIDATE)


@router.get(
    "/issuers/{issuer_id}/{name}",
    summary="One list of an issuer, in parts",
    response_class=Response,
    responses=_answers("A part, and the cursor of the next", schemas.page("entries", {"type": "object"}), "issuerList"),
)
def issuer_list(
    request: Request,
    issuer_id: _IssuerText,
    name: _Lists,
    after: Annotated[str, Query(max_length=120, description="`next` of the part before")] = "",
    limit: _Limit = 100,
) -> Response:
    """`keys`, `profiles`, `batches`; `accredited`: whom it accredits; `accreditors`: who accredits it."""
    services = request.app.state.services
    number = _issuer(services.queries.contract, issuer_id)
    return cached_json(request, services.lists_of_issuers.part(name, number, after, limit), REVALIDATE)


@router.get(
    "/events",
    summary="Raw events, in chain order",
    response_class=Response,
    responses=_answers("A part, and the cursor of the next", schemas.page("events", schemas.EVENT), "events"),
)
def events(
    request: Request,
    after: Annotated[str, Query(pattern=r"^[0-9]{1,18}-[0-9]{1,9}$")] = "0-0",
    limit: _Limit = 100,
) -> Response:
    """Events behind the cursor `block-logIndex`; ask again with `next` until it is null."""
    number, index = map(int, after.split("-"))
    queries = request.app.state.services.queries
    point, body = queries.checkpoint(), queries.events((number, index if after != "0-0" else -1), limit)
    keep = REVALIDATE if body["next"] is None else _keep(point, body, body["events"][-1]["block"])
    return cached_json(request, body, keep)


def _keep(point: dict[str, Any] | None, body: dict[str, Any], block: int) -> str:
    """For ever, once the block is final in a mirror that needs no warning.

    Args:
        point: The checkpoint, asked for before the rows were read: one of later may be of a mirror that has healed.
        body: The answer.
        block: The newest block that it rests on.
    """
    final = 0 if point is None else min(point["final"], point["proven"])
    return FOREVER if block <= final and "warning" not in body else REVALIDATE


def _issuer(contract: ContractId, text: str) -> int:
    named, _, number = text.rpartition(":")
    if not (number.isascii() and number.isdigit()) or len(number) > 20:
        raise MalformedError("That is no issuer id.", todo="write eip155:<chain>:0x<contract>:<issuer>")
    if ContractId.parse(named) != contract:
        raise NotFound(ABSENT)
    return min(u64(number), 2**63 - 1)

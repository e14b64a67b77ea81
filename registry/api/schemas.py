"""JSON Schemas of the answers, for the OpenAPI document; tests hold every answer against them."""

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
HEX: Schema = {"type": "string", "pattern": "^0x([0-9a-f]{2})*$"}


def thing(**members: Schema) -> Schema:
    """An object with these members, all of them always there."""
    return {"type": "object", "required": list(members), "properties": members}


def many(of: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": of}


def maybe(of: Schema) -> Schema:
    """The value, or null."""
    return {"anyOf": [of, {"type": "null"}]}


def page(name: str, of: Schema) -> Schema:
    """A part of a list, and the cursor of the next part, or null."""
    return marked(thing(**{name: many(of), "next": maybe(TEXT)}))


def marked(schema: Schema) -> Schema:
    """The same, with a warning where the rows need one."""
    why = "Only while the mirror is halted, or has not compared yet what it read: why, for a person"
    return {**schema, "properties": {**schema["properties"], "warning": {**TEXT, "description": why}}}


PROBLEM: Schema = {
    **thing(type=TEXT, title=TEXT, status={"type": "integer"}, detail=TEXT),
    "description": "RFC 9457; `title` is the code, `path` the offending property's",
}
BLOCK = thing(number=COUNT, hash=HEX, time=COUNT)
_VERDICT: Schema = {"enum": ["valid", "invalid", "unknown"]}
_OUTCOME: Schema = {"enum": ["valid", "invalid", "unknown", "not_applicable", "not_checked"]}
_COMPARED: Schema = {
    "enum": ["proof", "views", ""],
    "description": "Held against the contract's storage: proven, or by the node's word alone; empty: by no registry",
}
_KEY_SLOT = thing(roles=COUNT, added_at=COUNT, retired_at=COUNT, distrust_from=COUNT)
CHECK = thing(name=TEXT, verdict=_OUTCOME, code=TEXT, detail=TEXT, restsOn=many(TEXT), assurance=TEXT)
EVIDENCE = thing(
    assurance=TEXT,
    contract=TEXT,
    genesisHash=HEX,
    codeHash=HEX,
    latest=BLOCK,
    safe=maybe(BLOCK),
    issuerWord=HEX,
    record=maybe({"type": "object"}),
    key=maybe(_KEY_SLOT),
    reaffirmation=maybe({"type": "object"}),
    status=thing(epoch=COUNT, wordIndex=COUNT, revoked=HEX, suspended=HEX, changes=many({"type": "object"})),
    profiles=many(thing(hash=HEX, since=COUNT, until=COUNT, document=maybe({"type": "object"}))),
    compared=_COMPARED,
)
REPORT = thing(
    verdict=_VERDICT,
    checks=many(CHECK),
    holder=CHECK,
    asOf=maybe(BLOCK),
    assurance=TEXT,
    compared=_COMPARED,
    issuer=maybe(TEXT),
    place=maybe(TEXT),
    checkedAt=TEXT,
    moment=TEXT,
    about=FLAG,
)
BATCH = thing(
    id=TEXT, issuerId=TEXT, root=HEX, leafCount=COUNT, account=HEX, anchoredAt=COUNT, block=COUNT, transaction=HEX
)
CREDENTIAL = thing(leaf=TEXT, batch=BATCH, index=COUNT, revoked=FLAG, suspended=FLAG, asOf=BLOCK)
KEY = thing(account=HEX, roles=COUNT, addedAt=COUNT, retiredAt=maybe(COUNT), distrustFrom=maybe(COUNT))
PROFILE = thing(hash=HEX, since=COUNT, until=maybe(COUNT), document=maybe({"type": "object"}))
ACCREDITATION = thing(
    issuer=TEXT,
    subject=TEXT,
    scope=HEX,
    since=COUNT,
    until=maybe(COUNT),
    statedAt=COUNT,
    withdrawnAt=maybe(COUNT),
)
ISSUER = thing(
    id=TEXT,
    word=HEX,
    sequence=COUNT,
    epoch=COUNT,
    frozen=FLAG,
    frozenByRecovery=FLAG,
    recovery=HEX,
    registeredAt=COUNT,
    keys=many(KEY),
    profiles=many(PROFILE),
    accreditations=thing(given=many(ACCREDITATION), received=many(ACCREDITATION)),
)
EVENT = thing(
    cursor=TEXT,
    block=COUNT,
    blockHash=HEX,
    logIndex=COUNT,
    transaction=HEX,
    address=HEX,
    issuerId=TEXT,
    topics=many(HEX),
    data=HEX,
)
CHECKPOINT: Schema = {
    "type": "object",
    "properties": {
        "contract": TEXT,
        "block": BLOCK,
        "safe": COUNT,
        "final": COUNT,
        "proven": COUNT,
        "evidence": TEXT,
        "halted": TEXT,
        "signed": maybe({"type": "object"}),
    },
}
DEPOSITED = thing(kind=TEXT, name=TEXT)
READY: Schema = {
    "type": "object",
    "required": ["ready"],
    "properties": {"ready": FLAG, "reason": TEXT, "checkpoint": CHECKPOINT, "leftOut": many(TEXT)},
}
STATUS_LIST: Schema = {"type": "object", "required": ["id", "type", "issuer", "credentialSubject", "proof"]}
VC_API_REQUEST: Schema = {
    "type": "object",
    "required": ["verifiableCredential"],
    "properties": {
        "verifiableCredential": {"type": "object"},
        "options": {
            "type": "object",
            "properties": dict.fromkeys(("returnCredential", "returnProblemDetails", "returnResults"), FLAG),
        },
    },
}
VC_API_ANSWER: Schema = {
    "type": "object",
    "required": ["verified"],
    "properties": {
        "verified": FLAG,
        "problemDetails": many(thing(type=TEXT, title=TEXT, detail=TEXT)),
        "credential": {"type": "object"},
        "results": REPORT,
    },
}


def answer(description: str, schema: Schema, example: str = "", media_type: str = "application/json") -> Schema:
    """One answer of a route, for FastAPI's `responses`; `example` names one of examples.json (see `with_examples`)."""
    shown = {"x-example": example} if example else {}
    return {"description": description, "content": {media_type: {"schema": schema, **shown}}}


def with_examples(described: Schema, examples: dict[str, Any]) -> Schema:
    """The OpenAPI document with the examples that its answers name: FastAPI itself would drop every null in them."""
    for operations in described["paths"].values():
        for operation in operations.values():
            for one in [operation.get("requestBody", {}), *operation["responses"].values()]:
                for media in one.get("content", {}).values():
                    if "x-example" in media:
                        media["example"] = examples[media.pop("x-example")]
    return described

"""Evidence as JSON and back, so that whoever asks a registry can judge for themselves."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from registry.credential.place import ContractId
from registry.errors import MalformedError
from registry.ledger.record import KeySlot
from registry.verification.evidence import (
    AccreditationFact,
    Assurance,
    Evidence,
    ProfileFact,
    ReaffirmationFact,
    RecordFact,
    StatusFact,
    ThenFact,
    Tier,
    WordChange,
)
from registry.verification.hexes import of_hex, to_hex
from registry.verification.signed import text_of
from registry.verification.verdict import BlockPoint

if TYPE_CHECKING:
    from registry.ledger.entities import Accreditation

Json = dict[str, Any]
LATEST = 2**53 - 1
COMPARED = ("proof", "views")
"""How a registry compares what it read: by state proofs, or by the word of the contract's views alone."""


def evidence_to_json(evidence: Evidence) -> Json:
    """JSON form; bytes as 0x hex, bit sets as 0x hex of 32 bytes."""
    status = evidence.status
    return {
        "assurance": evidence.assurance.value,
        "contract": str(evidence.contract),
        "genesisHash": to_hex(evidence.genesis_hash),
        "codeHash": to_hex(evidence.code_hash),
        "latest": evidence.latest.to_json(),
        "safe": _optional(evidence.safe, BlockPoint.to_json),
        "issuerWord": to_hex(evidence.issuer_word),
        "record": _optional(evidence.record, _record_to_json),
        "key": _optional(evidence.key, asdict),
        "reaffirmation": _optional(
            evidence.reaffirmation, lambda r: {"account": to_hex(r.account), "time": r.time, "key": asdict(r.key)}
        ),
        "status": {
            "epoch": status.epoch,
            "wordIndex": status.word_index,
            "revoked": to_hex(status.revoked.to_bytes(32, "big")),
            "suspended": to_hex(status.suspended.to_bytes(32, "big")),
            "changes": [
                asdict(change) | {"mask": to_hex(change.mask.to_bytes(32, "big"))} for change in status.changes
            ],
        },
        "warning": evidence.warning,
        "profiles": [
            {"hash": to_hex(p.hash), "since": p.since, "until": p.until, "document": p.document}
            for p in evidence.profiles
        ],
        "then": _optional(evidence.then, _then_to_json),
        "accreditation": _optional(evidence.accreditation, _accreditation_to_json),
        "compared": evidence.compared,
    }


def evidence_from_json(body: Json) -> Evidence:
    """Read it back.

    Raises:
        MalformedError: Anything is missing or of another kind: weaker evidence is none.
    """
    try:
        return Evidence(
            Assurance(body["assurance"]),
            ContractId.parse(body["contract"]),
            of_hex(body["genesisHash"], 32),
            of_hex(body["codeHash"], 32),
            _point(body["latest"]),
            _optional(body["safe"], _point),
            of_hex(body["issuerWord"], 32),
            _optional(body["record"], _record_from_json),
            _optional(body["key"], _key),
            _optional(
                body["reaffirmation"],
                lambda r: ReaffirmationFact(of_hex(r["account"], 20), _number(r["time"]), _key(r["key"])),
            ),
            _status(body["status"]),
            tuple(
                ProfileFact(of_hex(p["hash"], 32), _number(p["since"]), _number(p["until"]), _document(p["document"]))
                for p in _list(body["profiles"])
            ),
            text_of(body["warning"]),
            _optional(body["then"], _then),
            _optional(body["accreditation"], _accreditation),
            _compared(body),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise MalformedError("The evidence is incomplete or not in the expected form.") from None


def _compared(body: Json) -> str:
    """A registry that does not say how it compared what it tells did not."""
    said = text_of(body["compared"])
    if said not in (COMPARED if body["assurance"] == Assurance.REGISTRY else ("",)):
        raise ValueError
    return said


def _record_to_json(record: RecordFact) -> Json:
    return {"commitment": to_hex(record.commitment), "time": record.time, "tier": record.tier.value}


def _record_from_json(body: Json) -> RecordFact:
    return RecordFact(of_hex(body["commitment"], 27), _number(body["time"]), Tier(body["tier"]))


def _then_to_json(then: ThenFact) -> Json:
    bits = {name: to_hex(getattr(then, name).to_bytes(32, "big")) for name in ("revoked", "suspended")}
    return {"moment": then.moment, "block": _optional(then.block, BlockPoint.to_json), "epoch": then.epoch, **bits}


def _then(body: Json) -> ThenFact:
    revoked, suspended = (int.from_bytes(of_hex(body[name], 32), "big") for name in ("revoked", "suspended"))
    block = _optional(body["block"], _point)
    return ThenFact(_number(body["moment"]), block, _number(body["epoch"]), revoked, suspended)


def _accreditation_to_json(fact: AccreditationFact) -> Json:
    return {
        "roots": list(fact.roots),
        "statements": list(map(_statement_to_json, fact.statements)),
        "complete": fact.complete,
    }


def _statement_to_json(said: "Accreditation") -> Json:
    """No moment is as late as `LATEST`, so that a later time says the same as it, and every JSON reader keeps it."""
    times = ("since", "until", "stated_at", "withdrawn_at")
    who = {"issuer_id": said.issuer_id, "subject": said.subject, "scope": to_hex(said.scope)}
    return who | {name: min(getattr(said, name), LATEST) for name in times}


def _accreditation(body: Json) -> AccreditationFact:
    if not isinstance(body["complete"], bool):
        raise TypeError
    roots = tuple(map(_number, _list(body["roots"])))
    return AccreditationFact(roots, tuple(map(_statement, _list(body["statements"]))), body["complete"])


def _statement(body: Json) -> "Accreditation":
    from registry.ledger.entities import Accreditation  # few verdicts rest on a statement

    times = (_number(body[name]) for name in ("since", "until", "stated_at", "withdrawn_at"))
    return Accreditation(_number(body["issuer_id"]), _number(body["subject"]), of_hex(body["scope"], 32), *times)


def _status(body: Json) -> StatusFact:
    revoked, suspended = (int.from_bytes(of_hex(body[name], 32), "big") for name in ("revoked", "suspended"))
    changes = tuple(map(_change, _list(body["changes"])))
    return StatusFact(_number(body["epoch"]), _number(body["wordIndex"]), revoked, suspended, changes)


def _change(body: Json) -> WordChange:
    numbers = (_number(body[name]) for name in ("action", "reason", "block_number", "time"))
    return WordChange(int.from_bytes(of_hex(body["mask"], 32), "big"), *numbers)


def _key(body: Json) -> KeySlot:
    return KeySlot(*(_number(body[name]) for name in ("roles", "added_at", "retired_at", "distrust_from")))


def _point(body: Json) -> BlockPoint:
    return BlockPoint(_number(body["number"]), to_hex(of_hex(body["hash"], 32)), _number(body["time"]))


def _document(value: Any) -> Mapping[str, Any] | None:
    if value is not None and not isinstance(value, dict):
        raise TypeError
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError
    return value


def _optional(value: Any, convert: Callable[[Any], Any]) -> Any:
    return None if value is None else convert(value)

"""What must be true whatever went wrong: asked of SQL, of the chain's own logs and of the contract's views."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from faults.world import World
from sqlalchemy import Connection, create_engine, text

from registry import bootstrap
from registry.audit.audit import Asked, audit
from registry.chain.views import call_data, integers, words
from registry.ledger.record import commitment

Facts = dict[tuple[Any, ...], Any]


@dataclass
class Ledger:
    """Facts that the mirror once called final: they may never change."""

    facts: Facts = field(default_factory=dict)

    def hold(self, now: Facts) -> list[str]:
        """Take in what is final now; what is not any more, in words."""
        lost = [
            f"{key}: final as {value}, now {now.get(key)}" for key, value in self.facts.items() if now.get(key) != value
        ]
        self.facts.update(now)
        return lost


@contextmanager
def _sql(world: World) -> Iterator[Connection]:
    engine = create_engine(world.database)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def checkpoint(world: World) -> Any:
    """The mirror's checkpoint, or None."""
    mirror = bootstrap.mirror(world.settings(honest=True))
    try:
        return mirror.checkpoint()
    finally:
        mirror.engine.dispose()


def proven_block(point: Any) -> int:
    """The block up to which the mirror says that nothing is missing."""
    return int(getattr(point, "proven", point.block.number))


def chain_logs(world: World, last: int) -> set[tuple[int, bytes, int, bytes]]:
    """(block, block hash, log index, data) of the logs of both contracts, by the chain itself."""
    query = {"address": [world.address, world.accreditation], "fromBlock": hex(world.start), "toBlock": hex(last)}
    return {
        (int(log["blockNumber"], 16), _bytes(log["blockHash"]), int(log["logIndex"], 16), _bytes(log["data"]))
        for log in world.rpc("eth_getLogs", query)
    }


def mirrored_logs(world: World, last: int) -> set[tuple[int, bytes, int, bytes]]:
    """The same by the mirror's canonical raw events."""
    query = text(
        "SELECT e.block_number, e.block_hash, e.log_index, e.data FROM event e JOIN block b"
        " ON b.chain_id = e.chain_id AND b.block_hash = e.block_hash WHERE b.canonical AND e.block_number <= :last"
    )
    with _sql(world) as connection:
        return {(row[0], bytes(row[1]), row[2], bytes(row[3])) for row in connection.execute(query, {"last": last})}


def silent_errors(world: World) -> list[str]:
    """What the mirror says is whole, and is not: rows up to its proven block that are missing or not the chain's."""
    point = checkpoint(world)
    if point is None:
        return []
    last = proven_block(point)
    ours, theirs = mirrored_logs(world, last), chain_logs(world, last)
    missing, phantom = len(theirs - ours), len(ours - theirs)
    if missing or phantom:
        return [f"proven up to block {last}, but {missing} logs are missing and {phantom} are not the chain's"]
    return []


def differences(world: World) -> list[str]:
    """After the quiet period: what differs between mirror, replay, the chain's logs and the contract's views."""
    settings = world.settings(honest=True)
    mirror = bootstrap.mirror(settings)
    try:
        place = bootstrap.deployment(settings)
        asked = Asked(depths=(place.safe_after, place.final_after))
        report = audit(bootstrap.chain(settings), mirror, world.start, asked)
        point = mirror.checkpoint()
    finally:
        mirror.engine.dispose()
    found = [] if report.outcome == "equal" else [f"audit: {report.outcome}: {report.detail}"]
    if point is None or point.block.number != world.head:
        return [*found, f"the mirror is at {point and point.block.number}, the chain at {world.head}"]
    if mirrored_logs(world, point.block.number) != chain_logs(world, point.block.number):
        found.append("the mirror's events are not the chain's logs")
    return found + list(view_differences(world))


def view_differences(world: World) -> Iterator[str]:
    """Each row of SQL against the contract's own view of it."""
    with _sql(world) as connection:
        count = integers(_view(world, call_data("issuerCount()")))[0]
        accreditors = integers(_views(world, [("accreditor", call_data("accreditorCount()"))])[0])[0]
        rows = {
            table: connection.execute(text(f"SELECT * FROM {table}")).mappings().all()
            for table in dict.fromkeys(table for table, _, _ in _VIEWS)
        }
    if count != len(rows["issuer"]):
        yield f"the contract counts {count} issuers, SQL {len(rows['issuer'])}"
    if accreditors != len(rows["accreditor"]):
        yield f"the contract counts {accreditors} accreditors, SQL {len(rows['accreditor'])}"
    asked = [(table, row, call(row), begins(row)) for table, call, begins in _VIEWS for row in rows[table]]
    answers = _views(world, [(table, call) for table, _, call, _ in asked])
    for (table, row, _, expected), answer in zip(asked, answers, strict=True):
        if words(answer)[: len(expected)] != expected:
            yield f"{table} {dict(row)}: the contract says {answer}"


def final_facts(world: World) -> Facts:
    """What stands at or below the mirror's final block, as a verdict would use it: anchors, revoked bits."""
    point = checkpoint(world)
    with _sql(world) as connection:
        anchors = connection.execute(text("SELECT * FROM batch WHERE block_number <= :final"), {"final": point.final})
        facts: Facts = {
            ("anchor", row["issuer_id"], bytes(row["batch_id"])): (
                bytes(row["root"]),
                row["leaf_count"],
                row["anchored_at"],
            )
            for row in anchors.mappings()
        }
        revoked = text("SELECT * FROM status_change WHERE action = 1 AND block_number <= :final")
        for row in connection.execute(revoked, {"final": point.final}).mappings():
            name = ("issuer_id", "batch_id", "epoch", "word_index", "block_number", "log_index", "position")
            facts["revoked", *(row[column] for column in name)] = (bytes(row["mask"]), row["reason"], row["changed_at"])
    return facts


def _bytes(text_: str) -> bytes:
    return bytes.fromhex(text_[2:])


def _view(world: World, data: str) -> str:
    return str(world.rpc("eth_call", {"to": world.address, "data": data}, "latest"))


def _views(world: World, calls: Sequence[tuple[str, str]]) -> list[str]:
    """Answers to (table, calldata): each table is one of the two contracts'."""
    from registry.chain.rpc import Rpc

    house = {"accreditor": world.accreditation, "accreditation": world.accreditation}
    asked = [("eth_call", [{"to": house.get(table, world.address), "data": data}, "latest"]) for table, data in calls]
    return Rpc(world.url).batch(asked)


def _number(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _padded(value: bytes) -> bytes:
    return bytes(value).rjust(32, b"\0")


def _key(row: Any, *names: str) -> list[Any]:
    return [value if isinstance(value := row[name], int) else bytes(value) for name in names]


# table, the view call of a row, and the words with which its answer must begin
_VIEWS: list[tuple[str, Any, Any]] = [
    (
        "issuer",
        lambda r: call_data("issuerWord(uint64)", r["issuer_id"]),
        lambda r: [bytes(r["word"])],
    ),
    (
        "issuer",
        lambda r: call_data("recoveryOf(uint64)", r["issuer_id"]),
        lambda r: [_padded(r["recovery"]), _number(r["frozen_by_recovery"])],
    ),
    (
        "key",
        lambda r: call_data("keyOf(uint64,address)", *_key(r, "issuer_id", "account")),
        lambda r: [_number(r[name]) for name in ("roles", "added_at", "retired_at", "distrust_from")],
    ),
    (
        "batch",
        lambda r: call_data("recordOf(uint64,bytes16)", *_key(r, "issuer_id", "batch_id")),
        lambda r: [
            commitment(bytes(r["root"]), r["leaf_count"], bytes(r["account"])).ljust(32, b"\0"),
            _number(r["anchored_at"]),
        ],
    ),
    (
        "reaffirmation",
        lambda r: call_data("reaffirmationOf(uint64,bytes16)", *_key(r, "issuer_id", "batch_id")),
        lambda r: [_padded(r["account"]), _number(r["reaffirmed_at"])],
    ),
    (
        "profile",
        lambda r: call_data("profilePeriod(uint64,bytes32)", *_key(r, "issuer_id", "profile_hash")),
        lambda r: [_number(r["since"]), _number(r["until"])],
    ),
    (
        "status_word",
        lambda r: call_data(
            "statusWord(uint64,bytes16,uint16,uint64)", *_key(r, "issuer_id", "batch_id", "epoch", "word_index")
        ),
        lambda r: [bytes(r["revoked"]), bytes(r["suspended"])],
    ),
    (
        "pending_change",
        lambda r: call_data("pendingChange(uint64,address,address)", *_key(r, "issuer_id", "requester", "account")),
        lambda r: [
            _number(r[name]) for name in ("kind", "roles", "distrust_from", "ready_at", "by_recovery", "vetoed")
        ],
    ),
    (
        "accreditor",
        lambda r: call_data("accreditorWord(uint64)", r["issuer_id"]),
        lambda r: [bytes(r["word"])],
    ),
    (
        "accreditation",
        lambda r: call_data("statement(uint64,uint64,bytes32)", *_key(r, "issuer_id", "subject", "scope")),
        lambda r: [_number(r[name]) for name in ("since", "until", "stated_at", "withdrawn_at")],
    ),
]

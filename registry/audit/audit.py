"""The audit: replay, compare with the mirror, compare with the contract (its words are the independent witness)."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import Any

from registry.audit.diff import Difference, differences, key_of
from registry.audit.held import HeldCheck
from registry.audit.look import AuditedMirror, Row
from registry.audit.points import Audited, SignedCheck, doubts, point_differences, root_differences, signed_blocks
from registry.audit.raw import RawCheck, outside_differences
from registry.audit.replay import Replay
from registry.errors import ChainUnavailable, LedgerError, RpcError
from registry.ledger.entities import ENTITY_TYPES, Accreditor, Issuer
from registry.ledger.header import Header
from registry.ledger.history import HISTORY_TYPES
from registry.ledger.state import State
from registry.ports.chain import ChainSource, StorageView
from registry.ports.store import Checkpoint

_MOST_DIFFERENCES = 100
_LOOKS = 5
_NEVER = 2**63
_AGREE = "SQL, replay and contract agree."
_MOVED = "The mirror was rolled back, or goes on faster than it is read. Run the audit again, or stop the indexer."
_NEW_DATABASE = (
    "`hallmark index --from-events` would build the same rows from these: read the chain into a new database, "
    "`hallmark index --database NEW`."
)
_ADVICE = {
    "checkpoint": "Read the chain into a new database, `hallmark index --database NEW`.",
    "document": "Take the row out of the database; what belongs there can be deposited again (`hallmark publish`).",
    "leaf": "Take the batch's leaves and its manifest out of the database, and deposit it again (`hallmark publish`).",
    "signed_checkpoint": "What was signed is what others hold: compare with `hallmark checkpoint`.",
}
_REBUILD = "Build the rows again with `hallmark index --from-events`."


class Outcome(StrEnum):
    """What an audit can say."""

    EQUAL = "equal"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AuditReport:
    """An audit's outcome: up to which block, how much was replayed, and what differs (the first hundred)."""

    outcome: Outcome
    detail: str
    block: int
    events: int
    rows: int
    differences: tuple[Difference, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self) | {"outcome": self.outcome.value}


@dataclass(frozen=True, slots=True)
class Asked:
    """How an audit is done.

    Attributes:
        receipts: Whether every block of the replay is proven by its receipts root.
        signers: The did:keys by which the registry signs its checkpoints; none: that of the first one.
        depths: After how many blocks one is safe and final where a node has no tags.
    """

    receipts: bool = False
    signers: Collection[str] = ()
    depths: tuple[int, int] = (_NEVER, _NEVER)


_PLAIN = Asked()


def audit(chain: ChainSource, mirror: AuditedMirror, start: int, asked: Asked = _PLAIN) -> AuditReport:
    """Compare everything in the mirror with a replay from block `start` on, and that with the contract's own words."""
    with mirror.look() as look:
        point, newest = look.checkpoint(), look.newest_block(canonical=True)
        stops = signed_blocks(look, chain.contract.chain_id)
    if point is None:
        return _without_checkpoint(chain, newest)
    try:
        chain.check_identity()
        replay = Replay(chain, start, receipts=asked.receipts, stops=stops)
        return _Audit(chain, mirror, replay, asked).run(point, newest)
    except (ChainUnavailable, RpcError) as error:
        return AuditReport(Outcome.UNKNOWN, str(error), point.block.number, 0, 0)
    except LedgerError as error:
        return AuditReport(Outcome.UNKNOWN, f"The endpoint's events are not whole. {error}", point.block.number, 0, 0)


def _without_checkpoint(chain: ChainSource, newest: Row | None) -> AuditReport:
    if newest is None:
        return AuditReport(Outcome.UNKNOWN, "The mirror is empty. Run `hallmark index` first.", 0, 0, 0)
    lost = Difference("checkpoint", f"chain_id={chain.contract.chain_id}", "", "there is such a row", "none")
    return AuditReport(Outcome.DIFFERS, f"{lost}. {_ADVICE['checkpoint']}", newest[0], 0, 0, (lost,))


class _Audit:
    """One audit: a replay, and looks at the mirror beside it."""

    def __init__(self, chain: ChainSource, mirror: AuditedMirror, replay: Replay, asked: Asked) -> None:
        self.chain = chain
        self.mirror = mirror
        self.replay = replay
        self.asked = asked
        self.raw = RawCheck()

    def run(self, point: Checkpoint, newest: Row | None) -> AuditReport:
        """Replay up to the mirror's newest block; and on, where the mirror goes on meanwhile."""
        target = self._end(point, newest)
        if target is None:
            what = f"The chain has another block {point.block.number} than the mirror."
            return self._unknown(f"{what} Run `hallmark index`, then again.", point.block.number)
        done: tuple[AuditReport, Checkpoint, SignedCheck] | None = None
        for _ in range(_LOOKS):
            for fetched in self.replay.advance(target):
                with self.mirror.look() as look:
                    self.raw.compare(fetched, look)
            with self.mirror.look() as look:
                now, newest = look.checkpoint(), look.newest_block(canonical=True)
                header = self.replay.header
                if now is None or header is None or _is_elsewhere(header, now, newest):
                    break
                if newest is None or not target < newest[0] == now.block.number:
                    done = self._compared(Audited(look, now, self.chain.contract, header.block))
                    break
                target = newest[0]
        return self._settled(*done) if done else self._unknown(_MOVED, target)

    def _end(self, point: Checkpoint, newest: Row | None) -> int | None:
        """The mirror's newest block that the chain has: its checkpoint's, or if that was edited its last block's."""
        named = [(point.block.number, point.block.hash), *([newest[:2]] if newest else [])]
        headers = self.chain.headers(sorted({number for number, _ in named if number >= 0}))
        ours = (
            number for number, block_hash in named if number in headers and headers[number].block.hash == block_hash
        )
        return next(ours, None)

    def _compared(self, audited: Audited) -> tuple[AuditReport, Checkpoint, SignedCheck]:
        signed = SignedCheck(audited, self.replay.words, self.asked.signers)
        found = tuple(islice(self._all_differences(audited, signed), _MOST_DIFFERENCES))
        rows = sum(len(self.replay.state.all(kind)) for kind in ENTITY_TYPES) + len(self.replay.history)
        outcome, detail = (Outcome.DIFFERS, _detail(found)) if found else (Outcome.EQUAL, _AGREE)
        report = AuditReport(outcome, detail, audited.block.number, self.replay.events, rows, found)
        return report, audited.point, signed

    def _settled(self, report: AuditReport, point: Checkpoint, signed: SignedCheck) -> AuditReport:
        """The report, once the chain was asked about what no row says; events that are not whole accuse nobody."""
        problem = self._contract_problem()
        if not (problem or report.differences):
            problem = next(self._doubts(point, signed), "")
        return replace(report, outcome=Outcome.UNKNOWN, detail=problem, differences=()) if problem else report

    def _all_differences(self, audited: Audited, signed: SignedCheck) -> Iterator[Difference]:
        look, replay = audited.look, self.replay
        yield from self.raw.differences(look)
        yield from outside_differences(look, replay.start, replay.last)
        for kind in ENTITY_TYPES:
            yield from differences(kind, replay.state.all(kind), look.rows(kind))
        for past in HISTORY_TYPES:
            expected = sorted((row for row in replay.history if type(row) is past), key=key_of)
            yield from differences(past, expected, look.rows(past))
        yield from point_differences(audited)
        yield from root_differences(self.chain, audited)
        yield from HeldCheck(look, audited.contract, replay.state).differences()
        yield from signed.differences()

    def _doubts(self, point: Checkpoint, signed: SignedCheck) -> Iterator[str]:
        """Why nothing can be said for certain though no row differs."""
        if self.raw.full:
            yield _MOVED
        yield from doubts(self.chain, point, self.asked.depths)
        if signed.strangers:
            who = ", ".join(sorted(signed.strangers))
            yield f"Checkpoints are signed by another key, {who}: name the registry's keys with --signer."

    def _contract_problem(self) -> str:
        """Go on to the newest block, then hold the words against the contract's storage there."""
        latest = max(self.chain.tiers().latest, self.replay.last)
        for _ in self.replay.advance(latest, history=False):
            pass
        header = self.replay.header
        assert header is not None
        houses = ((Issuer, self.chain.storage), (Accreditor, self.chain.accreditation_storage))
        problems = (_storage_problem(speaker, read, self.replay.state, header) for speaker, read in houses)
        return next(filter(None, problems), "")

    def _unknown(self, detail: str, block: int) -> AuditReport:
        return AuditReport(Outcome.UNKNOWN, detail, block, self.replay.events, 0)


def _is_elsewhere(header: Header, point: Checkpoint, newest: Row | None) -> bool:
    """Whether the mirror itself, not only one of its cells, has left the replay's block: it was rolled back."""
    if newest is None or newest[:2] != (point.block.number, point.block.hash):
        return False
    behind, same = newest[0] < header.block.number, newest[0] == header.block.number
    return bool(behind or (same and newest[1] != header.block.hash))


def _detail(found: Sequence[Difference]) -> str:
    first = found[0]
    if first.table not in ("event", "block"):
        return f"First difference: {first}. {_ADVICE.get(first.table, _REBUILD)}"
    return f"First difference: {first}. {_NEW_DATABASE}"


def _storage_problem(
    speaker: type[Issuer] | type[Accreditor],
    read: Callable[[Header, Sequence[int]], StorageView | None],
    state: State,
    header: Header,
) -> str:
    """Why the words are not the contract's own, or empty."""
    name, rows = speaker.TABLE, state.all(speaker)
    view = read(header, [row.issuer_id for row in rows])
    if view is None:
        return ""
    if view.issuer_count != len(rows):
        return f"The contract counts {view.issuer_count} {name}s, its events {len(rows)}: events are left out."
    wrong = next((row for row in rows if view.words[row.issuer_id] != row.word), None)
    if wrong is not None:
        return f"The events of {name} {wrong.issuer_id} do not lead to the contract's word: the endpoint hides some."
    return ""

"""The audit: replay, compare with the mirror, compare with the contract (its words are the independent witness)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from registry.audit.diff import Difference, differences, key_of
from registry.audit.replay import replay
from registry.errors import ChainUnavailable, LedgerError, RpcError
from registry.ledger.entities import ENTITY_TYPES, Accreditor, Issuer
from registry.ledger.header import Header
from registry.ledger.history import HISTORY_TYPES, HistoryRow
from registry.ledger.state import State
from registry.ports import ChainSource, Checkpoint, Mirror, StorageView

_MOST_DIFFERENCES = 100


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


def audit(chain: ChainSource, mirror: Mirror, start: int, *, receipts: bool = False) -> AuditReport:
    """Compare the mirror with a replay from block `start`, and the replay with the contract's own words."""
    point = mirror.checkpoint()
    if point is None:
        return AuditReport(Outcome.UNKNOWN, "The mirror is empty. Run `hallmark index` first.", 0, 0, 0)
    try:
        chain.check_identity()
        return _audit(chain, mirror, point, start, receipts=receipts)
    except (ChainUnavailable, RpcError) as error:
        return AuditReport(Outcome.UNKNOWN, str(error), point.block.number, 0, 0)
    except LedgerError as error:
        return AuditReport(Outcome.UNKNOWN, f"The endpoint's events are not whole. {error}", point.block.number, 0, 0)


def _audit(chain: ChainSource, mirror: Mirror, point: Checkpoint, start: int, *, receipts: bool) -> AuditReport:
    header = chain.headers([point.block.number]).get(point.block.number)
    if header is None or header.block.hash != point.block.hash:
        detail = f"The chain has another block {point.block.number} than the mirror. Run `hallmark index`, then again."
        return AuditReport(Outcome.UNKNOWN, detail, point.block.number, 0, 0)
    state, history = State(), list[HistoryRow]()
    events = replay(chain, state, start, point.block.number, history=history, receipts=receipts)
    found = tuple(_all_differences(state, history, mirror))
    rows = sum(len(state.all(kind)) for kind in ENTITY_TYPES) + len(history)
    problem = _contract_problem(chain, state, point.block.number + 1)
    if found:
        outcome, detail = (
            Outcome.DIFFERS,
            f"First difference: {found[0]}. Build the rows again with `hallmark index --from-events`.",
        )
    elif problem:
        outcome, detail = Outcome.UNKNOWN, problem
    else:
        outcome, detail = Outcome.EQUAL, "SQL, replay and contract agree."
    return AuditReport(outcome, detail, point.block.number, events, rows, found[:_MOST_DIFFERENCES])


def _all_differences(state: State, history: Sequence[HistoryRow], mirror: Mirror) -> Iterator[Difference]:
    for kind in ENTITY_TYPES:
        yield from differences(kind, state.all(kind), mirror.rows(kind))
    for past in HISTORY_TYPES:
        expected = sorted((row for row in history if type(row) is past), key=key_of)
        yield from differences(past, expected, mirror.rows(past))


def _contract_problem(chain: ChainSource, state: State, first: int) -> str:
    """Go on to the newest block, then hold the words against the contract's storage there."""
    latest = chain.tiers().latest
    replay(chain, state, first, latest)
    header = chain.headers([latest]).get(latest)
    if header is None:
        return f"The endpoint no longer has block {latest}. Run the audit again."
    houses = ((Issuer, chain.storage), (Accreditor, chain.accreditation_storage))
    return next(filter(None, (_storage_problem(speaker, read, state, header) for speaker, read in houses)), "")


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

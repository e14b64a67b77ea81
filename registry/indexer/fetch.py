"""Fetch one range of blocks: logs, the headers they stand in, and typed events. Narrower where the node says so."""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.errors import ChainUnavailable, LedgerError, RpcError
from registry.ledger.decode import LedgerEvent, RawLog, decode
from registry.ports import ChainSource, Header

MAX_RANGE = 2_000


@dataclass(frozen=True, slots=True)
class Fetched:
    """Blocks `first` … `last`: logs with their events, and the headers of `last` and of blocks with logs."""

    first: int
    last: int
    headers: Sequence[Header]
    events: Sequence[tuple[RawLog, LedgerEvent]]


def fetch_range(chain: ChainSource, first: int, last: int) -> Fetched:
    """Fetch from `first` on, at most to `last`; less when the node refuses a range of this size.

    Raises:
        ChainUnavailable: The node refuses even a single block, or its answers do not fit together.
        LedgerError: A log that the contract cannot have emitted.
    """
    last, logs = _logs(chain, first, last)
    headers = chain.headers(sorted({last, *(log.block_number for log in logs)}))
    if last not in headers:
        raise ChainUnavailable(f"The endpoint no longer has block {last}.", todo="it will be asked again")
    return Fetched(first, last, list(headers.values()), [(log, _decoded(log, headers)) for log in logs])


def _logs(chain: ChainSource, first: int, last: int) -> tuple[int, list[RawLog]]:
    while True:
        try:
            return last, chain.logs(first, last)
        except (RpcError, ChainUnavailable):
            if last == first:
                raise
            last = first + (last - first) // 2


def _decoded(log: RawLog, headers: dict[int, Header]) -> LedgerEvent:
    header = headers.get(log.block_number)
    if header is None or header.block.hash != log.block_hash:
        # The chain moved between two answers: nothing is written, the next try sees one chain.
        raise ChainUnavailable(
            f"Block {log.block_number} was replaced while it was read.", todo="it will be asked again"
        )
    if not log.topics:
        raise LedgerError(f"Log {log.log_index} of block {log.block_number} has no topic.")
    return decode(log, header.block)

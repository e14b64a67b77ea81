"""A fresh fold of everything that the contract ever emitted, up to a block."""

from registry.indexer.ahead import Ahead
from registry.indexer.places import Verify
from registry.ledger.history import HistoryRow, history_rows
from registry.ledger.projection import fold
from registry.ledger.state import State
from registry.ledger.word import WordDomain
from registry.ports import ChainSource


def replay(
    chain: ChainSource,
    state: State,
    first: int,
    last: int,
    *,
    history: list[HistoryRow] | None = None,
    receipts: bool = False,
) -> int:
    """Fold the events of blocks `first` … `last` into `state`, their history rows into `history`; how many there were.

    Raises:
        LedgerError: Logs are missing, forged or reordered: the words do not chain.
        ChainUnavailable: The endpoint does not answer.
    """
    domain = WordDomain(chain.contract.chain_id, chain.contract.address, chain.accreditation)
    count, ahead = 0, Ahead(chain, verify=Verify.RECEIPTS if receipts else Verify.PLACES)
    while first <= last:
        fetched = ahead.take(first, last)
        items = [item for _, item in fetched.events]
        fold(state, domain, items)
        if history is not None:
            history += history_rows(items)
        count += len(fetched.events)
        first = fetched.last + 1
    return count

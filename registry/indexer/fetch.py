"""Fetch one range of blocks: headers that link, logs that stand in them, typed events."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import attrgetter

from registry.errors import ChainUnavailable, LedgerError
from registry.indexer.places import OfBlock, Verify, all_by_receipts, check_places
from registry.ledger.decode import LedgerEvent, RawLog, decode
from registry.ledger.events import ACCREDITATION_TYPES
from registry.ledger.header import FULL_BLOOM, Header, bloom_bits, may_hold
from registry.ports.chain import ChainSource

# With more hits than this share the filters are too full to mean anything (busy chains).
_BLOOM_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Fetched:
    """Blocks `first` … `last`: all headers in order, and their logs with the decoded events."""

    first: int
    last: int
    headers: Sequence[Header]
    events: Sequence[tuple[RawLog, LedgerEvent]]

    def joined(self, then: "Fetched") -> "Fetched":
        """This range and the one that follows it as one; ChainUnavailable unless they link."""
        check_links([self.headers[-1], then.headers[0]])
        return Fetched(self.first, then.last, [*self.headers, *then.headers], [*self.events, *then.events])


def fetch_range(chain: ChainSource, first: int, last: int, *, verify: Verify = Verify.PLACES) -> Fetched:
    """Fetch blocks `first` … `last`.

    Args:
        chain: Where to read.
        first: First block.
        last: Last block.
        verify: How far the logs are checked here.

    Raises:
        RangeTooLarge: The node refuses a range of this size.
        ChainUnavailable: No answer, or answers that do not fit together: the chain moved between them.
        LedgerError: A log that the contract cannot have emitted.
    """
    logs = chain.logs(first, last)
    found = chain.headers(range(first, last + 1))
    headers = [found[number] for number in range(first, last + 1) if number in found]
    if len(headers) != last - first + 1:
        raise ChainUnavailable(f"The endpoint lacks headers of blocks {first} … {last}.", todo="it is asked again")
    check_links(headers)
    receipts = verify is Verify.RECEIPTS
    logs = _by_receipts(chain, headers, logs) if receipts else _with_missing(chain, found, logs)
    blocks = list(_by_block(logs, found))
    check_places(chain, blocks, verify)
    return Fetched(first, last, headers, list(_decoded(contracts_of(chain), blocks)))


def contracts_of(chain: ChainSource) -> tuple[bytes, ...]:
    """The addresses whose logs count: the registry, and the accreditation contract where there is one."""
    return (chain.contract.address, *([chain.accreditation] if chain.accreditation else []))


def check_links(headers: Sequence[Header]) -> None:
    """Raise ChainUnavailable unless each header names the one before it as its parent."""
    for before, after in pairwise(headers):
        if after.parent_hash != before.block.hash:
            what = f"Blocks {before.block.number} and {after.block.number} do not link: the chain moved meanwhile."
            raise ChainUnavailable(what, todo="it is asked again")


def suspicious_blocks(headers: Iterable[Header], with_logs: Iterable[int], bits: int) -> list[int]:
    """Blocks whose bloom filter may hold a log of ours although none came."""
    silent = set(with_logs)
    return [h.block.number for h in headers if may_hold(h.logs_bloom, bits) and h.block.number not in silent]


def blooms_with(headers: Iterable[Header], address: bytes | None) -> list[int]:
    """Filters of the blocks that may hold a log of a contract; one that no hash covers excludes nothing."""
    if address is None:
        return []
    bits = bloom_bits(address)
    filters = (h.logs_bloom if h.sealed else FULL_BLOOM for h in headers)
    return [bloom for bloom in filters if may_hold(bloom, bits)]


def _with_missing(chain: ChainSource, headers: Mapping[int, Header], logs: list[RawLog]) -> list[RawLog]:
    """Ask for suspicious blocks again, elsewhere if possible: a filter may be wrong when it says yes, never when no."""
    contracts, asked = contracts_of(chain), set[int]()
    for address in contracts:
        seen = {log.block_number for log in logs if log.address == address}
        asked.update(suspicious_blocks(headers.values(), seen, bloom_bits(address)))
    if not asked or len(asked) > max(8, _BLOOM_SHARE * len(headers)):
        return logs
    known = {log for log in logs if log.block_number in asked}
    more = [log for log in chain.logs_elsewhere(sorted(asked)) if log.address in contracts and log not in known]
    if not more:
        return logs
    chain.distrust(f"it left logs of block {more[0].block_number} out")
    return sorted([*logs, *more], key=lambda log: (log.block_number, log.log_index))


def check_whole(chain: ChainSource, fetched: Fetched) -> None:
    """Raise LedgerError unless the range's logs are those that its blocks' receipts roots prove."""
    _by_receipts(chain, fetched.headers, [log for log, _ in fetched.events])


def _by_receipts(chain: ChainSource, headers: Sequence[Header], logs: list[RawLog]) -> list[RawLog]:
    """The logs that the receipts roots prove; LedgerError when the node's own logs are others."""
    proven = list(all_by_receipts(chain, headers, contracts_of(chain)))
    if proven != logs:
        what = (
            f"The logs of blocks {headers[0].block.number} … {headers[-1].block.number} are not those of the receipts."
        )
        raise LedgerError(what, todo="the endpoint leaves logs out or forges them; ask another one")
    return proven


def _by_block(logs: Iterable[RawLog], headers: Mapping[int, Header]) -> Iterator[OfBlock]:
    """Each header with its logs; a log belongs to the header of its number and hash."""
    for number, group in groupby(logs, attrgetter("block_number")):
        of_block, header = list(group), headers.get(number)
        if header is None or {log.block_hash for log in of_block} != {header.block.hash}:
            # The chain moved between two answers: nothing is written, the next try sees one chain.
            raise ChainUnavailable(f"Block {number} was replaced while it was read.", todo="it is asked again")
        yield header, of_block


def _decoded(contracts: tuple[bytes, ...], blocks: Iterable[OfBlock]) -> Iterator[tuple[RawLog, LedgerEvent]]:
    for header, logs in blocks:
        for log in logs:
            item = decode(log, header.block)
            emitters = contracts[1:] if isinstance(item.event, ACCREDITATION_TYPES) else contracts[:1]
            if log.address not in emitters:
                raise _of_another_contract(log, item)
            yield log, item


def _of_another_contract(log: RawLog, item: LedgerEvent) -> LedgerError:
    return LedgerError(
        f"Log {log.log_index} of block {log.block_number}, {type(item.event).__name__}, is of another contract.",
        todo="ask another endpoint; check the deployment file",
    )

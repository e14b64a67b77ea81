"""Which block of a range a log stands in: what the words, which chain issuer by issuer, do not say."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import lru_cache, reduce
from operator import or_

from registry.errors import ChainUnavailable, LedgerError, RpcError
from registry.ledger.decode import RawLog
from registry.ledger.header import Header, bloom_bits, may_hold
from registry.ports.chain import ChainSource

OfBlock = tuple[Header, Sequence[RawLog]]


class Verify(StrEnum):
    """How far a range is checked before its events are folded; their words are proven in any case.

    WORDS: A block's filter holds what its logs set.
    PLACES: Besides, a block whose filter leaves open which of the logs are its own is proven by its receipts root.
    RECEIPTS: Every block that may hold a log is.
    """

    WORDS = "words"
    PLACES = "places"
    RECEIPTS = "receipts"


def check_places(chain: ChainSource, blocks: Iterable[OfBlock], verify: Verify) -> None:
    """Check the blocks that have logs, each with its own in their order.

    Raises:
        ChainUnavailable: The endpoint does not offer the receipts that are wanted.
        LedgerError: A log is not of its block.
    """
    for header, logs in blocks:
        if not header.sealed:
            continue  # no hash covers its filter, which says nothing then
        bits = bits_of(logs)
        if not may_hold(header.logs_bloom, bits):
            raise _moved(header, logs)
        if verify is Verify.PLACES and _is_open(header, logs, bits) and list(logs) != by_receipts(chain, header):
            raise _others(header.block.number)


def all_by_receipts(chain: ChainSource, headers: Iterable[Header], contracts: Sequence[bytes]) -> Iterator[RawLog]:
    """The logs of every block that may hold one of these contracts (20 bytes each), proven.

    Raises:
        ChainUnavailable, LedgerError: As `check_places` does.
    """
    filters = [bloom_bits(address) for address in contracts]
    for header in headers:
        if any(may_hold(header.logs_bloom, bits) for bits in filters):
            yield from by_receipts(chain, header)


def by_receipts(chain: ChainSource, header: Header) -> list[RawLog]:
    """The contracts' logs of a block as its receipts root proves them; ChainUnavailable where nobody gives receipts."""
    try:
        return chain.logs_by_receipts(header)
    except RpcError as error:
        todo = "name an endpoint that offers eth_getBlockReceipts, or index with `--verify words`"
        raise ChainUnavailable(f"Block {header.block.number} cannot be proven. {error.what}", todo=todo) from None


def _is_open(header: Header, logs: Sequence[RawLog], bits: int) -> bool:
    """Whether one of a sealed block's logs may be another block's.

    It is none's where these logs account for every bit of the filter, and no two are alike: one that came from
    elsewhere would have to set, by chance, the very bits of those that it took the place of. Then they are all of the
    block's logs as well, and their indexes count from 0.
    """
    alike = len({log.topics for log in logs}) < len(logs)
    return alike or header.logs_bloom != bits or logs[-1].log_index != len(logs) - 1


# The address, the event's kind and its issuer come again and again; what stands behind them (a batch) rarely does.
_REPEATED_TOPICS = 2
_known_bits = lru_cache(maxsize=4_096)(bloom_bits)


def bits_of(logs: Sequence[RawLog]) -> int:
    """What these logs set in their block's filter."""
    repeated = {log.address for log in logs}.union(*[log.topics[:_REPEATED_TOPICS] for log in logs])
    others = set[bytes]().union(*[log.topics[_REPEATED_TOPICS:] for log in logs])
    return reduce(or_, map(bloom_bits, others), reduce(or_, map(_known_bits, repeated)))


def _moved(header: Header, logs: Sequence[RawLog]) -> LedgerError:
    moved = next(log for log in logs if not may_hold(header.logs_bloom, bits_of([log])))
    what = f"Log {moved.log_index} is not of block {moved.block_number}: the block's bloom filter excludes it."
    return LedgerError(what, todo="the endpoint moves logs; ask another one")


def _others(number: int) -> LedgerError:
    todo = "the endpoint moves logs or leaves some out; ask another one"
    return LedgerError(f"The logs of block {number} are not those of its receipts.", todo=todo)

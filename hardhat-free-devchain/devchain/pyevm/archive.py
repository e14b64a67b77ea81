"""Every mined block, encoded once, so that reading the past touches no EVM and no trie."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

from devchain.pyevm import encode
from devchain.pyevm.encode import Json
from devchain.pyevm.params import LogQuery


@dataclass(frozen=True, slots=True)
class Mined:
    """One block: py-evm's header, and what JSON-RPC says about it."""

    header: Any
    block: Json
    transactions: list[Json]
    receipts: list[Json]

    def full(self) -> Json:
        """The block with its transactions as objects."""
        return self.block | {"transactions": self.transactions}


@dataclass(frozen=True, slots=True)
class StoredLog:
    """A log as answered, with the bytes that filters look at."""

    number: int
    emitter: bytes
    topics: tuple[bytes, ...]
    answer: Json


@dataclass(slots=True)
class Archive:
    """The canonical chain from block 0 to the head; `blocks[n]` has the number n."""

    blocks: list[Mined] = field(default_factory=list)
    logs: list[StoredLog] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def head(self) -> int:
        """Number of the last block."""
        return len(self.blocks) - 1

    def append(self, block: Any, signed: list[Any], results: list[Any]) -> Mined:
        """Add the next block with its transactions and their receipts.

        The transactions are those that were sent: the block's own are decoded anew, and would need
        their senders recovered again.
        """
        number = len(self.blocks)
        header = block.header
        transactions = [encode.transaction(header, one, index) for index, one in enumerate(signed)]
        mined = Mined(header, encode.block(block), transactions, encode.receipts(header, signed, results))
        self.blocks.append(mined)
        self.numbers[mined.block["hash"]] = number
        self.places |= {one["hash"]: (number, index) for index, one in enumerate(transactions)}
        for result, receipt in zip(results, mined.receipts, strict=True):
            self._add_logs(number, result, receipt)
        return mined

    def _add_logs(self, number: int, result: Any, receipt: Json) -> None:
        for log, answer in zip(result.logs, receipt["logs"], strict=True):
            topics = tuple(topic.to_bytes(32, "big") for topic in log.topics)
            self.logs.append(StoredLog(number, log.address, topics, answer))

    def find_logs(self, first: int, last: int, query: LogQuery) -> list[Json]:
        """The matching logs of the blocks first … last, in order."""
        start = bisect_left(self.logs, first, key=lambda log: log.number)
        end = bisect_left(self.logs, last + 1, key=lambda log: log.number)
        return [log.answer for log in self.logs[start:end] if query.matches(log.emitter, log.topics)]

    def rewind(self, number: int) -> None:
        """Forget every block above `number`."""
        for mined in self.blocks[number + 1 :]:
            del self.numbers[mined.block["hash"]]
            for one in mined.transactions:
                del self.places[one["hash"]]
        del self.blocks[number + 1 :]
        del self.logs[bisect_left(self.logs, number + 1, key=lambda log: log.number) :]

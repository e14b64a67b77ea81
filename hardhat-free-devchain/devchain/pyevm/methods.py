"""The JSON-RPC methods that the py-evm engine offers: these and no others.

Everything that is not here is answered with -32601 and this list, never with a made-up value.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

from devchain.accounts import CHAIN_ID
from devchain.errors import MethodError
from devchain.pyevm import calls, params
from devchain.pyevm.archive import Mined
from devchain.pyevm.calls import REFUSED
from devchain.pyevm.chain import PyEvmChain
from devchain.pyevm.encode import Json, data

METHOD_NOT_FOUND: Final = -32601
PRIORITY_FEE_WEI: Final = 10**9
MAX_FEE_HISTORY: Final = 1024
MAX_MINED_AT_ONCE: Final = 10_000
NO_TIERS: Final = "py-evm has no tag {tag!r}: not supported, use confirmations (count blocks below latest)"
NO_PENDING: Final = "py-evm has no pending block: each transaction is mined as it comes; ask for latest"


class Methods:
    """Answers one call at a time; the caller holds the lock."""

    def __init__(self, chain: PyEvmChain) -> None:
        self._chain = chain
        self._table: dict[str, Callable[..., Any]] = {
            "web3_clientVersion": lambda: f"devchain/{version('devchain')}/py-evm {version('py-evm')}",
            "net_version": lambda: str(CHAIN_ID),
            "eth_chainId": lambda: hex(CHAIN_ID),
            "eth_syncing": lambda: False,
            "eth_blockNumber": lambda: hex(self._chain.archive.head),
            "eth_getBlockByNumber": self._block_by_number,
            "eth_getBlockByHash": self._block_by_hash,
            "eth_getBlockReceipts": self._block_receipts,
            "eth_getTransactionByHash": self._transaction,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getTransactionCount": self._nonce,
            "eth_getBalance": self._balance,
            "eth_getCode": self._code,
            "eth_getStorageAt": self._storage,
            "eth_getLogs": self._logs,
            "eth_call": self._call,
            "eth_estimateGas": self._estimate,
            "eth_gasPrice": lambda: hex(self._base_fee() + PRIORITY_FEE_WEI),
            "eth_maxPriorityFeePerGas": lambda: hex(PRIORITY_FEE_WEI),
            "eth_feeHistory": self._fee_history,
            "eth_sendRawTransaction": lambda raw: data(self._chain.send(params.data(raw))),
            "evm_mine": self._mine,
            "anvil_mine": self._mine_many,
            "evm_snapshot": lambda: hex(self._chain.snapshot()),
            "evm_revert": lambda number: self._chain.revert(params.quantity(number)),
            "evm_increaseTime": self._increase_time,
            "evm_setNextBlockTimestamp": self._set_next_timestamp,
        }

    def answer(self, method: str, arguments: list[Any]) -> Any:
        """The method's result.

        Raises:
            MethodError: no such method, parameters that do not fit, or the chain's refusal.
        """
        function = self._table.get(method)
        if function is None:
            offered = ", ".join(self._table)
            raise MethodError(METHOD_NOT_FOUND, f"{method} is not offered by py-evm, which offers {offered}")
        try:
            inspect.signature(function).bind(*arguments)
        except TypeError as error:
            raise params.invalid(f"{method}: {error}") from error
        return function(*arguments)

    # Blocks

    def _find(self, tag: Any) -> Mined | None:
        """The block of a tag, a number, or an EIP-1898 object; None if there is none yet."""
        archive = self._chain.archive
        if isinstance(tag, dict):
            number = self._number_of(tag)
        elif tag in ("safe", "finalized"):
            raise MethodError(REFUSED, NO_TIERS.format(tag=tag))
        else:
            number = {"earliest": 0, "latest": archive.head}.get(tag) if isinstance(tag, str) else None
            number = params.quantity(tag) if number is None else number
        return archive.blocks[number] if number is not None and number <= archive.head else None

    def _number_of(self, tag: Json) -> int | None:
        if "blockHash" in tag:
            return self._chain.archive.numbers.get(data(params.hash32(tag["blockHash"])))
        return params.quantity(tag.get("blockNumber"))

    def _at(self, tag: Any) -> Mined:
        """The block whose state is read; `pending` is the head, since nothing is ever pending."""
        found = self._find("latest" if tag == "pending" else tag)
        if found is None:
            head = self._chain.archive.head
            raise MethodError(REFUSED, f"unknown block {tag!r}; the head is {head}")
        return found

    def _block_by_number(self, tag: Any, full: bool = False) -> Json | None:
        if tag == "pending":
            raise MethodError(REFUSED, NO_PENDING)
        return _shown(self._find(tag), full)

    def _block_by_hash(self, block_hash: Any, full: bool = False) -> Json | None:
        return _shown(self._find({"blockHash": block_hash}), full)

    def _block_receipts(self, tag: Any) -> list[Json] | None:
        found = self._find({"blockHash": tag} if isinstance(tag, str) and len(tag) == 66 else tag)
        return found.receipts if found else None

    # Transactions and logs

    def _transaction(self, transaction_hash: Any) -> Json | None:
        place = self._chain.archive.places.get(data(params.hash32(transaction_hash)))
        return self._chain.archive.blocks[place[0]].transactions[place[1]] if place else None

    def _receipt(self, transaction_hash: Any) -> Json | None:
        place = self._chain.archive.places.get(data(params.hash32(transaction_hash)))
        return self._chain.archive.blocks[place[0]].receipts[place[1]] if place else None

    def _logs(self, wanted: Any) -> list[Json]:
        query = params.log_query(wanted)
        if "blockHash" in wanted:
            if "fromBlock" in wanted or "toBlock" in wanted:
                raise params.invalid("give blockHash, or fromBlock and toBlock, not both")
            first = last = self._at({"blockHash": wanted["blockHash"]}).header.block_number
        else:
            first, last = self._bound(wanted.get("fromBlock")), self._bound(wanted.get("toBlock"))
        if first > self._chain.archive.head:
            raise params.invalid(f"fromBlock {first} is beyond the head, {self._chain.archive.head}")
        return self._chain.archive.find_logs(first, last, query)

    def _bound(self, tag: Any) -> int:
        """A range's end as a number; numbers may lie beyond the head, tags may not."""
        if isinstance(tag, str) and tag[:2] == "0x":
            return params.quantity(tag)
        return int(self._at("latest" if tag is None else tag).header.block_number)

    # State

    def _state(self, tag: Any) -> Any:
        return calls.state_at(self._chain.evm, self._at(tag).header)

    def _nonce(self, account: Any, tag: Any = "latest") -> str:
        return hex(self._state(tag).get_nonce(params.address(account)))

    def _balance(self, account: Any, tag: Any = "latest") -> str:
        return hex(self._state(tag).get_balance(params.address(account)))

    def _code(self, account: Any, tag: Any = "latest") -> str:
        return data(self._state(tag).get_code(params.address(account)))

    def _storage(self, account: Any, slot: Any, tag: Any = "latest") -> str:
        value = self._state(tag).get_storage(params.address(account), params.quantity(slot))
        return data(value.to_bytes(32, "big"))

    def _call(self, call: Any, tag: Any = "latest") -> str:
        return data(calls.execute(self._chain.evm, params.call(call), self._at(tag).header))

    def _estimate(self, call: Any, tag: Any = "pending") -> str:
        # Where the next transaction will run, unless a past block is asked for.
        upcoming = tag in ("pending", "latest")
        header = self._chain.next_header() if upcoming else self._at(tag).header
        return hex(calls.estimate(self._chain.evm, params.call(call), header))

    # Fees

    def _base_fee(self) -> int:
        return int(self._chain.next_header().base_fee_per_gas)

    def _fee_history(self, count: Any, newest: Any, percentiles: Any = None) -> Json:
        last = self._at(newest).header.block_number
        wanted = min(params.quantity(count), MAX_FEE_HISTORY, last + 1)
        blocks = self._chain.archive.blocks[last + 1 - wanted : last + 1]
        after = self._chain.archive.blocks[last + 1 : last + 2]
        next_fee = after[0].header.base_fee_per_gas if after else self._base_fee()
        history: Json = {
            "oldestBlock": hex(last + 1 - wanted),
            "baseFeePerGas": [hex(one.header.base_fee_per_gas) for one in blocks] + [hex(next_fee)],
            "gasUsedRatio": [one.header.gas_used / one.header.gas_limit for one in blocks],
        }
        return history | ({"reward": [_rewards(one, percentiles) for one in blocks]} if percentiles else {})

    # Time and mining

    def _mine(self, timestamp: Any = None) -> str:
        self._chain.mine(None if timestamp is None else params.quantity(timestamp))
        return "0x0"

    def _mine_many(self, count: Any = "0x1") -> None:
        blocks = params.quantity(count)
        if blocks > MAX_MINED_AT_ONCE:
            raise params.invalid(f"at most {MAX_MINED_AT_ONCE} blocks at once")
        for _ in range(blocks):
            self._chain.mine()

    def _increase_time(self, seconds: Any) -> int:
        return self._chain.increase_time(params.quantity(seconds))

    def _set_next_timestamp(self, timestamp: Any) -> None:
        moment = params.quantity(timestamp)
        self._chain.next_header(moment)
        self._chain.next_timestamp = moment


def _shown(found: Mined | None, full: bool) -> Json | None:
    if found is None:
        return None
    return found.full() if full else found.block


def _rewards(mined: Mined, percentiles: list[float]) -> list[str]:
    """The tip in wei that each percentile of the block's gas paid at most; zeros for an empty block."""
    base = mined.header.base_fee_per_gas
    paid = sorted((int(one["effectiveGasPrice"], 16) - base, int(one["gasUsed"], 16)) for one in mined.receipts)
    return [hex(_tip_at(paid, mined.header.gas_used * percentile / 100)) for percentile in percentiles]


def _tip_at(paid: list[tuple[int, int]], gas: float) -> int:
    seen = 0
    for tip, used in paid:
        seen += used
        if seen >= gas:
            return tip
    return 0

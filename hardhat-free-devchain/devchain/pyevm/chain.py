"""The chain itself: eth-tester's py-evm backend, mined one transaction a block.

Not thread-safe: the server holds one lock around every request and around the interval miner.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any, Final

from eth.constants import SECPK1_N as SECP256K1_N
from eth.exceptions import Revert
from eth.vm.spoof import SpoofTransaction
from eth_tester import PyEVMBackend
from eth_utils.exceptions import ValidationError

from devchain.accounts import ACCOUNTS, BALANCE_WEI, CHAIN_ID
from devchain.errors import MethodError
from devchain.pyevm.archive import Archive, Mined
from devchain.pyevm.params import Call, invalid

GAS_LIMIT: Final = 30_000_000
REFUSED: Final = -32000
REVERTED: Final = 3
COINBASE: Final = bytes(20)
BLOB_TYPE: Final = 3
ESTIMATE_TOLERANCE: Final = 500


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What evm_revert goes back to."""

    number: int
    clock_offset: int


class PyEvmChain:
    """A chain in memory, with the same funded accounts and chain id as anvil."""

    def __init__(self) -> None:
        self._backend = _new_backend()
        self.archive = Archive()
        self.clock_offset = 0
        self.next_timestamp: int | None = None
        self._snapshots: dict[int, Snapshot] = {}
        self._last_snapshot = -1
        self.archive.append(self._chain.get_canonical_block_by_number(0), [], [])

    @property
    def _chain(self) -> Any:
        return self._backend.chain

    # Mining

    def mine(self, timestamp: int | None = None) -> Mined:
        """Mine a block without transactions."""
        self._open_block(timestamp)
        return self._close_block([], [])

    def send(self, raw: bytes) -> bytes:
        """Check a signed transaction, mine it in a block of its own, return its 32-byte hash.

        A transaction that reverts is mined too, with status 0, as on any chain.

        Raises:
            MethodError: it cannot be mined; nothing has changed.
        """
        header = self._open_block(None)
        signed = self._decode(raw)
        self._check(signed, header)
        try:
            _, receipt, _ = self._chain.apply_transaction(signed)
        except ValidationError as error:
            raise MethodError(REFUSED, f"transaction refused: {error}") from error
        self._close_block([signed], [receipt])
        return bytes(signed.hash)

    def next_header(self, timestamp: int | None = None) -> Any:
        """The header that a block mined now would begin with.

        Raises:
            MethodError: the timestamp is not after the head's.
        """
        head = self.archive.blocks[-1].header
        wanted = timestamp or self.next_timestamp
        if wanted and wanted <= head.timestamp:
            raise invalid(f"timestamp {wanted} is not after the head's, {head.timestamp}")
        moment = wanted or max(int(time.time()) + self.clock_offset, head.timestamp + 1)
        return self._chain.create_header_from_parent(head, timestamp=moment, coinbase=COINBASE)

    def _open_block(self, timestamp: int | None) -> Any:
        self._chain.header = self.next_header(timestamp)
        return self._chain.header

    def _close_block(self, transactions: list[Any], receipts: list[Any]) -> Mined:
        block = self._chain.mine_block(coinbase=COINBASE, mix_hash=os.urandom(32))
        if self.next_timestamp:
            # As on anvil, the clock goes on from the timestamp that was set.
            self.clock_offset = block.header.timestamp - int(time.time())
            self.next_timestamp = None
        return self.archive.append(block, transactions, receipts)

    def _decode(self, raw: bytes) -> Any:
        if raw[:1] == bytes([BLOB_TYPE]):
            raise invalid("blob transactions are not offered by py-evm")
        try:
            signed = self._chain.get_transaction_builder().decode(raw)
            sender = signed.sender  # recovered once and kept on the object: 5 ms without coincurve
        except Exception as error:
            # Any bytes may come in, and the decoders raise many unrelated errors on them.
            raise invalid(f"this is no signed transaction: {error}") from error
        if signed.s > SECP256K1_N // 2:
            raise invalid(f"the signature of {sender.hex()} has a high s (EIP-2)")
        return signed

    def _check(self, signed: Any, header: Any) -> None:
        """Refuse in the words that clients know, before the EVM refuses in its own."""
        state = self._chain.get_vm(header).state
        nonce = state.get_nonce(signed.sender)
        cost = signed.gas * signed.max_fee_per_gas + signed.value
        price = header.base_fee_per_gas
        chain_id = getattr(signed, "chain_id", None)
        checks = {
            f"invalid chain id {chain_id}, this is {CHAIN_ID}": chain_id not in (None, CHAIN_ID),
            f"nonce too low: next is {nonce}, got {signed.nonce}": signed.nonce < nonce,
            f"nonce too high: next is {nonce}, got {signed.nonce}; py-evm queues none": signed.nonce > nonce,
            f"max fee per gas less than block base fee: {price} wei": signed.max_fee_per_gas < price,
            f"intrinsic gas too low: needs {signed.intrinsic_gas}": signed.gas < signed.intrinsic_gas,
            f"exceeds block gas limit: {GAS_LIMIT}": signed.gas > GAS_LIMIT,
            "insufficient funds for gas * price + value": cost > state.get_balance(signed.sender),
        }
        for message, wrong in checks.items():
            if wrong:
                raise MethodError(REFUSED, message)

    # Reading and calling

    def state_at(self, header: Any) -> Any:
        """The state after that block, in which running something costs no fee."""
        return self._chain.get_vm(header.copy(base_fee_per_gas=0)).state

    def call(self, call: Call, header: Any) -> bytes:
        """Run a call on the state of that block, as that block would see it; return its output.

        Raises:
            MethodError: code 3 with the revert data, or -32000 for any other failure.
        """
        return bytes(_raise_on_error(self._run(call, header, call.gas or GAS_LIMIT)).output)

    def estimate(self, call: Call, header: Any) -> int:
        """Gas that is enough for that call, at most ESTIMATE_TOLERANCE above the least that is.

        Raises:
            MethodError: it fails with any gas.
        """
        limit = call.gas or GAS_LIMIT
        computation = _raise_on_error(self._run(call, header, limit))
        spent: int = max(limit - computation.get_gas_remaining(), _calldata_floor(call.payload))
        if self._suffices(call, header, spent):
            return spent
        too_little = spent
        enough = min(2 * spent, limit)
        if not self._suffices(call, header, enough):
            enough = limit
        while enough - too_little > ESTIMATE_TOLERANCE:
            middle = (too_little + enough) // 2
            if self._suffices(call, header, middle):
                enough = middle
            else:
                too_little = middle
        return enough

    def _suffices(self, call: Call, header: Any, gas: int) -> bool:
        try:
            return not self._run(call, header, gas).is_error
        except MethodError:
            return False

    def _run(self, call: Call, header: Any, gas: int) -> Any:
        state = self.state_at(header)
        unsigned = self._chain.create_unsigned_transaction(
            nonce=state.get_nonce(call.sender),
            gas_price=0,
            gas=gas,
            to=call.to,
            value=call.value,
            data=call.payload,
        )
        try:
            return state.apply_transaction(SpoofTransaction(unsigned, from_=call.sender))
        except ValidationError as error:
            raise MethodError(REFUSED, f"call refused: {error}") from error

    # Snapshots

    def snapshot(self) -> int:
        """Remember the head; returns the snapshot's number."""
        self._last_snapshot += 1
        self._snapshots[self._last_snapshot] = Snapshot(self.archive.head, self.clock_offset)
        return self._last_snapshot

    def revert(self, number: int) -> bool:
        """Go back to a snapshot, which is used up with those after it; False if there is none."""
        snapshot = self._snapshots.get(number)
        if snapshot is None:
            return False
        self._backend.revert_to_snapshot(self.archive.blocks[snapshot.number].header.hash)
        self.archive.rewind(snapshot.number)
        self.clock_offset = snapshot.clock_offset
        self._snapshots = {n: s for n, s in self._snapshots.items() if n < number}
        return True


def _new_backend() -> Any:
    account = {"balance": BALANCE_WEI, "storage": {}, "code": b"", "nonce": 0}
    genesis = {bytes.fromhex(one.address[2:]): account for one in ACCOUNTS}
    parameters = PyEVMBackend.generate_genesis_params({"gas_limit": GAS_LIMIT})
    backend = PyEVMBackend(genesis_parameters=parameters, genesis_state=genesis)
    # eth-tester has a chain id of its own, fixed in a class that it makes for each backend.
    type(backend.chain).chain_id = CHAIN_ID
    return backend


def _calldata_floor(payload: bytes) -> int:
    """The least gas for a transaction with that payload (EIP-7623)."""
    zeros = payload.count(0)
    return 21_000 + 10 * (zeros + 4 * (len(payload) - zeros))


def _raise_on_error(computation: Any) -> Any:
    if not computation.is_error:
        return computation
    error = computation.error
    if isinstance(error, Revert):
        output = bytes(computation.output)
        raise MethodError(REVERTED, "execution reverted" + _reason(output), "0x" + output.hex())
    raise MethodError(REFUSED, f"execution failed: {type(error).__name__}: {error}")


def _reason(output: bytes) -> str:
    """What follows the word "reverted": the text of Solidity's Error(string), or the error's selector."""
    if output[:4] == bytes.fromhex("08c379a0") and len(output) >= 68:
        length = int.from_bytes(output[36:68], "big")
        return f": {output[68 : 68 + length].decode(errors='replace')}"
    return f": custom error 0x{output[:4].hex()}" if len(output) >= 4 else ""

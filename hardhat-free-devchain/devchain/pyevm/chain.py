"""The chain itself: eth-tester's py-evm backend, mined one transaction a block.

Not thread-safe: the server holds one lock around every request and around the interval miner.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any, Final

from eth.constants import SECPK1_N as SECP256K1_N
from eth_tester import PyEVMBackend
from eth_utils.exceptions import ValidationError

from devchain.accounts import ACCOUNTS, BALANCE_WEI, CHAIN_ID
from devchain.errors import MethodError
from devchain.pyevm.archive import Archive, Mined
from devchain.pyevm.calls import GAS_LIMIT, REFUSED
from devchain.pyevm.params import invalid

COINBASE: Final = bytes(20)
BLOB_TYPE: Final = 3


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
        self.archive.append(self.evm.get_canonical_block_by_number(0), [], [])

    @property
    def evm(self) -> Any:
        """py-evm's own chain object."""
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
            _, receipt, _ = self.evm.apply_transaction(signed)
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
        return self.evm.create_header_from_parent(head, timestamp=moment, coinbase=COINBASE)

    def increase_time(self, seconds: int) -> int:
        """Move the clock ahead; returns its distance to the machine's, in seconds.

        Blocks mined in a burst are a second apart, as the protocol demands, so the head may be ahead of
        the clock; then the time is counted from the head.
        """
        ahead = self.archive.blocks[-1].header.timestamp - int(time.time())
        self.clock_offset = max(self.clock_offset, ahead) + seconds
        return self.clock_offset

    def _open_block(self, timestamp: int | None) -> Any:
        self.evm.header = self.next_header(timestamp)
        return self.evm.header

    def _close_block(self, transactions: list[Any], receipts: list[Any]) -> Mined:
        block = self.evm.mine_block(coinbase=COINBASE, mix_hash=os.urandom(32))
        if self.next_timestamp:
            # As on anvil, the clock goes on from the timestamp that was set.
            self.clock_offset = block.header.timestamp - int(time.time())
            self.next_timestamp = None
        return self.archive.append(block, transactions, receipts)

    def _decode(self, raw: bytes) -> Any:
        if raw[:1] == bytes([BLOB_TYPE]):
            raise invalid("blob transactions are not offered by py-evm")
        try:
            signed = self.evm.get_transaction_builder().decode(raw)
            sender = signed.sender  # recovered once and kept on the object: 5 ms without coincurve
        except Exception as error:
            # Any bytes may come in, and the decoders raise many unrelated errors on them.
            raise invalid(f"this is no signed transaction: {error}") from error
        if signed.s > SECP256K1_N // 2:
            raise invalid(f"the signature of {sender.hex()} has a high s (EIP-2)")
        return signed

    def _check(self, signed: Any, header: Any) -> None:
        """Refuse in the words that clients know, before the EVM refuses in its own."""
        state = self.evm.get_vm(header).state
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

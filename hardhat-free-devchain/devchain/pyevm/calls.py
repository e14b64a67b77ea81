"""Running something without sending it: eth_call and eth_estimateGas."""

from __future__ import annotations

from typing import Any, Final

from eth.exceptions import Revert
from eth.vm.spoof import SpoofTransaction
from eth_utils.exceptions import ValidationError

from devchain.errors import MethodError
from devchain.pyevm.params import Call

GAS_LIMIT: Final = 30_000_000
REFUSED: Final = -32000
REVERTED: Final = 3
ESTIMATE_TOLERANCE: Final = 500


def state_at(evm: Any, header: Any) -> Any:
    """The state after that block, in which running something costs no fee."""
    return evm.get_vm(header.copy(base_fee_per_gas=0)).state


def execute(evm: Any, call: Call, header: Any) -> bytes:
    """Run a call on the state of that block, as that block would see it; return its output.

    Raises:
        MethodError: code 3 with the revert data, or -32000 for any other failure.
    """
    return bytes(_raise_on_error(_run(evm, call, header, call.gas or GAS_LIMIT)).output)


def estimate(evm: Any, call: Call, header: Any) -> int:
    """Gas that is enough for that call, at most ESTIMATE_TOLERANCE above the least that is.

    Raises:
        MethodError: it fails with any gas.
    """
    limit = call.gas or GAS_LIMIT
    computation = _raise_on_error(_run(evm, call, header, limit))
    spent: int = max(limit - computation.get_gas_remaining(), _calldata_floor(call.payload))
    if _suffices(evm, call, header, spent):
        return spent
    too_little = spent
    enough = min(2 * spent, limit)
    if not _suffices(evm, call, header, enough):
        enough = limit
    while enough - too_little > ESTIMATE_TOLERANCE:
        middle = (too_little + enough) // 2
        if _suffices(evm, call, header, middle):
            enough = middle
        else:
            too_little = middle
    return enough


def _suffices(evm: Any, call: Call, header: Any, gas: int) -> bool:
    try:
        return not _run(evm, call, header, gas).is_error
    except MethodError:
        return False


def _run(evm: Any, call: Call, header: Any, gas: int) -> Any:
    state = state_at(evm, header)
    unsigned = evm.create_unsigned_transaction(
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

"""JSON-RPC parameters to Python values; whatever does not fit is refused with -32602."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from devchain.errors import MethodError

INVALID_PARAMS: Final = -32602
_FEE_MEMBERS: Final = frozenset(("gasPrice", "maxFeePerGas", "maxPriorityFeePerGas"))
_CALL_MEMBERS: Final = frozenset(
    ("from", "to", "gas", "value", "data", "input", "nonce", "type", "chainId", *_FEE_MEMBERS)
)


def invalid(message: str) -> MethodError:
    """The error for a parameter that does not fit."""
    return MethodError(INVALID_PARAMS, message)


def quantity(value: Any) -> int:
    """A non-negative integer from 0x hex, or from a JSON number as anvil's test methods take it."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value[:2] == "0x":
        try:
            return int(value[2:], 16)
        except ValueError:
            pass
    raise invalid(f"expected a 0x quantity, got {value!r}")


def data(value: Any, length: int | None = None) -> bytes:
    """Bytes from 0x hex with two digits a byte; exactly `length` of them where it is given."""
    if not isinstance(value, str) or value[:2] != "0x":
        raise invalid(f"expected 0x data, got {value!r}")
    try:
        decoded = bytes.fromhex(value[2:])
    except ValueError as error:
        raise invalid(f"expected 0x data with two hex digits a byte, got {value[:80]!r}") from error
    if length is not None and len(decoded) != length:
        raise invalid(f"expected {length} bytes, got {len(decoded)} in {value[:80]!r}")
    return decoded


def address(value: Any) -> bytes:
    """A 20-byte address."""
    return data(value, 20)


def hash32(value: Any) -> bytes:
    """A 32-byte hash."""
    return data(value, 32)


@dataclass(frozen=True, slots=True)
class Call:
    """What eth_call and eth_estimateGas run. Fee members are read and ignored: a call is free.

    Attributes:
        to: 20 bytes, or empty to run `payload` as init code.
        gas: limit in gas, or None for the block's.
        value: wei.
    """

    sender: bytes
    to: bytes
    gas: int | None
    value: int
    payload: bytes


def call(value: Any) -> Call:
    """A transaction object, without those members that would change the result and are not supported."""
    if not isinstance(value, dict):
        raise invalid(f"expected a transaction object, got {value!r}")
    unknown = sorted(set(value) - _CALL_MEMBERS - {"accessList"} - {k for k, v in value.items() if v is None})
    if unknown or value.get("accessList"):
        raise invalid(f"not supported in a call: {', '.join(unknown or ['accessList'])}")
    payload = value.get("input") or value.get("data")
    gas = value.get("gas")
    return Call(
        sender=address(value["from"]) if value.get("from") else bytes(20),
        to=address(value["to"]) if value.get("to") else b"",
        gas=None if gas is None else quantity(gas),
        value=quantity(value.get("value") or 0),
        payload=data(payload) if payload else b"",
    )


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which logs: any of the addresses, and at each position any of the topics; None takes everything."""

    addresses: frozenset[bytes] | None
    topics: tuple[frozenset[bytes] | None, ...]

    def matches(self, emitter: bytes, topics: tuple[bytes, ...]) -> bool:
        """True when a log of that contract with those topics is wanted."""
        if self.addresses is not None and emitter not in self.addresses:
            return False
        if len(topics) < len(self.topics):
            return False
        return all(wanted is None or topic in wanted for wanted, topic in zip(self.topics, topics, strict=False))


def log_query(value: Any) -> LogQuery:
    """The address and topics members of an eth_getLogs filter."""
    if not isinstance(value, dict):
        raise invalid(f"expected a filter object, got {value!r}")
    unknown = sorted(set(value) - {"fromBlock", "toBlock", "blockHash", "address", "topics"})
    if unknown:
        raise invalid(f"not supported in a filter: {', '.join(unknown)}")
    topics = value.get("topics") or []
    if not isinstance(topics, list) or len(topics) > 4:
        raise invalid("topics must be a list of at most 4")
    return LogQuery(_choices(value.get("address"), 20), tuple(_choices(topic, 32) for topic in topics))


def _choices(value: Any, length: int) -> frozenset[bytes] | None:
    """One value, a list of alternatives, or None and the empty list for anything."""
    if value is None or value == []:
        return None
    return frozenset(data(one, length) for one in (value if isinstance(value, list) else [value]))

"""The contract's views as raw `eth_call`s: arguments packed into words, answers cut into words. No web3 needed."""

from registry.ledger.keccak import keccak

Argument = int | bytes


def call_data(signature: str, *arguments: Argument) -> str:
    """0x-hex of selector and arguments.

    Args:
        signature: As in `keyOf(uint64,address)`; static types only.
        arguments: Integers; accounts (20 bytes, padded left); bytes16 and bytes32 (padded right).
    """
    return "0x" + (keccak(signature.encode())[:4] + b"".join(map(_word, arguments))).hex()


def bytes_call(signature: str, word: bytes, data: bytes) -> str:
    """0x-hex of selector, one word (32 bytes) and one argument of type `bytes`."""
    tail = (64).to_bytes(32, "big") + len(data).to_bytes(32, "big") + data + bytes(-len(data) % 32)
    return "0x" + (keccak(signature.encode())[:4] + word + tail).hex()


def _word(argument: Argument) -> bytes:
    if isinstance(argument, int):
        return argument.to_bytes(32, "big")
    return argument.rjust(32, b"\0") if len(argument) == 20 else argument.ljust(32, b"\0")


def words(answer: str) -> list[bytes]:
    """The 32-byte words of an `eth_call` answer.

    Raises:
        ValueError, TypeError: It is no hex, or no whole words.
    """
    data = bytes.fromhex(answer[2:])
    if len(data) % 32:
        raise ValueError
    return [data[i : i + 32] for i in range(0, len(data), 32)]


def integers(answer: str) -> list[int]:
    """The same as integers."""
    return [int.from_bytes(word, "big") for word in words(answer)]

"""Headers from a node's JSON, with their hash recomputed where the chain hashes headers as Ethereum does."""

from typing import Any

from registry.chain.quantities import hash_of, quantity
from registry.ledger.decode import BlockRef
from registry.ledger.header import Header, header_hash, header_rlp

# In the order of the RLP list; True: an integer. From London on, forks append fields (EIP-1559, 4895, 4844, …).
# A node gives integers in their shortest form with any number of digits, everything else as whole bytes.
_FIELDS = (
    ("parentHash", False),
    ("sha3Uncles", False),
    ("miner", False),
    ("stateRoot", False),
    ("transactionsRoot", False),
    ("receiptsRoot", False),
    ("logsBloom", False),
    ("difficulty", True),
    ("number", True),
    ("gasLimit", True),
    ("gasUsed", True),
    ("timestamp", True),
    ("extraData", False),
    ("mixHash", False),
    ("nonce", False),
    ("baseFeePerGas", True),
    ("withdrawalsRoot", False),
    ("blobGasUsed", True),
    ("excessBlobGas", True),
    ("parentBeaconBlockRoot", False),
    ("requestsHash", False),
)


def header_of(answer: Any) -> Header:
    """A header from the JSON of `eth_getBlockByNumber`.

    Raises:
        KeyError, ValueError, TypeError: A member that every chain has is missing, no hex, or out of its range.
    """
    block_hash = hash_of(answer["hash"])
    fields = _fields(answer)
    return Header(
        BlockRef(quantity(answer["number"]), block_hash, quantity(answer["timestamp"])),
        hash_of(answer["parentHash"]),
        hash_of(answer["stateRoot"]),
        hash_of(answer["receiptsRoot"]),
        int(answer["logsBloom"], 16),
        header_hash(fields) == block_hash,
    )


def rlp_of(answer: Any) -> bytes:
    """The header as RLP, whose Keccak-256 is its hash where the chain hashes as Ethereum does."""
    return header_rlp(_fields(answer))


def _fields(answer: Any) -> list[bytes]:
    texts = [(answer.get(name), integer) for name, integer in _FIELDS]
    return [_shortest(text) if integer else bytes.fromhex(text[2:]) for text, integer in texts if text is not None]


def _shortest(text: str) -> bytes:
    """A number in hex as its shortest big-endian byte string; 0 is the empty one."""
    return bytes.fromhex(text[2:] if len(text) % 2 == 0 else "0" + text[2:]).lstrip(b"\0")

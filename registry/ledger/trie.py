"""Proofs from a Merkle Patricia trie (Yellow Paper, appendix D), as `eth_getProof` gives them (EIP-1186)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from registry.errors import LedgerError
from registry.ledger.keccak import keccak
from registry.ledger.rlp import Item, decode_list

_EMPTY_NODE = b"\x80"
EMPTY_ROOT = keccak(_EMPTY_NODE)


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the state trie holds it: storage root and code hash, 32 bytes each."""

    storage_root: bytes
    code_hash: bytes


def proven_value(root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes:
    """The value that the trie with this root holds under a key; empty where the proof shows that there is none.

    Args:
        root: Hash of the root node, 32 bytes.
        key: The plain key; its Keccak-256 is the path (secure trie).
        nodes: RLP nodes from the root down.

    Raises:
        LedgerError: Nodes that do not hash together, break off, or go on behind the end.
    """
    if root == EMPTY_ROOT and list(nodes) in ([], [_EMPTY_NODE]):  # nodes differ in how they prove an empty trie
        return b""
    path = keccak(key).hex()
    expected: Item = root
    for place, node in enumerate(nodes):
        node_hash, items = _opened(node)
        if (node_hash if len(node) >= 32 or place == 0 else node) != expected:
            raise LedgerError("A node of the state proof does not belong to its parent.")
        found, path = _descend(items, path)
        while isinstance(found, list):  # a child of fewer than 32 bytes stands inside its parent
            found, path = _descend(found, path)
        if not path or not found:
            _check_end(nodes, place)
            return found
        expected = found
    raise LedgerError("The state proof breaks off.")


@lru_cache(maxsize=1_024)
def _opened(node: bytes) -> tuple[bytes, list[Item]]:
    """A node's hash and items; proofs of many slots share their upper nodes, and nobody changes these lists."""
    return keccak(node), decode_list(node)


def _check_end(nodes: Sequence[bytes], place: int) -> None:
    if place != len(nodes) - 1:
        raise LedgerError("The state proof goes on behind its end.")


def _descend(node: list[Item], path: str) -> tuple[Item, str]:
    """What stands under the path's next step, and the rest of the path; a value when the rest is empty."""
    if len(node) == 17:
        return _child(node[int(path[0], 16)], path[1:])
    if len(node) != 2 or not isinstance(node[0], bytes) or not node[0]:
        raise LedgerError("A node of the state proof has no known form.")
    digits = node[0].hex()
    leaf, odd = digits[0] in "23", digits[0] in "13"
    if digits[0] not in "0123" or (not odd and digits[1] != "0"):
        raise LedgerError("A node of the state proof has no known form.")
    part = digits[1:] if odd else digits[2:]
    if leaf:
        return (node[1], "") if part == path else (b"", "")
    return _child(node[1], path[len(part) :]) if path.startswith(part) else (b"", "")


def _child(child: Item, rest: str) -> tuple[Item, str]:
    """A child below a branch or an extension: a hash, a node of its own, or nothing."""
    if child == b"":
        return b"", ""
    if isinstance(child, bytes) and len(child) != 32:
        raise LedgerError("A node of the state proof has no known form.")
    if not rest:
        raise LedgerError("A node of the state proof lies deeper than a key is long.")
    return child, rest


def proven_account(state_root: bytes, address: bytes, nodes: Sequence[bytes]) -> Account:
    """The account (20-byte address) in a state; LedgerError when the proof fails or there is no such account."""
    value = proven_value(state_root, address, nodes)
    fields = decode_list(value) if value else []
    if len(fields) != 4 or not isinstance(fields[2], bytes) or not isinstance(fields[3], bytes):
        raise LedgerError("The state proof shows no account there.", todo="check the contract's address")
    return Account(fields[2], fields[3])


def proven_word(storage_root: bytes, slot: bytes, nodes: Sequence[bytes]) -> bytes:
    """The 32-byte word in a storage slot (32-byte key); zeros where the proof shows that it is empty."""
    value = proven_value(storage_root, slot, nodes)
    if not value:
        return bytes(32)
    number = value if len(value) == 1 and value[0] < 0x80 else value[1:]
    if len(value) != 1 and value[0] != 0x80 + len(number):
        raise LedgerError("A storage proof holds no RLP integer.")
    if len(number) > 32 or number[:1] == b"\0":
        raise LedgerError("A storage proof holds no 32-byte word.")
    return number.rjust(32, b"\0")

"""The contract's storage by `eth_getProof` (EIP-1186), verified against a header's state root before it is believed."""

from collections.abc import Sequence
from typing import Any

from registry.chain.rpc import Caller
from registry.errors import HallmarkError, LedgerError, RpcError
from registry.ledger.header import Header
from registry.ledger.slots import ISSUER_COUNT, word_slot
from registry.ledger.trie import proven_account, proven_word
from registry.ports import StorageView

_SLOTS_PER_CALL = 1_000


class NotOffered(HallmarkError):
    """The endpoint has no `eth_getProof`, or not for this block."""


def proven_storage(rpc: Caller, contract: bytes, header: Header, issuer_ids: Sequence[int]) -> StorageView:
    """Issuer count and words, each proven.

    Args:
        rpc: Who is asked.
        contract: Address, 20 bytes.
        header: A sealed header: its hash covers the state root.
        issuer_ids: Whose words.

    Raises:
        NotOffered: The endpoint gives no such proofs.
        LedgerError: It gives proofs that do not hold.
    """
    keys = [ISSUER_COUNT, *map(word_slot, issuer_ids)]
    values: list[bytes] = []
    root = b""
    for start in range(0, len(keys), _SLOTS_PER_CALL):
        root, found = _prove(rpc, contract, header, keys[start : start + _SLOTS_PER_CALL])
        values += found
    words = dict(zip(issuer_ids, values[1:], strict=True))
    return StorageView(int.from_bytes(values[0], "big"), words, root, True)


def _prove(rpc: Caller, contract: bytes, header: Header, keys: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    try:
        answer = rpc.call(
            "eth_getProof", "0x" + contract.hex(), ["0x" + key.hex() for key in keys], hex(header.block.number)
        )
    except RpcError as error:
        raise NotOffered(str(error)) from None
    try:
        account = proven_account(header.state_root, contract, _nodes(answer["accountProof"]))
        found = [
            proven_word(account.storage_root, key, _nodes(proof["proof"]))
            for key, proof in zip(keys, answer["storageProof"], strict=True)
        ]
    except (KeyError, TypeError, ValueError):
        raise LedgerError("The endpoint's state proof cannot be read.", todo="ask another endpoint") from None
    return account.storage_root, found


def _nodes(texts: Any) -> list[bytes]:
    return [bytes.fromhex(text[2:]) for text in texts]

"""The contracts' storage by `eth_getProof` (EIP-1186), verified against a header's state root before it is believed."""

from collections.abc import Sequence
from typing import Any

from registry.chain.refusals import not_offered
from registry.chain.rpc import Caller
from registry.errors import ChainUnavailable, LedgerError, RpcError
from registry.ledger.header import Header
from registry.ledger.slots import ACCREDITOR_COUNT, ISSUER_COUNT, accreditor_count, word_slot
from registry.ledger.trie import proven_account, proven_word
from registry.ports.chain import StorageView

# a node may walk the whole storage for each call (anvil does), so that a thousand issuers and the count go in one
_SLOTS_PER_CALL = 1_024


class NotOffered(RpcError):
    """The endpoint has no `eth_getProof`."""


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
    root, count, words = _proven(rpc, contract, header, ISSUER_COUNT, issuer_ids)
    return StorageView(int.from_bytes(count, "big"), words, root, True)


def proven_accreditation(
    rpc: Caller, contract: bytes, registry: bytes, header: Header, issuer_ids: Sequence[int]
) -> StorageView:
    """Number of accreditors and their words in the accreditation contract, each proven, and that it is this registry's.

    Args:
        rpc: Who is asked.
        contract: Address of the accreditation contract, 20 bytes.
        registry: Address of the registry, which stands in its storage (SPEC.md, section 5.10), 20 bytes.
        header: A sealed header.
        issuer_ids: Whose words.

    Raises:
        NotOffered: The endpoint gives no such proofs.
        LedgerError: It gives proofs that do not hold, or the contract belongs to another registry.
    """
    root, shared, words = _proven(rpc, contract, header, ACCREDITOR_COUNT, issuer_ids)
    count, named = accreditor_count(shared)
    if named != registry:
        what = f"The accreditation contract belongs to the registry 0x{named.hex()}, not 0x{registry.hex()}."
        raise LedgerError(what, todo="check the deployment file")
    return StorageView(count, words, root, True)


def _proven(
    rpc: Caller, contract: bytes, header: Header, count_slot: bytes, issuer_ids: Sequence[int]
) -> tuple[bytes, bytes, dict[int, bytes]]:
    """Storage root, the slot with the count, and words by issuer id."""
    keys = [count_slot, *map(word_slot, issuer_ids)]
    values: list[bytes] = []
    root = b""
    for start in range(0, len(keys), _SLOTS_PER_CALL):
        root, found = _prove(rpc, contract, header, keys[start : start + _SLOTS_PER_CALL])
        values += found
    return root, values[0], dict(zip(issuer_ids, values[1:], strict=True))


def _prove(rpc: Caller, contract: bytes, header: Header, keys: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    nodes, proofs = proof_nodes(rpc, contract, keys, header.block.number)
    account = proven_account(header.state_root, contract, nodes)
    return account.storage_root, [
        proven_word(account.storage_root, key, proof) for key, proof in zip(keys, proofs, strict=True)
    ]


def _nodes(texts: Any) -> list[bytes]:
    return [bytes.fromhex(text[2:]) for text in texts]


def proof_nodes(
    rpc: Caller, contract: bytes, keys: Sequence[bytes], block_number: int
) -> tuple[list[bytes], list[list[bytes]]]:
    """The trie nodes that prove an account (20 bytes) and, one list a key, slots of its storage; not checked here.

    Raises:
        NotOffered: The endpoint gives no such proofs at all.
        ChainUnavailable: It gives none of this block, or none now.
        LedgerError: They cannot be read.
    """
    texts = ["0x" + key.hex() for key in keys]
    try:
        answer = rpc.call("eth_getProof", "0x" + contract.hex(), texts, hex(block_number))
    except RpcError as error:
        what = f"The endpoint {rpc.url} gives no state proofs of block {block_number}: {error.what}"
        if not_offered(error):
            raise NotOffered(what, rpc_code=error.rpc_code) from None
        raise ChainUnavailable(what, todo="ask again, or another endpoint") from None
    try:
        found = [_nodes(proof["proof"]) for _, proof in zip(keys, answer["storageProof"], strict=True)]
        return _nodes(answer["accountProof"]), found
    except (KeyError, TypeError, ValueError, RecursionError):
        raise LedgerError("The endpoint's state proof cannot be read.", todo="ask another endpoint") from None

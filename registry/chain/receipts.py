"""Rebuild a block's receiptsRoot from its receipts, so that its logs are certain without any other witness.

Receipts are encoded as EIP-2718 and the Yellow Paper (section 4.3.1) say; the trie is py-trie's: this is the slow,
thorough way for auditors and disputes.
"""

from typing import Any

from registry.chain.logs import raw_logs
from registry.chain.quantities import quantity
from registry.chain.rpc import Caller
from registry.errors import ChainUnavailable, LedgerError
from registry.ledger.decode import RawLog
from registry.ledger.header import Header
from registry.ledger.rlp import encode_bytes, encode_integer, encode_list


def logs_by_receipts(rpc: Caller, header: Header) -> list[RawLog]:
    """All logs of a block, of every contract, proven by its receipts root.

    Raises:
        ChainUnavailable: The endpoint has no `eth_getBlockReceipts`, or its receipts cannot be read.
        LedgerError: The receipts do not lead to the header's root, or the header is not sealed.
    """
    if not header.sealed:
        raise LedgerError(f"Block {header.block.number} is hashed in a way of its own: nothing can be rebuilt.")
    receipts = rpc.call("eth_getBlockReceipts", hex(header.block.number))
    try:
        root = receipts_root([encode_receipt(receipt) for receipt in receipts])
        answers = [log for receipt in receipts for log in receipt["logs"]]
        logs, places = raw_logs(answers), [quantity(log["logIndex"]) for log in answers]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise ChainUnavailable("The endpoint's receipts cannot be read.", todo="ask another endpoint") from None
    if root != header.receipts_root:
        what = f"The receipts of block {header.block.number} do not lead to its receipts root."
        raise LedgerError(what, todo="the endpoint leaves out or forges receipts; ask another one")
    # The root covers what the logs say and their order, not where the node says that each of them stands.
    blocks = {(log.block_number, log.block_hash) for log in logs} - {(header.block.number, header.block.hash)}
    if blocks or len(logs) != len(places) or places != list(range(len(places))):
        what = f"A log of block {header.block.number} is said to stand at another place than its receipts prove."
        raise LedgerError(what, todo="the endpoint moves logs or hides them; ask another one")
    return logs


def encode_receipt(receipt: Any) -> bytes:
    """One receipt as it stands in the trie: its type, then RLP of status, gas so far, bloom and logs."""
    logs = [
        encode_list(
            [
                encode_bytes(_bytes(log["address"])),
                encode_list([encode_bytes(_bytes(topic)) for topic in log["topics"]]),
                encode_bytes(_bytes(log["data"])),
            ]
        )
        for log in receipt["logs"]
    ]
    body = encode_list(
        [
            encode_integer(int(receipt["status"], 16)),
            encode_integer(int(receipt["cumulativeGasUsed"], 16)),
            encode_bytes(_bytes(receipt["logsBloom"])),
            encode_list(logs),
        ]
    )
    kind = int(receipt.get("type", "0x0"), 16)
    return bytes([kind]) + body if kind else body


def receipts_root(encoded: list[bytes]) -> bytes:
    """Root of the trie of a block's receipts, 32 bytes."""
    from trie.hexary import HexaryTrie

    made = HexaryTrie({}, prune=True)
    for index, receipt in enumerate(encoded):
        made[encode_integer(index)] = receipt
    return bytes(made.root_hash)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])

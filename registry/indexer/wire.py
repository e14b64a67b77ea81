"""What was read as bytes (MessagePack), for the way from the process that reads to the one that folds and writes.

Both are one program at one moment: nothing of it is kept, and no version of it has to be understood later.
"""

import msgspec

from registry.indexer.fetch import Fetched
from registry.ledger.block import BlockRef
from registry.ledger.decode import LedgerEvent, RawLog, decode
from registry.ledger.events import Anchored
from registry.ledger.header import Header
from registry.ports.chain import StorageView

Proof = tuple[Header, StorageView]
"""The contract's storage after a block, proven against that block's header."""
_BLOOM_BYTES = 256


class _Block(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A header; the bloom filter, a number beyond what MessagePack holds, as its 256 bytes."""

    number: int
    hash: bytes
    time: int
    parent_hash: bytes
    state_root: bytes
    receipts_root: bytes
    logs_bloom: bytes
    sealed: bool


class _Event(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A log that was decoded and checked. Most are anchors and come with their fields; of others the log says all."""

    log: RawLog
    payload: bytes
    anchored: Anchored | None


class _Range(msgspec.Struct, frozen=True, array_like=True, tag=True):
    blocks: list[_Block]
    events: list[_Event]


class _Proof(msgspec.Struct, frozen=True, array_like=True, tag=True):
    block: _Block
    issuer_count: int
    words: dict[int, bytes]
    storage_root: bytes | None
    proven: bool


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Range | _Proof)


def pack(fetched: Fetched) -> bytes:
    """The range with all that was decoded of it."""
    return _encoder.encode(_Range([_block(h) for h in fetched.headers], [_event(*pair) for pair in fetched.events]))


def pack_proof(proof: Proof) -> bytes:
    """A block's header and the storage after it."""
    header, view = proof
    return _encoder.encode(_Proof(_block(header), view.issuer_count, dict(view.words), view.storage_root, view.proven))


def unpack(data: bytes) -> Fetched | Proof:
    """The same range, or proof, again.

    Raises:
        ValueError: These bytes are neither.
    """
    found = _decoder.decode(data)
    if isinstance(found, _Proof):
        return _header(found.block), StorageView(found.issuer_count, found.words, found.storage_root, found.proven)
    headers = [_header(block) for block in found.blocks]
    blocks = {header.block.number: header.block for header in headers}
    events = [(event.log, _item(event, blocks[event.log.block_number])) for event in found.events]
    return Fetched(headers[0].block.number, headers[-1].block.number, headers, events)


def _block(header: Header) -> _Block:
    bloom = header.logs_bloom.to_bytes(_BLOOM_BYTES, "big")
    return _Block(*header.block, header.parent_hash, header.state_root, header.receipts_root, bloom, header.sealed)


def _header(block: _Block) -> Header:
    reference = BlockRef(block.number, block.hash, block.time)
    bloom = int.from_bytes(block.logs_bloom, "big")
    return Header(reference, block.parent_hash, block.state_root, block.receipts_root, bloom, block.sealed)


def _event(log: RawLog, item: LedgerEvent) -> _Event:
    return _Event(log, item.payload, item.event if isinstance(item.event, Anchored) else None)


def _item(event: _Event, block: BlockRef) -> LedgerEvent:
    log = event.log
    if event.anchored is None:
        return decode(log, block)
    return LedgerEvent(event.anchored, event.payload, block, log.log_index, log.tx_hash)

"""A batch's status words at one block, by views (fills the port StatusReader)."""

from registry.chain.source import RpcChain
from registry.chain.views import call_data, integers, words
from registry.credential.place import BatchId
from registry.errors import InputError
from registry.ledger.decode import BlockRef
from registry.ledger.record import COMMITMENT_BYTES
from registry.ledger.status import WORD_BITS
from registry.ledger.word import IssuerWord

_AT_ONCE = 256


class ChainStatus:
    """Status of whole batches, for one deployment."""

    def __init__(self, chain: RpcChain) -> None:
        self._chain = chain

    def status_words(self, batch: BatchId, leaf_count: int, *, revoked: bool) -> tuple[BlockRef, dict[int, int]]:
        """The newest block, and there: word index → bits (revoked, or else suspended) of words that are not zero.

        Raises:
            InputError: There is no such record.
        """
        chain = self._chain
        chain.check_identity()
        block = chain.newest()
        at = hex(block.number)
        record, word = chain.views(
            [
                call_data("recordOf(uint64,bytes16)", batch.issuer_id, batch.batch_id),
                call_data("issuerWord(uint64)", batch.issuer_id),
            ],
            at,
        )
        if not any(words(record)[0][:COMMITMENT_BYTES]):
            raise InputError(f"The contract has no record {batch}.", todo="check --rpc and --deployment")
        epoch = IssuerWord.unpack(words(word)[0]).epoch
        return block, self._words(batch, epoch, -(-leaf_count // WORD_BITS), at, 0 if revoked else 1)

    def _words(self, batch: BatchId, epoch: int, count: int, at: str, which: int) -> dict[int, int]:
        signature, found = "statusWord(uint64,bytes16,uint16,uint64)", dict[int, int]()
        for start in range(0, count, _AT_ONCE):
            indexes = range(start, min(start + _AT_ONCE, count))
            calls = [call_data(signature, batch.issuer_id, batch.batch_id, epoch, index) for index in indexes]
            answers = self._chain.views(calls, at)
            found |= {index: integers(answer)[which] for index, answer in zip(indexes, answers, strict=True)}
        return {index: mask for index, mask in found.items() if mask}

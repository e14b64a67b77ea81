"""The proof that ends a catch-up, asked for while the ranges before it are still read and folded.

A node may work on a thousand storage proofs for a second. Nothing is believed sooner for it: the proof is held against
the header that the linked blocks lead to, and where that is another one by then, it is asked for again.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from registry.errors import HallmarkError
from registry.indexer.beside import Reader
from registry.indexer.wire import Proof
from registry.ledger.header import Header
from registry.ports.chain import ChainSource, StorageView

FAR_BLOCKS = 256  # from here on a catch-up lasts longer than its proof
_MOST_ISSUERS = 10_000  # more are proven in their turn: the answer would lie in memory for long


class EarlyProof:
    """The port's `storage` and `accreditation_storage`; what the registry holds after one block can be asked early.

    Args:
        chain: Who is asked.
        reader: A process that asks while it reads.
    """

    def __init__(self, chain: ChainSource, reader: Reader | None = None) -> None:
        self._chain = chain
        self._reader = reader
        self._asked: Future[Proof | None] | None = None

    def ask(self, number: int) -> None:
        """Begin to read everybody's word after block `number`, unless something was asked before."""
        if self._asked is None and not (self._reader and self._reader.alive):
            pool = ThreadPoolExecutor(1, thread_name_prefix="proof")
            self._asked = pool.submit(self._read, number)
            pool.shutdown(wait=False)

    def storage(self, header: Header, issuer_ids: Sequence[int]) -> StorageView:
        """What the port's `storage` says: from the early answer where it is proven against this very header."""
        early = self.answer()
        if early is not None and early[0] == header and early[1].words.keys() >= set(issuer_ids):
            return early[1]
        return self._chain.storage(header, issuer_ids)

    def accreditation_storage(self, header: Header, issuer_ids: Sequence[int]) -> StorageView | None:
        """What the port says, in its turn: accreditors are few."""
        return self._chain.accreditation_storage(header, issuer_ids)

    def answer(self) -> Proof | None:
        """The early answer, waited for; None where nothing was asked, or proven."""
        if self._asked is None:
            return self._reader.proof() if self._reader else None
        try:
            return self._asked.result()
        except HallmarkError:
            return None  # the same question follows in its turn, where faults are dealt with

    def _read(self, number: int) -> Proof | None:
        header = self._chain.headers([number]).get(number)
        if header is None or not header.sealed:
            return None
        count = self._chain.issuer_count(header)  # not proven: it only says whom to ask for
        if count > _MOST_ISSUERS:
            return None
        view = self._chain.storage(header, range(1, count + 1))
        return (header, view) if view.proven else None

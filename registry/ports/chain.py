"""What the chain's room reads for others (`registry/chain`; `bootstrap` fills it in)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from registry.credential.place import BatchId, ContractId
from registry.ledger.decode import BlockRef, RawLog
from registry.ledger.header import Header


@dataclass(frozen=True, slots=True)
class Tiers:
    """Block numbers: the newest, the newest safe and the newest final one, by the node's tags or confirmations."""

    latest: int
    safe: int
    final: int

    def deep(self, wait: str) -> int:
        """The newest block that lies as deep as `wait` asks: `final`, `safe`, or a number of confirmations."""
        if wait in ("final", "safe"):
            return self.final if wait == "final" else self.safe
        return self.latest + 1 - int(wait)


class StorageView(NamedTuple):
    """A contract's own storage at one block, the independent witness.

    Attributes:
        issuer_count: How many issuers there are; in the accreditation contract, how many accreditors.
        words: Issuer id → word (32 bytes) in that contract, for the issuers that were asked for.
        storage_root: Root of the contract's storage trie, 32 bytes; None where the node proves nothing.
        proven: Whether all this was proven against the header's state root; otherwise it is the node's word.
    """

    issuer_count: int
    words: Mapping[int, bytes]
    storage_root: bytes | None
    proven: bool


class ChainSource(Protocol):
    """Reads the chain for the indexer and the auditor. Every method raises ChainUnavailable or RpcError."""

    @property
    def contract(self) -> ContractId:
        """The contract that is read."""

    @property
    def accreditation(self) -> bytes | None:
        """The accreditation contract beside it (20 bytes), whose logs are read as well; None where there is none."""

    def check_identity(self) -> None:
        """Raise WrongChain unless chain id, genesis hash and the contracts' code are the deployment's."""

    def tiers(self) -> Tiers:
        """How far the chain is."""

    def headers(self, numbers: Sequence[int]) -> dict[int, Header]:
        """Headers of these blocks; one that the node does not have is missing."""

    def logs(self, first: int, last: int) -> list[RawLog]:
        """The contracts' logs of blocks `first` … `last`, in chain order."""

    def logs_elsewhere(self, numbers: Sequence[int]) -> list[RawLog]:
        """The contracts' logs of these blocks, by their hashes, from another endpoint where there is one."""

    def logs_by_receipts(self, header: Header) -> list[RawLog]:
        """The contracts' logs of a block, proven by its receipts root; LedgerError when it does not hold."""

    def issuer_count(self, header: Header) -> int:
        """How many issuers there are after this block, by the endpoint's word alone."""

    def storage(self, header: Header, issuer_ids: Sequence[int]) -> StorageView:
        """Issuer count and words in the state after this block; proven where node and header allow it."""

    def accreditation_storage(self, header: Header, issuer_ids: Sequence[int]) -> StorageView | None:
        """The same of the accreditation contract; None where there is none, or not yet."""

    def agrees(self, number: int, block_hash: bytes) -> bool:
        """Whether another endpoint still has this block; False where there is no other one.

        ChainUnavailable where there are others and none can say: then nothing is settled.
        """

    def distrust(self, reason: str) -> bool:
        """Set the endpoint aside that answered last; whether another one takes its place."""


class StatusReader(Protocol):
    """Reads the status of whole batches from the chain. Raises ChainUnavailable or RpcError."""

    def status_words(self, batch: BatchId, leaf_count: int, *, revoked: bool) -> tuple[BlockRef, dict[int, int]]:
        """The newest block, and there: word index → 256 bits (revoked, or else suspended), where they are not zero."""

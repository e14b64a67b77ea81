"""What the registry keeps by hash: documents against their hashes, leaves against the manifests that brought them."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from typing import ClassVar

import msgspec

from registry.audit.diff import Difference, differences
from registry.audit.look import Look
from registry.credential.model import read_credential
from registry.credential.place import BatchId, ContractId
from registry.credential.profile import read_profile
from registry.credential.reader import read_document
from registry.credential.status.status_entry import PURPOSES
from registry.credential.status.status_list import MAX_LIST_BYTES, read_list
from registry.errors import HallmarkError
from registry.ledger.entities import Batch, ProfilePeriod
from registry.ledger.state import State
from registry.merkle import HASH_BYTES, Tree
from registry.verification.issuer_step import check_signature
from registry.verification.verdict import Verdict

Key = tuple[int, bytes]
"""Issuer id and batch id."""
_MOST_NAMED = 100


class LeafRow(msgspec.Struct, frozen=True, gc=False):
    """A row of `leaf`: where a leaf hash (32 bytes) stands."""

    TABLE: ClassVar[str] = "leaf"
    KEY: ClassVar[tuple[str, ...]] = ("leaf_hash",)

    leaf_hash: bytes
    issuer_id: int
    batch_id: bytes
    leaf_index: int


class _Sum:
    """Rows of one batch, added up: equal sums are equal rows, whatever their order.

    Each row counts as a hash under a key that nobody knows before the audit, so that rows cannot be chosen to make up
    for others.
    """

    __slots__ = ("count", "total")

    def __init__(self) -> None:
        self.count = self.total = 0

    def add(self, key: bytes, leaf: bytes, index: int) -> None:
        """One row: a leaf hash (32 bytes) and its index."""
        self.count += 1
        self.total += int.from_bytes(sha256(key + leaf + index.to_bytes(8, "big", signed=True)).digest(), "big")

    def same(self, other: "_Sum | None") -> bool:
        """Whether both are of the same rows."""
        return other is not None and (self.count, self.total) == (other.count, other.total)


class HeldCheck:
    """One comparison of documents and leaves with what a replay says.

    Memory: one manifest and its tree, and a sum for each batch.

    Args:
        look: The mirror.
        contract: Whose mirror it is.
        state: What the replay led to.
    """

    def __init__(self, look: Look, contract: ContractId, state: State) -> None:
        self._look = look
        self._contract = contract
        self._state = state
        self._others = look.chains() - {contract.chain_id}
        self._key = secrets.token_bytes(32)
        self._sums: dict[Key, _Sum] = {}

    def differences(self) -> Iterator[Difference]:
        """Every difference, documents first."""
        checks: dict[str, Callable[[str, bytes], str]] = {
            "profile": self._profile,
            "manifest": self._manifest,
            "status-list": self._status_list,
        }
        for kind, name in list(self._look.documents()):
            check = checks.get(kind)
            wrong = check(name, self._look.body(kind, name)) if check else "such documents are kept by no registry"
            if wrong:
                yield Difference("document", f"kind={kind}, id={name}", "", wrong, "another document")
        yield from islice(self._leaf_differences(), _MOST_NAMED)

    def _is_anothers(self, contract: ContractId) -> bool:
        """Whether it belongs to another chain that this database mirrors as well."""
        return contract.chain_id in self._others

    def _profile(self, name: str, body: bytes) -> str:
        """What is wrong with a profile, or nothing; its hash is its name, and an issuer has it on chain."""
        try:
            profile = read_profile(read_document(body))
        except HallmarkError as error:
            return f"a profile ({error.what})"
        if profile.hash.hex() != name:
            return "a profile with this hash"
        if self._is_anothers(profile.contract):
            return ""
        period = self._state.get(ProfilePeriod, profile.issuer_id, profile.hash)
        return "" if period is not None and profile.contract == self._contract else "that no issuer has this profile"

    def _batch(self, name: str) -> tuple[BatchId | None, Batch | None]:
        """The batch that a document names, as the chain has it; no id where it names none of this mirror."""
        try:
            batch = BatchId.parse(name)
        except HallmarkError:
            return None, None
        known = str(batch) == name and batch.contract == self._contract
        return batch, self._state.get(Batch, batch.issuer_id, batch.batch_id) if known else None

    def _manifest(self, name: str, body: bytes) -> str:
        batch, record = self._batch(name)
        if batch is not None and self._is_anothers(batch.contract):
            return ""
        if batch is None or record is None:
            return "that there is no such batch"
        if len(body) != HASH_BYTES * record.leaf_count:
            return f"a manifest of {record.leaf_count} leaves"
        leaves = _leaves(body)
        if Tree(leaves).root != record.root:
            return f"a manifest with the root 0x{record.root.hex()}"
        total = self._sums[batch.issuer_id, batch.batch_id] = _Sum()
        for leaf, index in _first_places(leaves):
            total.add(self._key, leaf, index)
        return ""

    def _status_list(self, name: str, body: bytes) -> str:
        """A list that is served only while its bits are the chain's: it must be a signed list of this name."""
        place, _, purpose = name.rpartition("/")
        batch, record = self._batch(place)
        if batch is not None and self._is_anothers(batch.contract):
            return ""
        if record is None or purpose not in PURPOSES:
            return "that there is no such list"
        try:
            carrier = read_credential(body, max_bytes=MAX_LIST_BYTES)
            listed = read_list(carrier.document)
        except HallmarkError as error:
            return f"a status list ({error.what})"
        signed = check_signature(carrier).verdict is Verdict.VALID
        return "" if signed and listed.purposes == (purpose,) else "a list that its signer signed"

    def _leaf_differences(self) -> Iterator[Difference]:
        found: dict[Key, _Sum] = {}
        for leaf, issuer_id, batch_id, index in self._look.leaves():
            total = found.get((issuer_id, batch_id))
            if total is None:
                total = found[issuer_id, batch_id] = _Sum()
            total.add(self._key, leaf, index)
        for key, total in self._sums.items():
            if not total.same(found.pop(key, None)):
                yield from self._of_batch(key)
        for (issuer_id, batch_id), total in found.items():
            where = f"issuer_id={issuer_id}, batch_id=0x{batch_id.hex()}"
            yield Difference("leaf", where, "", "that no manifest brought such leaves", f"{total.count}")

    def _of_batch(self, key: Key) -> Iterator[Difference]:
        """The rows of one batch that are not its manifest's; a leaf that another batch has too may stand there."""
        issuer_id, batch_id = key
        leaves = _leaves(self._body(issuer_id, batch_id))
        expected = {leaf: LeafRow(leaf, issuer_id, batch_id, index) for leaf, index in _first_places(leaves)}
        found = {row[0]: LeafRow(*row) for row in self._look.leaves_of(issuer_id, batch_id)}
        for leaf in expected.keys() - found.keys():
            elsewhere = self._look.leaf(leaf)
            if elsewhere is not None and self._is_of(LeafRow(*elsewhere)):
                del expected[leaf]
            elif elsewhere is not None:
                found[leaf] = LeafRow(*elsewhere)
        yield from differences(LeafRow, expected.values(), found.values())

    def _is_of(self, row: LeafRow) -> bool:
        """Whether the batch that a row names has this leaf: then its place there is that batch's affair."""
        if (row.issuer_id, row.batch_id) not in self._sums:
            return False
        return row.leaf_hash in _leaves(self._body(row.issuer_id, row.batch_id))

    def _body(self, issuer_id: int, batch_id: bytes) -> bytes:
        return self._look.body("manifest", str(BatchId(self._contract, issuer_id, batch_id)))


def _leaves(manifest: bytes) -> list[bytes]:
    return [manifest[i : i + HASH_BYTES] for i in range(0, len(manifest), HASH_BYTES)]


def _first_places(leaves: Sequence[bytes]) -> Iterable[tuple[bytes, int]]:
    """Each leaf with the first index at which it stands."""
    if len(set(leaves)) == len(leaves):
        return zip(leaves, range(len(leaves)), strict=True)
    return {leaf: index for index, leaf in reversed(list(enumerate(leaves)))}.items()

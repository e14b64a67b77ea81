"""Evidence out of a bundle, each fact proven from the hash of a block that the verifier trusts."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from registry.credential.canonical import canonical_hash
from registry.credential.place import ContractId, Place
from registry.errors import HallmarkError, LedgerError
from registry.ledger import packed, slots
from registry.ledger.block import BlockRef
from registry.ledger.header import block_of_rlp
from registry.ledger.status import bit_of
from registry.ledger.trie import Account, proven_account, proven_word
from registry.ledger.word import IssuerWord
from registry.values import value
from registry.verification.attested import documents_by_word
from registry.verification.bundle import Bundle, Nodes, ProvenAccreditation
from registry.verification.evidence import (
    NOW,
    AccreditationFact,
    Ask,
    Assurance,
    BlockHash,
    Evidence,
    NoEvidence,
    ProfileFact,
    ReaffirmationFact,
    RecordFact,
    StatusFact,
    Tier,
    TrustedContract,
)
from registry.verification.snapshot import check_snapshots
from registry.verification.verdict import BlockPoint

if TYPE_CHECKING:
    from registry.ledger.entities import Accreditation

_BROKEN = "BUNDLE_BROKEN"


@value
class BundleEvidence:
    """One bundle (fills the port EvidenceSource), without any network.

    Attributes:
        bundle: The bundle.
        trusted: The verifier's own list.
        hashes: Blocks that the verifier trusts.
    """

    bundle: Bundle
    trusted: Sequence[TrustedContract]
    hashes: Sequence[BlockHash]

    @property
    def credential(self) -> bytes:
        """The credential that the bundle is about."""
        return self.bundle.credential

    def gather(self, place: Place, account: bytes | None, ask: Ask = NOW) -> Evidence | NoEvidence:
        """Proven evidence; why there is none where the block is not trusted or anything does not hold."""
        try:
            block, state_root = block_of_rlp(self.bundle.header)
            refusal = self._refusal(block, place, account, ask)
            if refusal is not None:
                return refusal
            assert account is not None  # _refusal answered otherwise
            return self._proven(block, state_root, place, account, ask)
        except HallmarkError as error:
            return NoEvidence(f"The bundle proves nothing: {error.what}", _BROKEN)

    def documents(
        self, attesters: Collection[str], evidence: Evidence | NoEvidence
    ) -> dict[str, Mapping[str, Any] | str]:
        """DID documents by identifier, or why one is not believed; none where the bundle proves nothing.

        Args:
            attesters: The did:key of everybody whose word the verifier takes.
            evidence: What `gather` gave.
        """
        return documents_by_word(self.bundle.dids, self.bundle.snapshots, attesters, evidence)

    def _refusal(self, block: BlockRef, place: Place, account: bytes | None, ask: Ask) -> NoEvidence | None:
        chain_id, name = self.bundle.contract.chain_id, "0x" + block.hash.hex()
        if place.batch.contract != self.bundle.contract:
            return NoEvidence(f"The bundle is about {self.bundle.contract}, not {place.batch.contract}.")
        if account is None:
            return NoEvidence(
                "Without its anchor proof nothing can be looked for in the bundle.", "ANCHOR_PROOF_MISSING"
            )
        if BlockHash(chain_id, block.hash) not in self.hashes:
            todo = f"compare it with a source that you trust, then give --block-hash eip155:{chain_id}:{name}"
            what = f"The bundle rests on block {block.number} of eip155:{chain_id} with the hash {name}"
            return NoEvidence(f"{what}: {todo}.", "BLOCK_HASH_NEEDED")
        if ask.block not in (None, block.number) or ask.time not in (None, block.time):
            what = f"The bundle tells of block {block.number} only; leave out --as-of, or give --as-of {block.number}."
            return NoEvidence(what, "BLOCK_NOT_READ")
        return None

    def _proven(self, block: BlockRef, state_root: bytes, place: Place, account: bytes, ask: Ask) -> Evidence:
        bundle, issuer_id = self.bundle, place.batch.issuer_id
        there = proven_account(state_root, bundle.contract.address, bundle.account)
        storage = _Storage(there, bundle.slots)
        word = storage.word("word", slots.word_slot(issuer_id))
        time, committed = packed.record_of_word(
            storage.word("record", slots.record_slot(issuer_id, place.batch.batch_id))
        )
        key = packed.key_of_word(storage.word("key", slots.key_slot(issuer_id, account)))
        point = BlockPoint.of(block)
        check_snapshots(bundle.dids, bundle.snapshots, bundle.contract.chain_id, point)
        return Evidence(
            Assurance.PROVEN,
            bundle.contract,
            self._genesis(bundle.contract),
            there.code_hash,
            point,
            point,
            word,
            RecordFact(committed, time, Tier.FINAL) if time else None,
            key,
            self._reaffirmation(storage, place),
            _status(storage, place, IssuerWord.unpack(word).epoch),
            self._profiles(storage, issuer_id),
            accreditation=self._accreditation(state_root, ask),
        )

    def _genesis(self, contract: ContractId) -> bytes:
        """A block hash that is trusted for a chain stands for that chain; the list says which first block it has."""
        return next((entry.genesis_hash for entry in self.trusted if entry.contract == contract), bytes(32))

    def _reaffirmation(self, storage: "_Storage", place: Place) -> ReaffirmationFact | None:
        issuer_id, batch_id = place.batch.issuer_id, place.batch.batch_id
        slot = slots.reaffirmation_slot(issuer_id, batch_id)
        account, time = packed.reaffirmation_of_word(storage.word("reaffirmation", slot))
        if bool(time) != (self.bundle.reaffirmer is not None):
            raise LedgerError("The reaffirming key is missing, or there is one too many.")
        if self.bundle.reaffirmer is None:
            return None
        word = proven_word(storage.account.storage_root, slots.key_slot(issuer_id, account), self.bundle.reaffirmer)
        return ReaffirmationFact(account, time, packed.key_of_word(word))

    def _profiles(self, storage: "_Storage", issuer_id: int) -> tuple[ProfileFact, ...]:
        """Each with its proven period; the one in force must be among them, where there is one."""
        current = storage.word("currentProfile", slots.current_profile_slot(issuer_id))
        facts: list[ProfileFact] = []
        for one in self.bundle.profiles:
            digest = canonical_hash(one.document)
            word = proven_word(storage.account.storage_root, slots.profile_slot(issuer_id, digest), one.nodes)
            since, until = packed.period_of_word(word)
            if not since or digest in {fact.hash for fact in facts}:
                raise LedgerError("A profile in it was never the issuer's, or stands twice.")
            facts.append(ProfileFact(digest, since, until, one.document))
        if any(current) and current not in {fact.hash for fact in facts}:
            facts.append(ProfileFact(current, 0, 0, None))
        return tuple(sorted(facts, key=lambda fact: (fact.until != 0, -fact.since)))

    def _accreditation(self, state_root: bytes, ask: Ask) -> AccreditationFact | None:
        """Statements that are there are proven; that there are no others is not."""
        proven = self.bundle.accreditation
        if proven is None:
            return None
        there = proven_account(state_root, proven.address, proven.account)
        entry = next((entry for entry in self.trusted if entry.contract == self.bundle.contract), None)
        if entry is None or entry.accreditation != (proven.address, there.code_hash):
            raise LedgerError("Its accreditation contract is not the one in your deployment file.")
        shared = proven_word(there.storage_root, slots.ACCREDITOR_COUNT, proven.registry)
        if slots.accreditor_count(shared)[1] != self.bundle.contract.address:
            raise LedgerError("Its accreditation contract belongs to another registry.")
        return AccreditationFact(ask.roots, _statements(proven, there), complete=False)


def _statements(proven: ProvenAccreditation, there: Account) -> "tuple[Accreditation, ...]":
    found: list[Accreditation] = []
    for one in proven.statements:
        slot = slots.statement_slot(one.issuer_id, one.subject, one.scope)
        word = proven_word(there.storage_root, slot, one.nodes)
        statement = packed.statement_of_word(one.issuer_id, one.subject, one.scope, word)
        if not statement.stated_at or statement in found:
            raise LedgerError("An accreditation in it was never stated, or stands twice.")
        found.append(statement)
    return tuple(found)


def _status(storage: "_Storage", place: Place, epoch: int) -> StatusFact:
    index, _ = bit_of(place.index)
    keys = slots.status_slots(place.batch.issuer_id, place.batch.batch_id, epoch, index)
    words = (storage.word(name, key) for name, key in zip(("revoked", "suspended"), keys, strict=True))
    revoked, suspended = (int.from_bytes(word, "big") for word in words)
    return StatusFact(epoch, index, revoked, suspended, ())


@value
class _Storage:
    account: Account
    proofs: Mapping[str, Nodes]

    def word(self, name: str, slot: bytes) -> bytes:
        """The word in a slot, by the proof of this name."""
        return proven_word(self.account.storage_root, slot, self.proofs[name])

"""What a verdict rests on: the chain's facts about one credential's place, and who says so."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from registry.credential.place import ContractId
from registry.ledger.record import KeySlot
from registry.values import value
from registry.verification.verdict import BlockPoint

if TYPE_CHECKING:
    from registry.ledger.entities import Accreditation


class Assurance(StrEnum):
    """Who stands behind the evidence; of a single check also: the document itself, a status list, or an attester."""

    NONE = "none"
    REGISTRY = "registry"
    ENDPOINT = "endpoint"
    PROVEN = "proven"
    COMPUTED = "computed"
    LIST = "list"
    ATTESTED = "attested"


class Ask(NamedTuple):
    """What is asked about a place beyond its present state.

    Attributes:
        block: As of the end of this block.
        time: As of the newest block at or before this time, seconds since 1970; not together with `block`.
        about: A moment (seconds since 1970) of which the status bits are wanted as well.
        roots: Issuer ids of the same contract, from which accreditations are followed down to the place's issuer.
    """

    block: int | None = None
    time: int | None = None
    about: int | None = None
    roots: tuple[int, ...] = ()

    @property
    def is_past(self) -> bool:
        """Whether another block than the newest is meant."""
        return self.block is not None or self.time is not None


NOW = Ask()


class Tier(StrEnum):
    """How deep a fact lies: an anchor counts from SAFE on, a revocation from any."""

    PENDING = "pending"
    SAFE = "safe"
    FINAL = "final"


@value
class RecordFact:
    """A record slot: commitment (27 bytes), block time, and its tier."""

    commitment: bytes
    time: int
    tier: Tier


@value
class ReaffirmationFact:
    """Who stands by the record since when, with that account's key slot."""

    account: bytes
    time: int
    key: KeySlot


@value
class WordChange:
    """One change of a status word: bits, action and reason code (see ledger.status), block number and time."""

    mask: int
    action: int
    reason: int
    block_number: int
    time: int


@value
class StatusFact:
    """The 256-bit words that hold the credential's bits, and their changes, newest first, where they are known."""

    epoch: int
    word_index: int
    revoked: int
    suspended: int
    changes: tuple[WordChange, ...]


@value
class ThenFact:
    """The same words at a moment that has passed, in the status epoch of that moment.

    `block` is the newest one at or before the moment; None where that is before the first block of the contract.
    """

    moment: int
    block: BlockPoint | None
    epoch: int
    revoked: int
    suspended: int


@value
class AccreditationFact:
    """Statements on the ways from the roots (issuer ids) down to the issuer; `complete`: there are no others."""

    roots: tuple[int, ...]
    statements: "tuple[Accreditation, ...]"
    complete: bool


@value
class ProfileFact:
    """A profile hash (32 bytes) with its period in block times (until 0: in force), and its document where known."""

    hash: bytes
    since: int
    until: int
    document: Mapping[str, Any] | None


@value
class Evidence:
    """All facts about one place. `record`, `key` and `reaffirmation` are None where the chain has none.

    Attributes:
        assurance: Who says so.
        contract: Chain and contract that were read.
        genesis_hash: Hash of block 0, 32 bytes.
        code_hash: keccak-256 of the contract's code, 32 bytes.
        latest: Newest block that was read; status rests on it.
        safe: Newest safe block, where known; the anchor rests on it.
        issuer_word: The issuer's word, 32 bytes (zeros: no such issuer).
        record: The batch's record.
        key: Key slot of the account that the proof names.
        reaffirmation: Of the record.
        status: Words at the credential's place.
        profiles: The issuer's profiles that are known, the one in force first.
        warning: What the source says about itself (a halted mirror, say); for a person, it changes no verdict.
        then: The status words at the moment that was asked about.
        accreditation: What was found from the roots that were asked about; None: not asked, or no such contract.
        compared: How a registry knows that nothing is missing: `proof` (its events lead to the words that a state proof
            shows), `views` (to those that its node's word alone shows); empty for evidence that is no registry's.
    """

    assurance: Assurance
    contract: ContractId
    genesis_hash: bytes
    code_hash: bytes
    latest: BlockPoint
    safe: BlockPoint | None
    issuer_word: bytes
    record: RecordFact | None
    key: KeySlot | None
    reaffirmation: ReaffirmationFact | None
    status: StatusFact
    profiles: tuple[ProfileFact, ...]
    warning: str = ""
    then: ThenFact | None = None
    accreditation: AccreditationFact | None = None
    compared: str = ""


class NoEvidence(NamedTuple):
    """Nobody could be asked, or nobody answered: says nothing about the credential. `reason` names the cause."""

    reason: str
    code: str = "CHAIN_UNAVAILABLE"


class TrustedContract(NamedTuple):
    """A contract on the verifier's own list.

    Attributes:
        contract: Chain id and address.
        genesis_hash: Hash of the chain's block 0, 32 bytes.
        code_hash: keccak-256 of the contract's code, 32 bytes.
        accreditation: Address (20 bytes) and code hash of the accreditation contract beside it, where there is one.
        block_number: Block of its deployment: nothing before it has to be read.
        confirmations: After how many more blocks one counts as safe, and as final, where a node has no tags.
    """

    contract: ContractId
    genesis_hash: bytes
    code_hash: bytes
    accreditation: tuple[bytes, bytes] | None = None
    block_number: int = 0
    confirmations: tuple[int, int] | None = None


@value
class BlockHash:
    """A block that the verifier trusts to be final: its hash (32 bytes) and the chain that it belongs to."""

    chain_id: int
    hash: bytes


@value
class Root:
    """An issuer whose accreditations the verifier believes."""

    contract: ContractId
    issuer_id: int


class Policy(NamedTuple):
    """What the verifier decided.

    Attributes:
        trusted: Contracts that may anchor.
        now: Seconds since 1970; the moment the verdict is for, unless the next two say otherwise.
        max_age: Evidence older than this many seconds is unknown; None: any age.
        roots: Accreditation roots; none: accreditation is not judged.
        scopes: Hashes of accreditation scopes (32 bytes each) that count; none: every scope does.
        as_of: What the chain said then: a block number, or a time as `AsOf` tells them apart.
        about: What is known about this moment, seconds since 1970.
    """

    trusted: tuple[TrustedContract, ...]
    now: float
    max_age: int | None = None
    roots: tuple[Root, ...] = ()
    scopes: frozenset[bytes] = frozenset()
    as_of: "AsOf | None" = None
    about: int | None = None

    def ask(self, contract: ContractId) -> Ask:
        """What has to be asked about a place in this contract."""
        roots = tuple(sorted({root.issuer_id for root in self.roots if root.contract == contract}))
        block, time = (self.as_of.block, self.as_of.time) if self.as_of else (None, None)
        return Ask(block, time, self.about, roots)

    def moment(self, evidence: "Evidence | NoEvidence") -> float:
        """The moment the verdict is for; of a block whose time nobody told, it cannot be another than now."""
        if self.about is not None:
            return self.about
        if self.as_of is None:
            return self.now
        if self.as_of.time is not None:
            return self.as_of.time
        return evidence.latest.time if isinstance(evidence, Evidence) else self.now


@value
class AsOf:
    """A past state of the chain: the end of a block, or the newest block at or before a time. One of both is given."""

    block: int | None = None
    time: int | None = None

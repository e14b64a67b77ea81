"""What a verdict rests on: the chain's facts about one credential's place, and who says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from registry.credential.place import ContractId
from registry.ledger.record import KeySlot
from registry.verification.verdict import BlockPoint


class Assurance(StrEnum):
    """Who stands behind the evidence."""

    NONE = "none"
    REGISTRY = "registry"
    ENDPOINT = "endpoint"


class Tier(StrEnum):
    """How deep a fact lies: an anchor counts from SAFE on, a revocation from any."""

    PENDING = "pending"
    SAFE = "safe"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class RecordFact:
    """A record slot: commitment (27 bytes), block time, and its tier."""

    commitment: bytes
    time: int
    tier: Tier


@dataclass(frozen=True, slots=True)
class ReaffirmationFact:
    """Who stands by the record since when, with that account's key slot."""

    account: bytes
    time: int
    key: KeySlot


@dataclass(frozen=True, slots=True)
class WordChange:
    """One change of a status word: bits, action and reason code (see ledger.status), block number and time."""

    mask: int
    action: int
    reason: int
    block_number: int
    time: int


@dataclass(frozen=True, slots=True)
class StatusFact:
    """The 256-bit words that hold the credential's bits, and their changes, newest first, where they are known."""

    epoch: int
    word_index: int
    revoked: int
    suspended: int
    changes: tuple[WordChange, ...]


@dataclass(frozen=True, slots=True)
class ProfileFact:
    """A profile hash (32 bytes) with its period in block times (until 0: in force), and its document where known."""

    hash: bytes
    since: int
    until: int
    document: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class NoEvidence:
    """Nobody could be asked, or nobody answered: says nothing about the credential. `reason` names the cause."""

    reason: str
    code: str = "CHAIN_UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class TrustedContract:
    """A contract on the verifier's own list.

    Attributes:
        contract: Chain id and address.
        genesis_hash: Hash of the chain's block 0, 32 bytes.
        code_hash: keccak-256 of the contract's code, 32 bytes.
    """

    contract: ContractId
    genesis_hash: bytes
    code_hash: bytes


@dataclass(frozen=True, slots=True)
class Policy:
    """What the verifier decided.

    Attributes:
        trusted: Contracts that may anchor.
        now: The moment the verdict is for, seconds since 1970.
        max_age: Evidence older than this many seconds is unknown; None: any age.
        roots: Accreditation roots; none: accreditation is not judged.
    """

    trusted: tuple[TrustedContract, ...]
    now: float
    max_age: int | None = None
    roots: tuple[int, ...] = ()

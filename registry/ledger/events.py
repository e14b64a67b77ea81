"""The contract's events as frozen values, one class each, fields in the contract's order (SPEC.md, section 5.3).

Identifiers are integers, accounts 20 bytes, batch ids 16 bytes, hashes and words 32 bytes, times block seconds.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    """What all events share: the issuer, and the issuer's word after the event (32 bytes)."""

    ABI: ClassVar[str] = ""

    issuer_id: int


@dataclass(frozen=True, slots=True)
class IssuerRegistered(Event):
    """First event of an issuer."""

    ABI: ClassVar[str] = "uint64 indexed issuerId,address recovery,address actor,bytes32 word"

    recovery: bytes
    actor: bytes
    word: bytes


@dataclass(frozen=True, slots=True)
class KeyAdded(Event):
    """An account may act in these roles from now on (1 admin, 2 anchor, 4 status)."""

    ABI: ClassVar[str] = "uint64 indexed issuerId,address indexed account,uint8 roles,address actor,bytes32 word"

    account: bytes
    roles: int
    actor: bytes
    word: bytes


@dataclass(frozen=True, slots=True)
class KeyRetired(Event):
    """An account may not act any more; what it did stands."""

    ABI: ClassVar[str] = "uint64 indexed issuerId,address indexed account,address actor,bytes32 word"

    account: bytes
    actor: bytes
    word: bytes


@dataclass(frozen=True, slots=True)
class KeyDistrusted(Event):
    """Anchors of this account from this block time on do not count; it is retired as well."""

    ABI: ClassVar[str] = (
        "uint64 indexed issuerId,address indexed account,uint64 distrustFrom,address actor,bytes32 word"
    )

    account: bytes
    distrust_from: int
    actor: bytes
    word: bytes


@dataclass(frozen=True, slots=True)
class ChangeRequested(Event):
    """A delayed change: kind 1 add admin, 2 retire admin, 3 distrust admin, 4 change recovery."""

    ABI: ClassVar[str] = (
        "uint64 indexed issuerId,address indexed account,uint8 kind,uint8 roles,uint64 distrustFrom,"
        "uint64 readyAt,address actor,bytes32 word"
    )

    account: bytes
    kind: int
    roles: int
    distrust_from: int
    ready_at: int
    actor: bytes
    word: bytes


@dataclass(frozen=True, slots=True)
class ChangeVetoed(Event):
    """A delayed change was refused in time."""

    ABI: ClassVar[str] = "uint64 indexed issuerId,address indexed account,address requester,address actor,bytes32 word"

    account: bytes
    requester: bytes
    actor: bytes
    word: bytes


@dataclass(frozen=True, slots=True)
class ChangeExecuted(Event):
    """A delayed change took effect; the event of its effect follows."""

    ABI: ClassVar[str] = "uint64 indexed issuerId,address indexed account,address requester,address actor,bytes32 word"

    account: bytes
    requester: bytes
    actor: bytes
    word: bytes


@dataclass(frozen=True, slots=True)
class RecoveryChanged(Event):
    """Another account can veto and freeze from now on."""

    ABI: ClassVar[str] = "uint64 indexed issuerId,address indexed recovery,address actor,bytes32 word"

    recovery: bytes
    actor: bytes
    word: bytes


@dataclass(frozen=True, slots=True)
class ProfileChanged(Event):
    """Another profile document is in force."""

    ABI: ClassVar[str] = (
        "uint64 indexed issuerId,bytes32 indexed profileHash,bytes32 previous,address actor,bytes32 word"
    )

    profile_hash: bytes
    previous: bytes
    actor: bytes
    word: bytes


@dataclass(frozen=True, slots=True)
class Anchored(Event):
    """A batch has its record."""

    ABI: ClassVar[str] = (
        "uint64 indexed issuerId,bytes16 indexed batchId,bytes32 root,uint64 leafCount,address account,bytes32 word"
    )

    batch_id: bytes
    root: bytes
    leaf_count: int
    account: bytes
    word: bytes


@dataclass(frozen=True, slots=True)
class Reaffirmed(Event):
    """A good key stands by a record whose own key is distrusted."""

    ABI: ClassVar[str] = "uint64 indexed issuerId,bytes16 indexed batchId,address account,bytes32 word"

    batch_id: bytes
    account: bytes
    word: bytes


@dataclass(frozen=True, slots=True)
class WordMask:
    """256 credentials: bit `index mod 256` of word `index div 256`."""

    word_index: int
    mask: int


@dataclass(frozen=True, slots=True)
class StatusChanged(Event):
    """Credentials of a batch were revoked (1), suspended (2) or reinstated (3)."""

    ABI: ClassVar[str] = (
        "uint64 indexed issuerId,bytes16 indexed batchId,uint8 action,uint8 reason,uint16 epoch,"
        "(uint64,uint256)[] changes,address actor,bytes32 word"
    )

    batch_id: bytes
    action: int
    reason: int
    epoch: int
    changes: tuple[WordMask, ...]
    actor: bytes
    word: bytes


@dataclass(frozen=True, slots=True)
class StatusEpochOpened(Event):
    """All status bits of the issuer are empty again; the true ones follow."""

    ABI: ClassVar[str] = "uint64 indexed issuerId,uint16 epoch,address actor,bytes32 word"

    epoch: int
    actor: bytes
    word: bytes


@dataclass(frozen=True, slots=True)
class Frozen(Event):
    """Nothing but containment works until it is unfrozen."""

    ABI: ClassVar[str] = "uint64 indexed issuerId,address actor,bytes32 word"

    actor: bytes
    word: bytes


@dataclass(frozen=True, slots=True)
class Unfrozen(Event):
    """The issuer works again."""

    ABI: ClassVar[str] = "uint64 indexed issuerId,address actor,bytes32 word"

    actor: bytes
    word: bytes


AnyEvent = (
    IssuerRegistered
    | KeyAdded
    | KeyRetired
    | KeyDistrusted
    | ChangeRequested
    | ChangeVetoed
    | ChangeExecuted
    | RecoveryChanged
    | ProfileChanged
    | Anchored
    | Reaffirmed
    | StatusChanged
    | StatusEpochOpened
    | Frozen
    | Unfrozen
)
EVENT_TYPES: tuple[type[AnyEvent], ...] = AnyEvent.__args__

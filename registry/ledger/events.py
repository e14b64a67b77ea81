"""The contracts' events as frozen values, one class each, fields in the contracts' order (SPEC.md, 5.3 and 5.10).

Identifiers are integers, accounts 20 bytes, batch ids 16 bytes, hashes and words 32 bytes, times block seconds.
"""

from typing import NamedTuple


class IssuerRegistered(NamedTuple):
    """First event of an issuer."""

    issuer_id: int
    recovery: bytes
    actor: bytes
    word: bytes


class KeyAdded(NamedTuple):
    """An account may act in these roles from now on (1 admin, 2 anchor, 4 status)."""

    issuer_id: int
    account: bytes
    roles: int
    actor: bytes
    word: bytes


class KeyRetired(NamedTuple):
    """An account may not act any more; what it did stands."""

    issuer_id: int
    account: bytes
    actor: bytes
    word: bytes


class KeyDistrusted(NamedTuple):
    """Anchors of this account from this block time on do not count; it is retired as well."""

    issuer_id: int
    account: bytes
    distrust_from: int
    actor: bytes
    word: bytes


class ChangeRequested(NamedTuple):
    """A delayed change: kind 1 add admin, 2 retire admin, 3 distrust admin, 4 change recovery."""

    issuer_id: int
    account: bytes
    kind: int
    roles: int
    distrust_from: int
    ready_at: int
    actor: bytes
    word: bytes


class ChangeVetoed(NamedTuple):
    """A delayed change was refused in time."""

    issuer_id: int
    account: bytes
    requester: bytes
    actor: bytes
    word: bytes


class ChangeExecuted(NamedTuple):
    """A delayed change took effect; the event of its effect follows."""

    issuer_id: int
    account: bytes
    requester: bytes
    actor: bytes
    word: bytes


class RecoveryChanged(NamedTuple):
    """Another account can veto and freeze from now on."""

    issuer_id: int
    recovery: bytes
    actor: bytes
    word: bytes


class ProfileChanged(NamedTuple):
    """Another profile document is in force."""

    issuer_id: int
    profile_hash: bytes
    previous: bytes
    actor: bytes
    word: bytes


class Anchored(NamedTuple):
    """A batch has its record."""

    issuer_id: int
    batch_id: bytes
    root: bytes
    leaf_count: int
    account: bytes
    word: bytes


class Reaffirmed(NamedTuple):
    """A good key stands by a record whose own key is distrusted."""

    issuer_id: int
    batch_id: bytes
    account: bytes
    word: bytes


class WordMask(NamedTuple):
    """256 credentials: bit `index mod 256` of word `index div 256`."""

    word_index: int
    mask: int


class StatusChanged(NamedTuple):
    """Credentials of a batch were revoked (1), suspended (2) or reinstated (3)."""

    issuer_id: int
    batch_id: bytes
    action: int
    reason: int
    epoch: int
    changes: tuple[WordMask, ...]
    actor: bytes
    word: bytes


class StatusEpochOpened(NamedTuple):
    """All status bits of the issuer are empty again; the true ones follow."""

    issuer_id: int
    epoch: int
    actor: bytes
    word: bytes


class Frozen(NamedTuple):
    """Nothing but containment works until it is unfrozen."""

    issuer_id: int
    actor: bytes
    word: bytes


class Unfrozen(NamedTuple):
    """The issuer works again."""

    issuer_id: int
    actor: bytes
    word: bytes


class Accredited(NamedTuple):
    """An issuer accredits another (the accreditation contract): from `since` until `until` (0: no end), for a scope."""

    issuer_id: int
    subject: int
    scope: bytes
    since: int
    until: int
    actor: bytes
    word: bytes


class Withdrawn(NamedTuple):
    """An accreditation ends with the time of this block (the accreditation contract)."""

    issuer_id: int
    subject: int
    scope: bytes
    actor: bytes
    word: bytes


AccreditationEvent = Accredited | Withdrawn
ACCREDITATION_TYPES = (Accredited, Withdrawn)
"""Events of the accreditation contract; all others are the registry's."""

RegistryEvent = (
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
AnyEvent = RegistryEvent | AccreditationEvent
EVENT_TYPES: tuple[type[AnyEvent], ...] = AnyEvent.__args__
ABI: dict[type[AnyEvent], str] = {
    IssuerRegistered: "uint64 indexed issuerId,address recovery,address actor,bytes32 word",
    KeyAdded: "uint64 indexed issuerId,address indexed account,uint8 roles,address actor,bytes32 word",
    KeyRetired: "uint64 indexed issuerId,address indexed account,address actor,bytes32 word",
    KeyDistrusted: "uint64 indexed issuerId,address indexed account,uint64 distrustFrom,address actor,bytes32 word",
    ChangeRequested: (
        "uint64 indexed issuerId,address indexed account,uint8 kind,uint8 roles,"
        "uint64 distrustFrom,uint64 readyAt,address actor,bytes32 word"
    ),
    ChangeVetoed: "uint64 indexed issuerId,address indexed account,address requester,address actor,bytes32 word",
    ChangeExecuted: "uint64 indexed issuerId,address indexed account,address requester,address actor,bytes32 word",
    RecoveryChanged: "uint64 indexed issuerId,address indexed recovery,address actor,bytes32 word",
    ProfileChanged: ("uint64 indexed issuerId,bytes32 indexed profileHash,bytes32 previous,address actor,bytes32 word"),
    Anchored: (
        "uint64 indexed issuerId,bytes16 indexed batchId,bytes32 root,uint64 leafCount,address account,bytes32 word"
    ),
    Reaffirmed: "uint64 indexed issuerId,bytes16 indexed batchId,address account,bytes32 word",
    StatusChanged: (
        "uint64 indexed issuerId,bytes16 indexed batchId,uint8 action,"
        "uint8 reason,uint16 epoch,(uint64,uint256)[] changes,address actor,bytes32 word"
    ),
    StatusEpochOpened: "uint64 indexed issuerId,uint16 epoch,address actor,bytes32 word",
    Frozen: "uint64 indexed issuerId,address actor,bytes32 word",
    Unfrozen: "uint64 indexed issuerId,address actor,bytes32 word",
    Accredited: (
        "uint64 indexed issuerId,uint64 indexed subject,bytes32 indexed scope,"
        "uint64 since,uint64 until,address actor,bytes32 word"
    ),
    Withdrawn: ("uint64 indexed issuerId,uint64 indexed subject,bytes32 indexed scope,address actor,bytes32 word"),
}
"""Parameters as Solidity declares them, in the order of the fields."""

"""The contracts' events as frozen values, one class each, fields in the contracts' order (SPEC.md, 5.3 and 5.10).

Identifiers are integers, accounts 20 bytes, batch ids 16 bytes, hashes and words 32 bytes, times block seconds.
"""

import msgspec


class Event(msgspec.Struct, frozen=True, gc=False):
    """Root of the events' classes; each is about an issuer."""

    issuer_id: int


class IssuerRegistered(Event, frozen=True):
    """First event of an issuer."""

    recovery: bytes
    actor: bytes
    word: bytes


class KeyAdded(Event, frozen=True):
    """An account may act in these roles from now on (1 admin, 2 anchor, 4 status)."""

    account: bytes
    roles: int
    actor: bytes
    word: bytes


class KeyRetired(Event, frozen=True):
    """An account may not act any more; what it did stands."""

    account: bytes
    actor: bytes
    word: bytes


class KeyDistrusted(Event, frozen=True):
    """Anchors of this account from this block time on do not count; it is retired as well."""

    account: bytes
    distrust_from: int
    actor: bytes
    word: bytes


class ChangeRequested(Event, frozen=True):
    """A delayed change: kind 1 add admin, 2 retire admin, 3 distrust admin, 4 change recovery."""

    account: bytes
    kind: int
    roles: int
    distrust_from: int
    ready_at: int
    actor: bytes
    word: bytes


class ChangeVetoed(Event, frozen=True):
    """A delayed change was refused in time."""

    account: bytes
    requester: bytes
    actor: bytes
    word: bytes


class ChangeExecuted(Event, frozen=True):
    """A delayed change took effect; the event of its effect follows."""

    account: bytes
    requester: bytes
    actor: bytes
    word: bytes


class RecoveryChanged(Event, frozen=True):
    """Another account can veto and freeze from now on."""

    recovery: bytes
    actor: bytes
    word: bytes


class ProfileChanged(Event, frozen=True):
    """Another profile document is in force."""

    profile_hash: bytes
    previous: bytes
    actor: bytes
    word: bytes


class Anchored(Event, frozen=True, array_like=True):
    """A batch has its record."""

    batch_id: bytes
    root: bytes
    leaf_count: int
    account: bytes
    word: bytes


class Reaffirmed(Event, frozen=True):
    """A good key stands by a record whose own key is distrusted."""

    batch_id: bytes
    account: bytes
    word: bytes


class WordMask(msgspec.Struct, frozen=True, gc=False):
    """256 credentials: bit `index mod 256` of word `index div 256`."""

    word_index: int
    mask: int


class StatusChanged(Event, frozen=True):
    """Credentials of a batch were revoked (1), suspended (2) or reinstated (3)."""

    batch_id: bytes
    action: int
    reason: int
    epoch: int
    changes: tuple[WordMask, ...]
    actor: bytes
    word: bytes


class StatusEpochOpened(Event, frozen=True):
    """All status bits of the issuer are empty again; the true ones follow."""

    epoch: int
    actor: bytes
    word: bytes


class Frozen(Event, frozen=True):
    """Nothing but containment works until it is unfrozen."""

    actor: bytes
    word: bytes


class Unfrozen(Event, frozen=True):
    """The issuer works again."""

    actor: bytes
    word: bytes


class Accredited(Event, frozen=True):
    """An issuer accredits another (the accreditation contract): from `since` until `until` (0: no end), for a scope."""

    subject: int
    scope: bytes
    since: int
    until: int
    actor: bytes
    word: bytes


class Withdrawn(Event, frozen=True):
    """An accreditation ends with the time of this block (the accreditation contract)."""

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

"""The state that the events fold into: one frozen class a kind, each with the key that names it.

Store tables have the same names and columns, so that writing and comparing are the same for all of them.
"""

from typing import ClassVar

import msgspec
from msgspec.structs import replace


class Entity(msgspec.Struct, frozen=True, gc=False):
    """Root of the projected classes; every one belongs to an issuer."""

    TABLE: ClassVar[str] = ""
    KEY: ClassVar[tuple[str, ...]] = ("issuer_id",)

    issuer_id: int


class Issuer(Entity, frozen=True):
    """An issuer with its word (32 bytes), recovery account, and the profile in force (32 bytes, or zeros).

    `frozen_by_recovery` is 0 or 1: whether only the recovery account, whoever it is by now, can thaw it (SPEC.md 5.6).
    """

    TABLE: ClassVar[str] = "issuer"

    word: bytes
    recovery: bytes
    profile_hash: bytes
    registered_block: int
    registered_at: int
    frozen_by_recovery: int

    def with_word(self, word: bytes) -> "Issuer":
        """The same issuer after an event; written out because every event comes by here."""
        return Issuer(
            self.issuer_id,
            word,
            self.recovery,
            self.profile_hash,
            self.registered_block,
            self.registered_at,
            self.frozen_by_recovery,
        )

    def flagged(self, actor: bytes, *, frozen: bool) -> "Issuer":
        """The same issuer after an account froze or thawed it; the contract saw to it that the account may."""
        held = frozen and (actor == self.recovery or self.frozen_by_recovery)
        return replace(self, frozen_by_recovery=int(held))


class Key(Entity, frozen=True):
    """An account of an issuer: roles, and block times (0: never)."""

    TABLE: ClassVar[str] = "key"
    KEY: ClassVar[tuple[str, ...]] = ("issuer_id", "account")

    account: bytes
    roles: int
    added_at: int
    retired_at: int
    distrust_from: int


class Batch(Entity, frozen=True):
    """A record: root, leaf count, anchoring account, block and its time."""

    TABLE: ClassVar[str] = "batch"
    KEY: ClassVar[tuple[str, ...]] = ("issuer_id", "batch_id")

    batch_id: bytes
    root: bytes
    leaf_count: int
    account: bytes
    anchored_at: int
    block_number: int
    tx_hash: bytes


class Reaffirmation(Entity, frozen=True):
    """The latest reaffirmation of a record."""

    TABLE: ClassVar[str] = "reaffirmation"
    KEY: ClassVar[tuple[str, ...]] = ("issuer_id", "batch_id")

    batch_id: bytes
    account: bytes
    reaffirmed_at: int
    block_number: int


class ProfilePeriod(Entity, frozen=True):
    """A profile hash and the block times between which it was in force (until 0: it still is)."""

    TABLE: ClassVar[str] = "profile"
    KEY: ClassVar[tuple[str, ...]] = ("issuer_id", "profile_hash")

    profile_hash: bytes
    since: int
    until: int


class StatusWord(Entity, frozen=True):
    """256 credentials of a batch in one status epoch: 32-byte bit sets."""

    TABLE: ClassVar[str] = "status_word"
    KEY: ClassVar[tuple[str, ...]] = ("issuer_id", "batch_id", "epoch", "word_index")

    batch_id: bytes
    epoch: int
    word_index: int
    revoked: bytes
    suspended: bytes


class StatusChange(Entity, frozen=True):
    """One word of one StatusChanged event: the history that reasons and past dates are read from."""

    TABLE: ClassVar[str] = "status_change"
    KEY: ClassVar[tuple[str, ...]] = (
        "issuer_id",
        "batch_id",
        "epoch",
        "word_index",
        "block_number",
        "log_index",
        "position",
    )

    batch_id: bytes
    epoch: int
    word_index: int
    block_number: int
    log_index: int
    position: int
    action: int
    reason: int
    mask: bytes
    actor: bytes
    changed_at: int


class PendingChange(Entity, frozen=True):
    """A delayed change that waits (kinds as in ChangeRequested).

    `by_recovery` and `vetoed` are 0 or 1: whether it was asked for as the recovery account, and whether the recovery
    account vetoed it. A vetoed one stays, because a second admin's equal request overrules the veto (SPEC.md 5.1).
    """

    TABLE: ClassVar[str] = "pending_change"
    KEY: ClassVar[tuple[str, ...]] = ("issuer_id", "requester", "account")

    requester: bytes
    account: bytes
    kind: int
    roles: int
    distrust_from: int
    ready_at: int
    by_recovery: int
    vetoed: int

    def stays_when_vetoed_by(self, actor: bytes) -> bool:
        """An admin's request that another vetoes, which only the recovery account may, is marked; others go."""
        return not self.by_recovery and actor != self.requester


class Accreditor(Entity, frozen=True):
    """An issuer that accredited somebody, with its word (32 bytes) in the accreditation contract."""

    TABLE: ClassVar[str] = "accreditor"

    word: bytes


class Accreditation(Entity, frozen=True):
    """The newest statement of an issuer about a subject (another issuer's id) and a scope (32 bytes).

    It holds from `since` until `until` (0: no end); said at `stated_at`, withdrawn at `withdrawn_at` (0: not).
    """

    TABLE: ClassVar[str] = "accreditation"
    KEY: ClassVar[tuple[str, ...]] = ("issuer_id", "subject", "scope")

    subject: int
    scope: bytes
    since: int
    until: int
    stated_at: int
    withdrawn_at: int

    def holds_at(self, time: int) -> bool:
        """Whether it holds at a moment (seconds since 1970), by what is known now (SPEC.md, section 5.10)."""
        within = self.since <= time and (self.until == 0 or time < self.until)
        return within and (self.withdrawn_at == 0 or time < self.withdrawn_at)


AnyEntity = (
    Issuer
    | Key
    | Batch
    | Reaffirmation
    | ProfilePeriod
    | StatusWord
    | StatusChange
    | PendingChange
    | Accreditor
    | Accreditation
)
ENTITY_TYPES: tuple[type[AnyEntity], ...] = AnyEntity.__args__

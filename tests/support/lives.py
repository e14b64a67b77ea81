"""Made-up chains for the store: lawful random lives of issuers as headers, raw logs and events, and steps of them.

Fast enough for benches: logs are packed by hand from the event classes' own ABI, words are extended as the contract
would. The contract's rules that matter to projections hold: a batch is anchored once, a key is added once, `previous`
is the profile in force. A chain can be forked: the same blocks up to a number, others behind it.
"""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from registry.credential.place import ContractId
from registry.ledger import events as ev
from registry.ledger.decode import TOPICS, BlockRef, LedgerEvent, RawLog, decode
from registry.ledger.header import Header
from registry.ledger.projection import fold, rows_needed
from registry.ledger.state import State
from registry.ledger.word import IssuerWord, WordDomain
from registry.ports.store import Checkpoint, Step

CONTRACT = ContractId(31337, bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3"))
ACCREDITATION = bytes.fromhex("8464135c8f25da09e49bc8782676a84730c318bc")
DOMAIN = WordDomain(CONTRACT.chain_id, CONTRACT.address, ACCREDITATION)
GENESIS = 1_800_000_000


@dataclass
class _Issuer:
    word: bytes = bytes(32)
    profile: bytes = bytes(32)
    recovery: bytes = bytes(20)
    frozen_by_recovery: bool = False
    keys: list[bytes] = field(default_factory=list)
    retired: set[bytes] = field(default_factory=set)
    batches: list[bytes] = field(default_factory=list)
    requests: list[tuple[bytes, bytes]] = field(default_factory=list)
    accreditor: bytes = bytes(32)
    said: list[tuple[int, bytes]] = field(default_factory=list)


class Life:
    """A growing chain of blocks with events of several issuers.

    Args:
        seed: The same seed, the same chain.
        issuers: How many issuers may come to be.
    """

    def __init__(self, seed: int = 1, issuers: int = 5) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.most = issuers
        self.issuers: dict[int, _Issuer] = {}
        self.blocks: list[tuple[Header, list[tuple[RawLog, LedgerEvent]]]] = []

    def mine(self, blocks: int, events: int = 3, *, anchors_only: bool = False) -> None:
        """Append blocks of up to `events` random events (exactly so many with `anchors_only`)."""
        for _ in range(blocks):
            number = len(self.blocks) + 1
            block = BlockRef(number, self._hash("block", number), GENESIS + 12 * number)
            parent = self.blocks[-1][0].block.hash if self.blocks else bytes(32)
            logs: list[tuple[RawLog, LedgerEvent]] = []
            count = events if anchors_only else self.random.randint(0, events)
            while len(logs) < count:
                kind, values = self._anchor() if anchors_only else self._draw()
                logs.append(self._log(block, len(logs), kind, values))
            self.blocks.append((Header(block, parent, bytes(32), bytes(32), 0, False), logs))

    def fork(self, at: int, seed: int) -> "Life":
        """Another chain with the same blocks up to number `at`."""
        other = Life(seed, self.most)
        for header, logs in self.blocks[:at]:
            other.blocks.append((header, logs))
            for _, item in logs:
                other._note(item.event)
        return other

    def steps(self, first: int = 1, size: int = 4, load=None) -> Iterator[Step]:  # type: ignore[no-untyped-def]
        """The blocks from `first` on as steps of `size` blocks; `load` is the mirror's, else a state of our own."""
        state = State()
        if load is None:
            fold(state, DOMAIN, self.events(first - 1))
        for start in range(first - 1, len(self.blocks), size):
            part = self.blocks[start : start + size]
            events = [pair for _, logs in part for pair in logs]
            items = [item for _, item in events]
            before = load(rows_needed(items)) if load else State(_all(state))
            fold(before, DOMAIN, items)
            if load is None:
                state = before
            last = part[-1][0].block
            point = Checkpoint(last, last.number, 0, last.number, "proof")
            yield Step([header for header, _ in part], events, before, point)

    def events(self, until: int | None = None) -> list[LedgerEvent]:
        """All events up to a block."""
        return [item for header, logs in self.blocks[:until] for _, item in logs]

    def state(self, until: int | None = None) -> State:
        """A fresh fold of everything up to a block: the brute-force answer."""
        return fold(State(), DOMAIN, self.events(until))

    def _hash(self, *what: object) -> bytes:
        return hashlib.sha256(repr((self.seed, *what)).encode()).digest()

    def _draw(self) -> tuple[type[ev.AnyEvent], dict[str, object]]:
        if len(self.issuers) < self.most and (not self.issuers or self.random.random() < 0.2):
            return self._register()
        issuer_id = self.random.choice(list(self.issuers))
        choice = self.random.choices(
            [
                self._anchor,
                self._status,
                self._key,
                self._profile,
                self._reaffirm,
                self._flags,
                self._request,
                self._accredit,
            ],
            [5, 5, 3, 2, 1, 2, 2, 2],
        )[0]
        return choice(issuer_id)

    def _register(self) -> tuple[type[ev.AnyEvent], dict[str, object]]:
        issuer_id = len(self.issuers) + 1
        self.issuers[issuer_id] = _Issuer()
        return ev.IssuerRegistered, {"issuer_id": issuer_id, "recovery": self._bytes(20), "actor": self._bytes(20)}

    def _anchor(self, issuer_id: int | None = None) -> tuple[type[ev.AnyEvent], dict[str, object]]:
        if issuer_id is None:  # benches: round robin over all issuers
            if len(self.issuers) < self.most:
                return self._register()
            issuer_id = self._next()
        values = {"issuer_id": issuer_id, "batch_id": self._bytes(16), "root": self._bytes(32)}
        return ev.Anchored, values | {"leaf_count": self.random.randint(1, 2000), "account": self._bytes(20)}

    def _next(self) -> int:
        self._turn = getattr(self, "_turn", 0) + 1
        return self._turn % self.most + 1

    def _status(self, issuer_id: int) -> tuple[type[ev.AnyEvent], dict[str, object]]:
        issuer = self.issuers[issuer_id]
        if not issuer.batches:
            return self._anchor(issuer_id)
        words = self.random.sample(range(3), self.random.randint(1, 2))
        masks = tuple(ev.WordMask(word, self.random.getrandbits(256)) for word in sorted(words))
        values = {"issuer_id": issuer_id, "batch_id": self.random.choice(issuer.batches), "changes": masks}
        epoch = IssuerWord.unpack(issuer.word).epoch
        return ev.StatusChanged, values | {
            "action": self.random.randint(1, 3),
            "reason": self.random.choice([0, 4]),
            "epoch": epoch,
            "actor": self._bytes(20),
        }

    def _key(self, issuer_id: int) -> tuple[type[ev.AnyEvent], dict[str, object]]:
        issuer, actor = self.issuers[issuer_id], self._bytes(20)
        active = [account for account in issuer.keys if account not in issuer.retired]
        if not active or self.random.random() < 0.5:
            roles = self.random.randint(1, 7)
            return ev.KeyAdded, {"issuer_id": issuer_id, "account": self._bytes(20), "roles": roles, "actor": actor}
        if self.random.random() < 0.5:
            return ev.KeyRetired, {"issuer_id": issuer_id, "account": self.random.choice(active), "actor": actor}
        values = {"issuer_id": issuer_id, "account": self.random.choice(issuer.keys), "actor": actor}
        return ev.KeyDistrusted, values | {"distrust_from": self.random.randint(GENESIS, GENESIS + 500)}

    def _profile(self, issuer_id: int) -> tuple[type[ev.AnyEvent], dict[str, object]]:
        issuer = self.issuers[issuer_id]
        # one of three, so that profiles come back
        others = [h for h in (bytes([n]) * 32 for n in (1, 2, 3)) if h != issuer.profile]
        values = {"issuer_id": issuer_id, "profile_hash": self.random.choice(others), "previous": issuer.profile}
        return ev.ProfileChanged, values | {"actor": self._bytes(20)}

    def _reaffirm(self, issuer_id: int) -> tuple[type[ev.AnyEvent], dict[str, object]]:
        issuer = self.issuers[issuer_id]
        if not issuer.batches or not issuer.keys:
            return self._key(issuer_id)
        account, batch_id = self.random.choice(issuer.keys), self.random.choice(issuer.batches)
        return ev.Reaffirmed, {"issuer_id": issuer_id, "batch_id": batch_id, "account": account}

    def _flags(self, issuer_id: int) -> tuple[type[ev.AnyEvent], dict[str, object]]:
        issuer, actor = self.issuers[issuer_id], self._bytes(20)
        word = IssuerWord.unpack(issuer.word)
        which = self.random.randint(0, 3)
        if which == 0:
            return ev.StatusEpochOpened, {"issuer_id": issuer_id, "epoch": word.epoch + 1, "actor": actor}
        if which == 1:
            return ev.RecoveryChanged, {"issuer_id": issuer_id, "recovery": self._bytes(20), "actor": actor}
        by_recovery = self.random.random() < 0.5
        if not word.frozen or (by_recovery and not issuer.frozen_by_recovery):
            return ev.Frozen, {"issuer_id": issuer_id, "actor": issuer.recovery if by_recovery else actor}
        return ev.Unfrozen, {"issuer_id": issuer_id, "actor": issuer.recovery if issuer.frozen_by_recovery else actor}

    def _request(self, issuer_id: int) -> tuple[type[ev.AnyEvent], dict[str, object]]:
        issuer = self.issuers[issuer_id]
        if issuer.requests and self.random.random() < 0.5:
            requester, account = self.random.choice(issuer.requests)
            kind = self.random.choice([ev.ChangeVetoed, ev.ChangeExecuted])
            values = {"issuer_id": issuer_id, "account": account, "requester": requester}
            return kind, values | {"actor": self.random.choice([requester, self._bytes(20)])}
        actor = self.random.choice([*issuer.keys, issuer.recovery])
        values = {"issuer_id": issuer_id, "account": bytes([self.random.randint(1, 3)]) * 20, "actor": actor}
        return ev.ChangeRequested, values | {"kind": 1, "roles": 1, "distrust_from": 0, "ready_at": GENESIS + 9}

    def _accredit(self, issuer_id: int) -> tuple[type[ev.AnyEvent], dict[str, object]]:
        issuer, values = self.issuers[issuer_id], {"issuer_id": issuer_id, "actor": self._bytes(20)}
        if issuer.said and self.random.random() < 0.4:
            subject, scope = self.random.choice(issuer.said)
            return ev.Withdrawn, values | {"subject": subject, "scope": scope}
        # few subjects and scopes, so that statements are made again
        values |= {"subject": self.random.randint(1, 3), "scope": bytes([self.random.randint(1, 2)]) * 32}
        until = self.random.choice([0, GENESIS + 900, 2**64 - 1])
        return ev.Accredited, values | {"since": self.random.randint(1, GENESIS + 500), "until": until}

    def _bytes(self, size: int) -> bytes:
        return self.random.randbytes(size)

    def _log(
        self, block: BlockRef, index: int, kind: type[ev.AnyEvent], values: dict[str, object]
    ) -> tuple[RawLog, LedgerEvent]:
        """The log with its true word; decoded once with a blank word to learn the payload's hash."""
        issuer = self.issuers[int(str(values["issuer_id"]))]
        beside = kind in ev.ACCREDITATION_TYPES
        before = issuer.accreditor if beside else issuer.word
        old = IssuerWord.unpack(before)
        blank = decode(self._raw(block, index, kind, {**values, "word": bytes(32)}), block)
        frozen = kind is ev.Frozen or (old.frozen and kind is not ev.Unfrozen)
        epoch = int(str(values["epoch"])) if kind is ev.StatusEpochOpened else old.epoch
        domain = DOMAIN.of_accreditation if beside else DOMAIN
        assert domain is not None
        head = domain.head(blank.event.issuer_id, before, blank.payload)
        word = IssuerWord(head, old.sequence + 1, epoch, frozen).pack()
        log = self._raw(block, index, kind, {**values, "word": word})
        item = decode(log, block)
        self._note(item.event)
        return log, item

    def _raw(self, block: BlockRef, index: int, kind: type[ev.AnyEvent], values: dict[str, object]) -> RawLog:
        names = kind.__struct_fields__
        parameters = ev.ABI[kind].replace("(uint64,uint256)", "(uint64;uint256)").split(",")
        topics, heads, tail = [TOPICS[kind]], [], b""
        for name, parameter in zip(names, parameters, strict=True):
            type_, _, rest = parameter.partition(" ")
            word = _abi(type_, values[name])
            if "indexed" in rest:
                topics.append(word)
            elif type_.endswith("[]"):
                masks: tuple[ev.WordMask, ...] = values[name]  # type: ignore[assignment]
                static = sum("indexed" not in p for p in parameters)
                heads.append((32 * static).to_bytes(32, "big"))
                tail = len(masks).to_bytes(32, "big")
                tail += b"".join(m.word_index.to_bytes(32, "big") + m.mask.to_bytes(32, "big") for m in masks)
            else:
                heads.append(word)
        data = b"".join(heads) + tail
        tx_hash = hashlib.sha256(block.hash + bytes([index % 256, index // 256])).digest()
        address = ACCREDITATION if kind in ev.ACCREDITATION_TYPES else CONTRACT.address
        return RawLog(address, tuple(topics), data, block.number, block.hash, tx_hash, index)

    def _note(self, event: ev.AnyEvent) -> None:
        issuer = self.issuers.setdefault(event.issuer_id, _Issuer())
        if isinstance(event, ev.ACCREDITATION_TYPES):
            issuer.accreditor = event.word
        else:
            issuer.word = event.word
        match event:
            case ev.Accredited():
                issuer.said.append((event.subject, event.scope))
            case ev.KeyAdded():
                issuer.keys.append(event.account)
            case ev.KeyRetired() | ev.KeyDistrusted():
                issuer.retired.add(event.account)
            case ev.IssuerRegistered() | ev.RecoveryChanged():
                issuer.recovery = event.recovery
            case ev.Frozen() | ev.Unfrozen():
                by_recovery = event.actor == issuer.recovery or issuer.frozen_by_recovery
                issuer.frozen_by_recovery = isinstance(event, ev.Frozen) and by_recovery
            case ev.ProfileChanged():
                issuer.profile = event.profile_hash
            case ev.Anchored():
                issuer.batches.append(event.batch_id)
            case ev.ChangeRequested():
                issuer.requests.append((event.actor, event.account))
            case _:
                pass


def _abi(kind: str, value: object) -> bytes:
    if isinstance(value, bytes):
        return value.ljust(32, b"\0") if kind.startswith("bytes") else value.rjust(32, b"\0")
    return value.to_bytes(32, "big") if isinstance(value, int) else b""


def _all(state: State):  # type: ignore[no-untyped-def]
    from registry.ledger.entities import ENTITY_TYPES

    return [entity for kind in ENTITY_TYPES for entity in state.all(kind)]

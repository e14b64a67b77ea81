"""The contract and the Python fold side by side: random calls, lawful and not, lead both to the same state and words.

What each call should do is not written down a second time here: the fold hears of it by the logs alone, and everything
that the contract's views can say about a small cast is compared with it. A call that reverts has to leave both alone.
"""

from __future__ import annotations

import os
from collections import Counter

import evm
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from registry.ledger.decode import BlockRef, RawLog, decode
from registry.ledger.entities import (
    Batch,
    Issuer,
    Key,
    PendingChange,
    ProfilePeriod,
    Reaffirmation,
    StatusWord,
)
from registry.ledger.projection import fold
from registry.ledger.record import commitment
from registry.ledger.state import State
from registry.ledger.word import IssuerWord, WordDomain

EXAMPLES, STEPS = int(os.environ.get("CONTRACT_EXAMPLES", "25")), 50
CAST, ISSUERS, LEAVES = 7, (1, 2), 300
ADMIN, ANCHOR, STATUS = 1, 2, 4
BATCH_IDS = [bytes([n]) * 16 for n in (1, 2, 3)]
ROOT_HASH, PROFILES = b"\x52" * 32, [bytes([n]) * 32 for n in (1, 2, 3)]
WAIT = 7 * 86_400
NEVER_THERE = bytes(32)
SEEN: Counter[str] = Counter()

numbers = st.integers(0, 2**32)
issuers = st.sampled_from(ISSUERS)
people = st.integers(0, CAST - 1)


class Both(RuleBasedStateMachine):
    """One contract with two issuers, and the fold of its logs."""

    node: evm.Node

    def __init__(self) -> None:
        super().__init__()
        self.registry = evm.deploy(self.node, evm.artifact("CredentialRegistry"))
        self.domain = WordDomain(31337, bytes.fromhex(self.registry.address[2:]))
        self.state = State()
        self.cast = self.node.accounts[:CAST]
        self.epochs = 1

    @initialize()
    def registered(self) -> None:
        """Each issuer: two admins, who can do everything, an anchor key, a status key; recovery is somebody else."""
        for first in (0, 1):
            people = [self.cast[(first + n) % CAST] for n in range(5)]
            keys = list(zip(people, (7, 7, ANCHOR, STATUS), strict=False))
            self.call(people[0], "register", keys, people[4], PROFILES[0])

    def call(self, sender: str, name: str, *arguments: object) -> bool:
        """Send; a call that reverts has no logs. True if it went through."""
        receipt = self.node.send(self.registry.data(name, *arguments), self.registry.address, sender)
        done = receipt["status"] == "0x1"
        assert done or receipt["logs"] == []
        SEEN["went through" if done else "reverted"] += 1
        block = self.node.call("eth_getBlockByNumber", receipt["blockNumber"], False)
        where = BlockRef(int(block["number"], 16), bytes.fromhex(block["hash"][2:]), int(block["timestamp"], 16))
        items = [decode(_raw(log), where) for log in receipt["logs"]]
        SEEN.update(type(item.event).__name__ for item in items)
        fold(self.state, self.domain, items)
        return done

    def actor(self, issuer: int, roles: int, by: int) -> str:
        """Three times in four somebody who has one of the roles (or is the recovery account, for an admin's)."""
        able = [key.account for key in self.state.all(Key) if key.issuer_id == issuer and key.roles & roles]
        able = [a for a in able if not self.key(issuer, a).retired_at]
        if roles == ADMIN:
            able.append(self.issuer(issuer).recovery)
        if by % 4 != 3 and able:
            return "0x" + able[by // 4 % len(able)].hex()
        return self.cast[by // 4 % CAST]

    def issuer(self, issuer: int) -> Issuer:
        found = self.state.get(Issuer, issuer)
        assert found is not None
        return found

    def key(self, issuer: int, account: bytes) -> Key:
        found = self.state.get(Key, issuer, account)
        assert found is not None
        return found

    def batch(self, issuer: int, which: int) -> tuple[bytes, bytes, int, str]:
        """A record as callers name it; sometimes one that is not there."""
        found = self.state.get(Batch, issuer, BATCH_IDS[which % 3])
        account = "0x" + found.account.hex() if found else self.cast[0]
        return BATCH_IDS[which % 3], ROOT_HASH, LEAVES + (which % 11 == 10), account

    def waiting(self, issuer: int, which: int) -> tuple[str, str]:
        """A requested change; somebody about somebody where there is none."""
        changes = [change for change in self.state.all(PendingChange) if change.issuer_id == issuer]
        if not changes:
            return self.cast[which % CAST], self.cast[which // CAST % CAST]
        change = changes[which % len(changes)]
        return "0x" + change.requester.hex(), "0x" + change.account.hex()

    # ------------------------------------------------------------------------------------------------- the calls

    @rule(seconds=st.sampled_from([1, 3_600, 86_400, WAIT]))
    def time_passes(self, seconds: int) -> None:
        self.node.call("evm_increaseTime", seconds)

    @rule(issuer=issuers, by=numbers, who=people, roles=st.sampled_from([2, 4, 6, 0, 1, 8]))
    def add_key(self, issuer: int, by: int, who: int, roles: int) -> None:
        self.call(self.actor(issuer, ADMIN, by), "addKey", issuer, self.cast[who], roles)

    @rule(issuer=issuers, by=numbers, who=people)
    def retire_key(self, issuer: int, by: int, who: int) -> None:
        self.call(self.actor(issuer, ADMIN, by), "retireKey", issuer, self.cast[who])

    @rule(issuer=issuers, by=numbers, who=people, back=st.sampled_from([0, 3_600, 10 * 86_400, -60]))
    def distrust_key(self, issuer: int, by: int, who: int, back: int) -> None:
        time = int(self.node.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16) - back
        self.call(self.actor(issuer, ADMIN, by), "distrustKey", issuer, self.cast[who], time)

    @rule(issuer=issuers, by=numbers, who=people, kind=st.sampled_from([1, 2, 3, 4, 0]), back=st.integers(0, 5))
    def request_change(self, issuer: int, by: int, who: int, kind: int, back: int) -> None:
        self.call(self.actor(issuer, ADMIN, by), "requestChange", *self.change(issuer, who, kind, back))

    def change(self, issuer: int, who: int, kind: int, back: int) -> tuple[object, ...]:
        """Arguments of a request: roles and time where the kind asks for them, and now and then where it does not."""
        roles = 7 if (kind == 1) != (back == 5) else 0
        return issuer, kind, self.cast[who], roles, self.issuer(issuer).registered_at + back if kind == 3 else 0

    @rule(issuer=issuers, by=numbers, which=numbers)
    def veto_change(self, issuer: int, by: int, which: int) -> None:
        self.call(self.actor(issuer, ADMIN, by), "vetoChange", issuer, *self.waiting(issuer, which))

    @rule(issuer=issuers, who=people, kind=st.integers(1, 4), by=numbers, veto=st.booleans())
    def change_runs_its_course(self, issuer: int, who: int, kind: int, by: int, veto: bool) -> None:
        """Requested, perhaps vetoed by recovery, and executed when its time has come."""
        requester = self.actor(issuer, ADMIN, by)
        self.call(requester, "requestChange", *self.change(issuer, who, kind, 1))
        if veto:
            recovery = "0x" + self.issuer(issuer).recovery.hex()
            self.call(recovery, "vetoChange", issuer, requester, self.cast[who])
        self.node.call("evm_increaseTime", WAIT)
        self.call(self.cast[0], "executeChange", issuer, requester, self.cast[who])

    @rule(issuer=issuers, by=numbers, which=numbers)
    def execute_change(self, issuer: int, by: int, which: int) -> None:
        self.call(self.cast[by % CAST], "executeChange", issuer, *self.waiting(issuer, which))

    @rule(issuer=issuers, one=numbers, two=numbers, who=people, kind=st.integers(1, 4), veto=st.booleans())
    def second_a_change(self, issuer: int, one: int, two: int, who: int, kind: int, veto: bool) -> None:
        """Two ask for the same, one perhaps vetoed by recovery; then anybody carries it out."""
        first, second = self.actor(issuer, ADMIN, one), self.actor(issuer, ADMIN, two)
        for requester in (first, second):
            self.call(requester, "requestChange", *self.change(issuer, who, kind, 1))
        if veto:
            recovery = "0x" + self.issuer(issuer).recovery.hex()
            self.call(recovery, "vetoChange", issuer, first, self.cast[who])
        self.node.call("evm_increaseTime", WAIT)
        self.call(self.cast[0], "executeSeconded", issuer, first, second, self.cast[who])

    @rule(issuer=issuers, by=numbers, rarely=st.integers(0, 3))
    def freeze(self, issuer: int, by: int, rarely: int) -> None:
        if rarely == 3:
            self.call(self.actor(issuer, ADMIN, by), "freeze", issuer)

    @rule(issuer=issuers, by=numbers)
    def unfreeze(self, issuer: int, by: int) -> None:
        self.call(self.actor(issuer, ADMIN, by), "unfreeze", issuer)

    @rule(issuer=issuers, by=numbers, who=people, thaw=st.booleans())
    def recovery_freezes_and_hands_over(self, issuer: int, by: int, who: int, thaw: bool) -> None:
        """Perhaps after an admin did; the account that comes after it finds the issuer as frozen as it was."""
        if by % 2:
            self.call(self.actor(issuer, ADMIN, by), "freeze", issuer)
        self.call("0x" + self.issuer(issuer).recovery.hex(), "freeze", issuer)
        self.change_runs_its_course(issuer, who, 4, by // 2 * 4, veto=False)
        if thaw:
            self.call(self.actor(issuer, ADMIN, by), "unfreeze", issuer)
            self.call("0x" + self.issuer(issuer).recovery.hex(), "unfreeze", issuer)

    @rule(issuer=issuers, by=numbers, profile=st.sampled_from([*PROFILES, NEVER_THERE]))
    def set_profile(self, issuer: int, by: int, profile: bytes) -> None:
        self.call(self.actor(issuer, ADMIN, by), "setProfile", issuer, profile)

    @rule(issuer=issuers, by=numbers)
    def open_status_epoch(self, issuer: int, by: int) -> None:
        self.call(self.actor(issuer, ADMIN, by), "openStatusEpoch", issuer)
        self.epochs = max(self.epochs, IssuerWord.unpack(self.issuer(issuer).word).epoch + 1)

    @rule(issuer=issuers, by=numbers, which=numbers)
    def anchor(self, issuer: int, by: int, which: int) -> None:
        leaves = 0 if which % 7 == 6 else LEAVES
        self.call(self.actor(issuer, ANCHOR, by), "anchor", issuer, BATCH_IDS[which % 3], ROOT_HASH, leaves)

    @rule(issuer=issuers, by=numbers, which=st.lists(st.integers(0, 2), max_size=4))
    def anchor_many(self, issuer: int, by: int, which: list[int]) -> None:
        batches = [(BATCH_IDS[n], ROOT_HASH, LEAVES) for n in which]
        self.call(self.actor(issuer, ANCHOR, by), "anchorMany", issuer, batches)

    @rule(issuer=issuers, by=numbers, which=numbers)
    def reaffirm(self, issuer: int, by: int, which: int) -> None:
        self.call(self.actor(issuer, ANCHOR, by), "reaffirm", issuer, self.batch(issuer, which))

    @rule(issuer=issuers, by=numbers, which=numbers)
    def distrusted_and_reaffirmed(self, issuer: int, by: int, which: int) -> None:
        """A key anchors and is then distrusted from the start; another key stands by the record."""
        lower = [key.account for key in self.state.all(Key) if key.issuer_id == issuer and key.roles & 3 == ANCHOR]
        thief = "0x" + lower[which // 3 % len(lower)].hex()
        self.call(thief, "anchor", issuer, BATCH_IDS[which % 3], ROOT_HASH, LEAVES)
        self.call(self.actor(issuer, ADMIN, by), "distrustKey", issuer, thief, 1)
        self.call(self.actor(issuer, ANCHOR, by), "reaffirm", issuer, self.batch(issuer, which))

    @rule(
        issuer=issuers,
        by=numbers,
        which=numbers,
        action=st.sampled_from([1, 2, 3, 1, 2, 3, 0, 4]),
        reason=st.sampled_from([0, 1, 4, 10, 7, 11]),
        changes=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 2**44)), min_size=1, max_size=3),
    )
    def set_status(self, issuer: int, by: int, which: int, action: int, reason: int, changes: list) -> None:
        if self.state.get(Batch, issuer, BATCH_IDS[which % 3]) is None and which % 5 != 4:
            self.call(self.actor(issuer, ANCHOR, by), "anchor", issuer, BATCH_IDS[which % 3], ROOT_HASH, LEAVES)
        sender = self.actor(issuer, STATUS, by)
        self.call(sender, "setStatus", issuer, self.batch(issuer, which), action, reason, changes)

    # ------------------------------------------------------------------------------------------------ comparison

    @invariant()
    def words_are_equal(self) -> None:
        for issuer in self.state.all(Issuer):
            assert self.registry.view("issuerWord", issuer.issuer_id) == [issuer.word]

    def teardown(self) -> None:
        if not self.state.all(Issuer):
            return
        assert self.registry.view("issuerCount") == [len(self.state.all(Issuer))]
        said = self.fold_says()
        questions = list(said)
        answers = self.registry.views(questions)
        for question, answer in zip(questions, answers, strict=True):
            assert _plain(answer) == said[question], question

    def fold_says(self) -> dict[tuple[object, ...], list[object]]:
        """For every view of the contract and every member of the cast, what the fold expects it to answer."""
        said: dict[tuple[object, ...], list[object]] = {}
        for n in ISSUERS:
            issuer = self.issuer(n)
            said["issuerWord", n] = [issuer.word]
            said["currentProfile", n] = [issuer.profile_hash]
            said["recoveryOf", n] = ["0x" + issuer.recovery.hex(), issuer.frozen_by_recovery]
            for profile in PROFILES:
                period = self.state.get(ProfilePeriod, n, profile)
                said["profilePeriod", n, profile] = [period.since, period.until] if period else [0, 0]
            for account in self.cast:
                said["keyOf", n, account] = self.slot(Key, (n, _bytes(account)), 4)
                for other in self.cast:
                    slot = self.slot(PendingChange, (n, _bytes(account), _bytes(other)), 6)
                    said["pendingChange", n, account, other] = slot
            for batch_id in BATCH_IDS:
                said |= self.batch_says(n, batch_id)
        return said

    def slot(self, kind: type, key: tuple[object, ...], size: int) -> list[object]:
        """The last `size` fields of an entity, or zeros."""
        found = self.state.get(kind, *key)
        return [getattr(found, name) for name in kind.__struct_fields__][-size:] if found else [0] * size

    def batch_says(self, issuer: int, batch_id: bytes) -> dict[tuple[object, ...], list[object]]:
        batch = self.state.get(Batch, issuer, batch_id)
        again = self.state.get(Reaffirmation, issuer, batch_id)
        record = [commitment(batch.root, batch.leaf_count, batch.account), batch.anchored_at] if batch else None
        said: dict[tuple[object, ...], list[object]] = {
            ("recordOf", issuer, batch_id): record or [bytes(27), 0],
            ("reaffirmationOf", issuer, batch_id): (
                ["0x" + again.account.hex(), again.reaffirmed_at] if again else ["0x" + "00" * 20, 0]
            ),
        }
        for epoch in range(self.epochs):
            for index in range(3):
                word = self.state.get(StatusWord, issuer, batch_id, epoch, index)
                bits = [word.revoked, word.suspended] if word else [bytes(32), bytes(32)]
                said["statusWord", issuer, batch_id, epoch, index] = [int.from_bytes(b, "big") for b in bits]
        return said


def _bytes(account: str) -> bytes:
    return bytes.fromhex(account[2:])


def _plain(answer: list[object]) -> list[object]:
    """A struct as its fields; booleans as numbers."""
    fields = answer[0] if len(answer) == 1 and isinstance(answer[0], tuple) else answer
    return [int(field) if isinstance(field, bool) else field for field in fields]


def _raw(log: dict) -> RawLog:
    return RawLog(
        bytes.fromhex(log["address"][2:]),
        tuple(bytes.fromhex(topic[2:]) for topic in log["topics"]),
        bytes.fromhex(log["data"][2:]),
        int(log["blockNumber"], 16),
        bytes.fromhex(log["blockHash"][2:]),
        bytes.fromhex(log["transactionHash"][2:]),
        int(log["logIndex"], 16),
    )


def a_life_with_every_event(machine: Both) -> None:
    """Random runs may miss a kind of event; this one does not."""
    machine.registered()
    machine.set_profile(1, 0, PROFILES[1])
    machine.add_key(1, 0, 5, ANCHOR)
    machine.distrusted_and_reaffirmed(1, 0, 1)
    machine.set_status(1, 0, 0, 1, 4, [(0, 6), (1, 1)])
    machine.open_status_epoch(1, 0)
    machine.freeze(1, 0, 3)
    machine.unfreeze(1, 0)
    machine.retire_key(1, 0, 3)
    machine.second_a_change(1, 0, 4, 6, 4, veto=True)
    machine.change_runs_its_course(2, 2, 2, 0, veto=True)
    machine.words_are_equal()
    machine.teardown()


def test_contract_and_fold_end_in_the_same_state(node: evm.Node) -> None:
    SEEN.clear()
    machine = type("BothOnThisNode", (Both,), {"node": node})
    a_life_with_every_event(machine())
    run_state_machine_as_test(machine, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS))
    print(", ".join(f"{name} {count}" for name, count in sorted(SEEN.items())))
    emitted = {item["name"] for item in evm.artifact("CredentialRegistry")["abi"] if item["type"] == "event"}
    assert emitted - SEEN.keys() == set(), "events that were never emitted"
    assert min(SEEN["reverted"], SEEN["went through"]) > 50

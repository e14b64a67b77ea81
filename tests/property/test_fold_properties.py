"""Random lives of several issuers: the fold equals a simple model, and every disturbance is noticed."""

from collections import defaultdict
from typing import Any

import own_vectors
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import LedgerError
from registry.ledger.decode import BlockRef, LedgerEvent
from registry.ledger.entities import (
    Batch,
    Issuer,
    Key,
    PendingChange,
    ProfilePeriod,
    Reaffirmation,
    StatusChange,
    StatusWord,
)
from registry.ledger.projection import fold
from registry.ledger.state import State
from registry.ledger.word import WordDomain

MAKER = own_vectors.generator()
DOMAIN = WordDomain(MAKER.PLACE["chainId"], bytes.fromhex(MAKER.PLACE["contract"]))

accounts = st.sampled_from([f"{number:02x}" * 20 for number in range(1, 5)])
batches = st.sampled_from([f"{number:02x}" * 16 for number in range(1, 4)])
hashes = st.sampled_from([f"{number:02x}" * 32 for number in range(1, 5)])
masks = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**256 - 1).map(lambda mask: f"{mask:064x}")), max_size=3)
PARTS: dict[str, st.SearchStrategy[Any]] = {
    "address": accounts,
    "bytes16": batches,
    "bytes32": hashes,
    "uint8": st.integers(0, 7),
    "uint16": st.just(0),
    "uint64": st.integers(0, 2**64 - 1),
    "(uint64,uint256)[]": masks,
}


@st.composite
def steps(draw: st.DrawFn) -> tuple[int, str, dict[str, Any]]:
    name = draw(st.sampled_from(sorted(MAKER.EVENTS)))
    values = {field: draw(PARTS[kind]) for field, kind in MAKER.EVENTS[name][1].items()}
    if name == "StatusChanged":
        values["action"] = draw(st.integers(1, 3))
    return draw(st.integers(1, 3)), name, values


class Model:
    """What the contract would hold, written down as plainly as possible."""

    def __init__(self) -> None:
        self.words: dict[int, bytes] = {}
        self.epochs: dict[int, int] = defaultdict(int)
        self.frozen: dict[int, bool] = defaultdict(bool)
        self.by_recovery: dict[int, int] = defaultdict(int)
        self.recovery: dict[int, str] = {}
        self.profile: dict[int, str] = {}
        self.keys: dict[tuple[int, str], list[int]] = {}
        self.periods: dict[tuple[int, str], list[int]] = {}
        self.batches: dict[tuple[int, str], tuple[Any, ...]] = {}
        self.again: dict[tuple[int, str], tuple[Any, ...]] = {}
        self.waiting: dict[tuple[int, str, str], tuple[Any, ...]] = {}
        self.revoked: set[tuple[Any, ...]] = set()
        self.suspended: set[tuple[Any, ...]] = set()
        self.history: list[tuple[Any, ...]] = []

    def lawful(self, issuer: int, name: str, values: dict[str, Any]) -> bool:
        if (issuer in self.words) == (name == "IssuerRegistered"):
            return False
        return name not in ("KeyRetired", "KeyDistrusted") or (issuer, values["account"]) in self.keys

    def take(self, issuer: int, name: str, values: dict[str, Any], time: int) -> None:
        if name == "IssuerRegistered":
            self.recovery[issuer], self.profile[issuer] = values["recovery"], "00" * 32
        elif name == "RecoveryChanged":
            self.recovery[issuer] = values["recovery"]
        elif name == "StatusEpochOpened":
            self.epochs[issuer] = values["epoch"]
        elif name in ("Frozen", "Unfrozen"):
            self.freeze(issuer, values["actor"], freezes=name == "Frozen")
        elif name in ("KeyAdded", "KeyRetired", "KeyDistrusted"):
            self.key(issuer, name, values, time)
        elif name == "Anchored":
            record = (values["root"], values["leafCount"], values["account"], time)
            self.batches[issuer, values["batchId"]] = record
        elif name == "Reaffirmed":
            self.again[issuer, values["batchId"]] = (values["account"], time)
        elif name == "ProfileChanged":
            self.change_profile(issuer, values, time)
        elif name == "StatusChanged":
            self.bits(issuer, values)
        else:
            self.change(issuer, name, values)

    def freeze(self, issuer: int, actor: str, *, freezes: bool) -> None:
        self.frozen[issuer] = freezes
        if not freezes or actor == self.recovery[issuer]:
            self.by_recovery[issuer] = int(freezes)

    def key(self, issuer: int, name: str, values: dict[str, Any], time: int) -> None:
        place = (issuer, values["account"])
        if name == "KeyAdded":
            self.keys[place] = [values["roles"], time, 0, 0]
            return
        key = self.keys[place]
        key[2] = key[2] or time
        if name == "KeyDistrusted":
            key[3] = values["distrustFrom"]

    def change_profile(self, issuer: int, values: dict[str, Any], time: int) -> None:
        if (issuer, values["previous"]) in self.periods:
            self.periods[issuer, values["previous"]][1] = time
        self.periods[issuer, values["profileHash"]] = [time, 0]
        self.profile[issuer] = values["profileHash"]

    def change(self, issuer: int, name: str, values: dict[str, Any]) -> None:
        if name == "ChangeRequested":
            what = (values["kind"], values["roles"], values["distrustFrom"], values["readyAt"])
            by_recovery = int(values["actor"] == self.recovery[issuer])
            self.waiting[issuer, values["actor"], values["account"]] = (*what, by_recovery, 0)
            return
        place = (issuer, values["requester"], values["account"])
        waiting = self.waiting.pop(place, None)
        if name == "ChangeVetoed" and waiting and not waiting[4] and values["actor"] != values["requester"]:
            self.waiting[place] = (*waiting[:5], 1)

    def bits(self, issuer: int, values: dict[str, Any]) -> None:
        for word, mask in values["changes"]:
            place = (issuer, values["batchId"], values["epoch"])
            named = {(*place, word * 256 + bit) for bit in range(256) if int(mask, 16) >> bit & 1}
            if values["action"] == 1:
                self.revoked |= named
            elif values["action"] == 2:
                self.suspended |= named
            else:
                self.suspended -= named
            self.history.append((*place, word, values["action"], values["reason"], mask))


def played(drawn: list[tuple[int, str, dict[str, Any]]]) -> tuple[Model, list[LedgerEvent]]:
    """The lawful part of a draw as decoded events, and what the model makes of it."""
    model, items = Model(), []
    registered = [(issuer, "IssuerRegistered", {"recovery": "0a" * 20, "actor": "0b" * 20}) for issuer in (1, 2, 3)]
    for number, (issuer, name, drawn_values) in enumerate([*registered, *drawn]):
        values = dict(drawn_values)
        if "epoch" in values:
            values["epoch"] = model.epochs[issuer] + (name == "StatusEpochOpened")
        if not model.lawful(issuer, name, values):
            continue
        block = BlockRef(number // 2 + 1, number.to_bytes(32, "big"), 1_800_000_000 + number)
        model.take(issuer, name, values, block.time)
        after = (model.epochs[issuer], model.frozen[issuer])
        log = MAKER.log(name, issuer, values, model.words.get(issuer, bytes(32)), after)
        model.words[issuer] = bytes.fromhex(log["wordAfter"])
        items.append(own_vectors.decoded(log, block, number))
    return model, items


lives = st.lists(steps(), min_size=4, max_size=20)


@settings(max_examples=60)
@given(lives)
def test_state_after_the_fold_equals_a_simple_model(drawn):
    model, items = played(drawn)
    state = fold(State(), DOMAIN, items)
    assert {i.issuer_id: i.word for i in state.all(Issuer)} == model.words
    assert {i.issuer_id: i.recovery.hex() for i in state.all(Issuer)} == model.recovery
    assert {i.issuer_id: i.frozen_by_recovery for i in state.all(Issuer)} == {
        issuer: model.by_recovery[issuer] for issuer in model.words
    }
    assert {i.issuer_id: i.profile_hash.hex() for i in state.all(Issuer)} == model.profile
    keys = {
        (k.issuer_id, k.account.hex()): [k.roles, k.added_at, k.retired_at, k.distrust_from] for k in state.all(Key)
    }
    assert keys == model.keys
    periods = {(p.issuer_id, p.profile_hash.hex()): [p.since, p.until] for p in state.all(ProfilePeriod)}
    assert periods == model.periods
    assert model.batches == {
        (b.issuer_id, b.batch_id.hex()): (b.root.hex(), b.leaf_count, b.account.hex(), b.anchored_at)
        for b in state.all(Batch)
    }
    again = {(r.issuer_id, r.batch_id.hex()): (r.account.hex(), r.reaffirmed_at) for r in state.all(Reaffirmation)}
    assert again == model.again
    assert model.waiting == {
        (p.issuer_id, p.requester.hex(), p.account.hex()): (
            p.kind,
            p.roles,
            p.distrust_from,
            p.ready_at,
            p.by_recovery,
            p.vetoed,
        )
        for p in state.all(PendingChange)
    }
    assert bits_of(state, "revoked") == model.revoked
    assert bits_of(state, "suspended") == model.suspended
    history = [
        (c.issuer_id, c.batch_id.hex(), c.epoch, c.word_index, c.action, c.reason, c.mask.hex())
        for c in state.all(StatusChange)
    ]
    assert sorted(history) == sorted(model.history)


def bits_of(state: State, kind: str) -> set[tuple[Any, ...]]:
    return {
        (w.issuer_id, w.batch_id.hex(), w.epoch, w.word_index * 256 + bit)
        for w in state.all(StatusWord)
        for bit in range(256)
        if int.from_bytes(getattr(w, kind), "big") >> bit & 1
    }


def noticed(items: list[LedgerEvent], words: dict[int, bytes]) -> bool:
    """Refused by the fold, or by comparing the words with those in storage."""
    try:
        state = fold(State(), DOMAIN, items)
    except LedgerError:
        return True
    return {issuer.issuer_id: issuer.word for issuer in state.all(Issuer)} != words


@settings(max_examples=40)
@given(lives, st.integers(0, 10_000))
def test_dropped_doubled_or_moved_event_is_noticed_for_every_event(drawn, seed):
    model, items = played(drawn)
    assert not noticed(items, model.words)
    for place, item in enumerate(items):
        assert noticed(items[:place] + items[place + 1 :], model.words), "dropped"
        at = place + seed % (len(items) - place + 1)
        assert noticed([*items[:at], item, *items[at:]], model.words), "doubled"
        same = [n for n in range(place + 1, len(items)) if items[n].event.issuer_id == item.event.issuer_id]
        if same:
            later = same[seed % len(same)]
            moved = [*items[:place], *items[place + 1 : later + 1], item, *items[later + 1 :]]
            assert noticed(moved, model.words), "moved"


@settings(max_examples=40)
@given(lives, st.data())
def test_event_of_another_life_is_noticed(drawn, data):
    """Replacing an event by one that a neighbour issuer, or the same issuer at another time, truly emitted."""
    model, items = played(drawn)
    place = data.draw(st.integers(0, len(items) - 1))
    other = data.draw(st.integers(0, len(items) - 1).filter(lambda n: n != place))
    assert noticed([*items[:place], items[other], *items[place + 1 :]], model.words)

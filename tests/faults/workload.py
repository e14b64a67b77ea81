"""Random contract calls by many issuers, from a seed: mostly valid, so that every event occurs; some revert."""

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ADMINS = range(5)
RECOVERY = 9
Call = tuple[int, str, tuple[Any, ...]]  # sending account, function, arguments


@dataclass
class Issuer:
    """What the workload remembers of an issuer; accounts are numbers of the chain's funded accounts."""

    admin: int
    keys: dict[int, int] = field(default_factory=dict)
    batches: list[tuple[bytes, bytes, int, int]] = field(default_factory=list)
    pending: list[tuple[int, int]] = field(default_factory=list)
    statements: list[tuple[int, bytes]] = field(default_factory=list)


class Workload:
    """Draws calls and remembers, a block at a time, what they should have done, so that a reorg can be undone.

    Args:
        rng: All choices.
        accounts: 20-byte addresses of the chain's funded accounts.
    """

    def __init__(self, rng: random.Random, accounts: list[bytes]) -> None:
        self.rng = rng
        self.accounts = accounts
        self.issuers: list[Issuer] = []
        self._at: dict[int, list[Issuer]] = {}
        self._now = 0

    def remember(self, block: int, time: int) -> None:
        """Keep what there is after this block."""
        self._at[block] = copy.deepcopy(self.issuers)
        self._now = time

    def go_back(self, block: int) -> None:
        """Forget what came after this block."""
        known = max((number for number in self._at if number <= block), default=None)
        self.issuers = [] if known is None else copy.deepcopy(self._at[known])
        self._at = {number: issuers for number, issuers in self._at.items() if number <= block}

    def block(self, most: int = 6) -> list[Call]:
        """The calls of one block."""
        return [self._call() for _ in range(self.rng.randint(0, most))]

    def _call(self) -> Call:
        if not self.issuers or (len(self.issuers) < 8 and self.rng.random() < 0.15):
            return self._register()
        number = self.rng.randrange(len(self.issuers))
        kind = self.rng.choices(list(_KINDS), list(_KINDS.values()))[0]
        made = _MAKERS[kind](self, number + 1, self.issuers[number])
        return made or self._anchor(number + 1, self.issuers[number])

    def _hash(self, size: int = 32) -> bytes:
        return self.rng.randbytes(size)

    def _register(self) -> Call:
        admin = self.rng.choice(list(ADMINS))
        keys = [(self.accounts[admin], 7)]
        self.issuers.append(Issuer(admin, {admin: 7}))
        return admin, "register", (keys, self.accounts[RECOVERY], self.rng.choice((bytes(32), self._hash())))

    def _anchor(self, issuer_id: int, issuer: Issuer) -> Call:
        signer = self.rng.choice([account for account, roles in issuer.keys.items() if roles & 2] or [issuer.admin])
        batch = (self._hash(16), self._hash(), self.rng.randint(1, 900), signer)
        issuer.batches.append(batch)
        return signer, "anchor", (issuer_id, *batch[:3])

    def _anchor_many(self, issuer_id: int, issuer: Issuer) -> Call:
        batches = [(self._hash(16), self._hash(), self.rng.randint(1, 900)) for _ in range(self.rng.randint(1, 6))]
        issuer.batches += [(*batch, issuer.admin) for batch in batches]
        if self.rng.random() < 0.3:
            batches.append(batches[0])  # taken already: skipped
        return issuer.admin, "anchorMany", (issuer_id, batches)

    def _status(self, issuer_id: int, issuer: Issuer) -> Call | None:
        if not issuer.batches:
            return None
        batch_id, root, count, account = self.rng.choice(issuer.batches)
        words: dict[int, int] = {}
        for index in self.rng.sample(range(count), min(count, self.rng.randint(1, 12))):
            words[index // 256] = words.get(index // 256, 0) | 1 << index % 256
        batch = (batch_id, root, count, self.accounts[account])
        action, reason = self.rng.randint(1, 3), self.rng.choice((0, 1, 4, 5, 9))
        return issuer.admin, "setStatus", (issuer_id, batch, action, reason, sorted(words.items()))

    def _epoch(self, issuer_id: int, issuer: Issuer) -> Call:
        return issuer.admin, "openStatusEpoch", (issuer_id,)

    def _profile(self, issuer_id: int, issuer: Issuer) -> Call:
        return issuer.admin, "setProfile", (issuer_id, self._hash())

    def _add_key(self, issuer_id: int, issuer: Issuer) -> Call | None:
        free = [account for account in range(9) if account not in issuer.keys]
        if not free:
            return None
        account, roles = self.rng.choice(free), self.rng.choice((2, 4, 6))
        issuer.keys[account] = roles
        return issuer.admin, "addKey", (issuer_id, self.accounts[account], roles)

    def _end_key(self, issuer_id: int, issuer: Issuer) -> Call | None:
        ours = [account for account in issuer.keys if account != issuer.admin]
        if not ours:
            return None
        account = self.rng.choice(ours)
        issuer.keys[account] = 0
        if self.rng.random() < 0.5:
            return issuer.admin, "retireKey", (issuer_id, self.accounts[account])
        return issuer.admin, "distrustKey", (issuer_id, self.accounts[account], max(1, self._now - 100))

    def _reaffirm(self, issuer_id: int, issuer: Issuer) -> Call | None:
        lost = [batch for batch in issuer.batches if not issuer.keys.get(batch[3])]
        if not lost:
            return None
        batch_id, root, count, account = self.rng.choice(lost)
        return issuer.admin, "reaffirm", (issuer_id, (batch_id, root, count, self.accounts[account]))

    def _request(self, issuer_id: int, issuer: Issuer) -> Call:
        account = self.rng.choice((5, 6, 7, 8))
        issuer.pending.append((issuer.admin, account))
        return issuer.admin, "requestChange", (issuer_id, 1, self.accounts[account], 7, 0)

    def _settle(self, issuer_id: int, issuer: Issuer) -> Call | None:
        if not issuer.pending:
            return None
        requester, account = issuer.pending.pop(self.rng.randrange(len(issuer.pending)))
        arguments = (issuer_id, self.accounts[requester], self.accounts[account])
        if self.rng.random() < 0.4:
            return RECOVERY, "vetoChange", arguments
        return issuer.admin, "executeChange", arguments

    def _accredit(self, issuer_id: int, issuer: Issuer) -> Call:
        subject, scope = self.rng.randint(1, len(self.issuers)), self._hash()
        if issuer.statements and self.rng.random() < 0.3:
            subject, scope = self.rng.choice(issuer.statements)  # said anew
        issuer.statements.append((subject, scope))
        since = max(1, self._now - self.rng.randint(0, 10_000))
        return issuer.admin, "accredit", (issuer_id, subject, scope, since, self.rng.choice((0, since + 10**6)))

    def _withdraw(self, issuer_id: int, issuer: Issuer) -> Call | None:
        if not issuer.statements:
            return None
        return issuer.admin, "withdraw", (issuer_id, *self.rng.choice(issuer.statements))

    def _freeze(self, issuer_id: int, issuer: Issuer) -> Call:
        return self.rng.choice((issuer.admin, RECOVERY)), "freeze", (issuer_id,)

    def _unfreeze(self, issuer_id: int, issuer: Issuer) -> Call:
        return RECOVERY, "unfreeze", (issuer_id,)


_KINDS = {
    "anchor": 6,
    "anchor_many": 4,
    "status": 8,
    "epoch": 1,
    "profile": 2,
    "add_key": 3,
    "end_key": 2,
    "reaffirm": 2,
    "request": 2,
    "settle": 2,
    "accredit": 3,
    "withdraw": 2,
    "freeze": 1,
    "unfreeze": 3,
}
_MAKERS: dict[str, Callable[[Workload, int, Issuer], Call | None]] = {
    name: getattr(Workload, f"_{name}") for name in _KINDS
}

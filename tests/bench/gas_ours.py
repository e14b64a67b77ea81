"""Our contract as bench-gas measures it: an issuer in steady state with one key a role, and one without gas."""

from __future__ import annotations

import os
from collections.abc import Callable

import evm
from eth_account import Account
from evm import Node

ADMIN, ANCHORER, REVOKER, RELAYER, RECOVERY = 0, 1, 2, 5, 9
FULL = 2**256 - 1
ANCHOR = "uint64 issuerId,bytes16 batchId,bytes32 root,uint64 leafCount,address actor,uint256 deadline"


class Ours:
    """The registry on `node`, deployed from its committed artifact."""

    def __init__(self, node: Node) -> None:
        self.registry = evm.deploy(node, evm.artifact("CredentialRegistry"))
        self.accounts = node.accounts
        self.signer = Account.from_key(os.urandom(32))
        keys = [(self.accounts[ADMIN], 1), (self.accounts[ANCHORER], 2), (self.accounts[REVOKER], 4)]
        keys.append((self.signer.address, 2))
        self.registry.transact("register", keys, self.accounts[RECOVERY], os.urandom(32), sender=ADMIN)
        self.anchored()

    def measures(self) -> dict[str, Callable[[], float]]:
        """Gas by name; each call works on fresh inputs."""
        return {
            "anchor": self.anchor,
            "anchor_many_each": self.anchor_many_each,
            "anchor_by_sig": self.anchor_by_sig,
            "revoke_256_each": lambda: self.revoke(10_000, [(0, FULL)]) / 256,
            "revoke_9984_each": lambda: self.revoke(10_000, [(word, FULL) for word in range(39)]) / 9_984,
            "revoke_first": lambda: self.revoke(10_000, [(3, 1)]),
            "revoke_next": self.revoke_next,
            "deploy_cost": lambda: int(self.registry.receipt["gasUsed"], 16),
        }

    def anchored(self, leaf_count: int = 1_000) -> tuple[bytes, bytes, int, str]:
        """A fresh batch as `setStatus` names it."""
        batch = (os.urandom(16), os.urandom(32), leaf_count)
        self.registry.transact("anchor", 1, *batch, sender=ANCHORER)
        return (*batch, self.accounts[ANCHORER])

    def anchor(self) -> float:
        return self.registry.gas("anchor", 1, os.urandom(16), os.urandom(32), 1_000, sender=ANCHORER)

    def anchor_many_each(self) -> float:
        batches = [(os.urandom(16), os.urandom(32), 1_000) for _ in range(100)]
        return self.registry.gas("anchorMany", 1, batches, sender=ANCHORER) / 100

    def anchor_by_sig(self) -> float:
        """Sent by an account that has no role."""
        fields = (1, os.urandom(16), os.urandom(32), 1_000)
        members = [dict(zip(("type", "name"), part.split(), strict=True)) for part in ANCHOR.split(",")]
        values = (*fields, self.signer.address, 2**40)
        message = {member["name"]: value for member, value in zip(members, values, strict=True)}
        _, name, version, chain, home, _, _ = self.registry.view("eip712Domain")
        domain = {"name": name, "version": version, "chainId": chain, "verifyingContract": home}
        signature = self.signer.sign_typed_data(domain, {"Anchor": members}, message).signature
        return self.registry.gas("anchorBySig", *fields, (self.signer.address, 2**40, signature), sender=RELAYER)

    def revoke(self, leaf_count: int, changes: list[tuple[int, int]]) -> float:
        batch = self.anchored(leaf_count)
        return self.registry.gas("setStatus", 1, batch, 1, 0, changes, sender=REVOKER)

    def revoke_next(self) -> float:
        batch = self.anchored(10_000)
        self.registry.gas("setStatus", 1, batch, 1, 0, [(3, 1)], sender=REVOKER)
        return self.registry.gas("setStatus", 1, batch, 1, 0, [(3, 2)], sender=REVOKER)

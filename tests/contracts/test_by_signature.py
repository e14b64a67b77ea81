"""Every form by signature takes what a wallet library signs, sent by an account without any role.

Types are written here as a wallet shows them; `eth_account` encodes them with code that is not ours.
"""

from __future__ import annotations

import os

import pytest
from eth_account import Account

RELAYER, RECOVERY = 5, 9
ACTOR = Account.from_key(bytes([7]) * 32)
NEW = Account.from_key(bytes([8]) * 32).address
STRUCTS = {
    "KeyGrant": [("account", "address"), ("roles", "uint8")],
    "Batch": [("batchId", "bytes16"), ("root", "bytes32"), ("leafCount", "uint64")],
    "BatchRef": [("batchId", "bytes16"), ("root", "bytes32"), ("leafCount", "uint64"), ("account", "address")],
    "WordMask": [("wordIndex", "uint64"), ("mask", "uint256")],
}
FIELDS = {
    "register": [("keys", "KeyGrant[]"), ("recovery", "address"), ("profileHash", "bytes32")],
    "addKey": [("account", "address"), ("roles", "uint8")],
    "retireKey": [("account", "address")],
    "distrustKey": [("account", "address"), ("distrustFrom", "uint64")],
    "requestChange": [("kind", "uint8"), ("account", "address"), ("roles", "uint8"), ("distrustFrom", "uint64")],
    "vetoChange": [("requester", "address"), ("account", "address")],
    "freeze": [],
    "unfreeze": [],
    "setProfile": [("profileHash", "bytes32")],
    "anchor": [("batchId", "bytes16"), ("root", "bytes32"), ("leafCount", "uint64")],
    "anchorMany": [("batches", "Batch[]")],
    "reaffirm": [("batch", "BatchRef")],
    "setStatus": [("batch", "BatchRef"), ("action", "uint8"), ("reason", "uint8"), ("changes", "WordMask[]")],
    "openStatusEpoch": [],
}


def members(fields):
    return [{"name": name, "type": kind} for name, kind in fields]


def message_value(kind, value):
    """A struct as a mapping, as wallets want it, from the tuple that the ABI wants."""
    if kind.endswith("[]"):
        return [message_value(kind[:-2], item) for item in value]
    if kind in STRUCTS:
        return {name: item for (name, _), item in zip(STRUCTS[kind], value, strict=True)}
    return value


class Relayed:
    """Signs for ACTOR and sends as RELAYER; the issuer's id is kept after registration."""

    def __init__(self, registry):
        self.registry, self.issuer = registry, 0
        self.accounts = registry.node.accounts

    @property
    def domain(self):
        _, name, version, chain, home, _, _ = self.registry.view("eip712Domain")
        return {"name": name, "version": version, "chainId": chain, "verifyingContract": home}

    @property
    def word(self):
        return int.from_bytes(self.registry.view("issuerWord", self.issuer)[0], "big")

    def tail(self, name):
        if name == "anchor":
            return []
        if name == "register":
            return [("nonce", "uint256", self.registry.view("registrationNonce", ACTOR.address)[0])]
        return [("sequence", "uint32", self.word >> 16 & 0xFFFFFFFF)]

    def __call__(self, name, *values):
        deadline = 2**40
        given = [] if name == "register" else [("issuerId", "uint64", self.issuer)]
        given += [(field, kind, value) for (field, kind), value in zip(FIELDS[name], values, strict=True)]
        signed = [*given, ("actor", "address", ACTOR.address), *self.tail(name), ("deadline", "uint256", deadline)]
        primary = name[0].upper() + name[1:]
        used = {kind.removesuffix("[]") for _, kind, _ in given} & STRUCTS.keys()
        types = {primary: members((field, kind) for field, kind, _ in signed)}
        types |= {struct: members(STRUCTS[struct]) for struct in used}
        message = {field: message_value(kind, value) for field, kind, value in signed}
        signature = ACTOR.sign_typed_data(self.domain, types, message).signature
        arguments = [value for _, _, value in given]
        return self.registry.gas(f"{name}BySig", *arguments, (ACTOR.address, deadline, signature), sender=RELAYER)


@pytest.fixture(scope="module")
def relayed(registry):
    call = Relayed(registry)
    call("register", [(ACTOR.address, 7)], call.accounts[RECOVERY], os.urandom(32))
    call.issuer = registry.view("issuerCount")[0]
    return call


def test_an_issuer_without_gas_lives_its_whole_life(relayed, registry):
    issuer, view = relayed.issuer, registry.view
    assert int(registry.node.call("eth_getBalance", ACTOR.address, "latest"), 16) == 0
    batch, other = ((os.urandom(16), os.urandom(32), 300) for _ in range(2))
    reference = (*batch, ACTOR.address)
    relayed("anchor", *batch)
    assert view("anchorCounts", issuer, reference)[0]
    relayed("anchorMany", [batch, other])
    assert view("anchorCounts", issuer, (*other, ACTOR.address))[0]
    relayed("setStatus", reference, 1, 4, [(0, 6), (1, 1)])
    assert view("statusWord", issuer, batch[0], 0, 0) == [6, 0]
    relayed("openStatusEpoch")
    assert relayed.word >> 1 & 0x7FFF == 1
    relayed("setProfile", b"\5" * 32)
    assert view("currentProfile", issuer) == [b"\5" * 32]
    relayed("addKey", NEW, 6)
    relayed("retireKey", NEW)
    relayed("distrustKey", NEW, 1)
    roles, _, retired, distrusted = view("keyOf", issuer, NEW)[0]
    assert (roles, retired > 0, distrusted) == (6, True, 1)


def test_changes_are_requested_and_withdrawn_by_signature(relayed, registry):
    successor = Account.from_key(bytes([9]) * 32).address
    relayed("requestChange", 1, successor, 7, 0)
    assert registry.view("pendingChange", relayed.issuer, ACTOR.address, successor)[0][0] == 1
    relayed("vetoChange", ACTOR.address, successor)
    assert registry.view("pendingChange", relayed.issuer, ACTOR.address, successor)[0][0] == 0


def test_a_record_of_a_distrusted_key_is_reaffirmed_by_signature(relayed, registry):
    key, batch = registry.node.accounts[1], (os.urandom(16), os.urandom(32), 5)
    relayed("addKey", key, 2)
    registry.transact("anchor", relayed.issuer, *batch, sender=1)
    relayed("distrustKey", key, 1)
    assert registry.view("anchorCounts", relayed.issuer, (*batch, key)) == [False, 0]
    relayed("reaffirm", (*batch, key))
    assert registry.view("anchorCounts", relayed.issuer, (*batch, key))[0]


def test_freezing_and_unfreezing_by_signature(relayed):
    relayed("freeze")
    assert relayed.word & 1 == 1
    relayed("unfreeze")
    assert relayed.word & 1 == 0


def test_anchor_by_signature_costs_at_most_66_000(relayed):
    gas = relayed("anchor", os.urandom(16), os.urandom(32), 1_000)
    print(f"anchor_by_sig: {gas:,} (at most 66,000)")
    assert gas <= 66_000

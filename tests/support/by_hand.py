"""Signed checkpoints read by SPEC.md, section 9, and RFC 9162 alone: nothing of the registry is used here."""

import hashlib
import struct


def by_hand_root(words):
    """RFC 9162, section 2.1.1, as it stands there."""

    def tree(leaves):
        if not leaves:
            return hashlib.sha256().digest()
        if len(leaves) == 1:
            return hashlib.sha256(b"\x00" + leaves[0]).digest()
        cut = 1
        while cut * 2 < len(leaves):
            cut *= 2
        return hashlib.sha256(b"\x01" + tree(leaves[:cut]) + tree(leaves[cut:])).digest()

    return tree([struct.pack(">Q", issuer) + word for issuer, word in sorted(words)])


def by_hand_statement(body):
    """The signed bytes out of the JSON form, by SPEC.md, section 9, with nothing of ours."""
    _, chain, address = body["contract"].split(":")
    raw = bytes.fromhex
    beside = body["accreditation"] or {
        "contract": "0x" + "00" * 20,
        "count": 0,
        "root": "0x" + hashlib.sha256().hexdigest(),
    }
    return (
        b"hallmark-checkpoint-01"
        + struct.pack(">Q", int(chain))
        + raw(address[2:])
        + struct.pack(">Q", body["block"]["number"])
        + raw(body["block"]["hash"][2:])
        + struct.pack(">QQQ", body["block"]["time"], body["through"], body["issuers"]["count"])
        + raw(body["issuers"]["root"][2:])
        + raw(beside["contract"][2:])
        + struct.pack(">Q", beside["count"])
        + raw(beside["root"][2:])
    )

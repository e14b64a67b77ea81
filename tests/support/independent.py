"""Is a document in the batch that was anchored? Decided by SPEC.md alone, with nothing of the registry.

Standard library only, and slow: a JSON reader with the limits of section 1, RFC 8785 by hand, RFC 9162 by its recursive
definition, Keccak-256 as FIPS 202 describes the permutation. The verifier and this must agree on every mutant.
"""

import base64
import hashlib
import json
import math
import re

_TAG = b"hallmark-leaf-01"


class Refused(Exception):
    """Not a document, or not one that was anchored here."""


def is_anchored(data: bytes, commitment: bytes) -> bool:
    """Whether document, salt and path in these bytes lead to a record's commitment (27 bytes)."""
    try:
        return _commitment(_read(data)) == commitment
    except (Refused, KeyError, TypeError, ValueError, IndexError, RecursionError, AttributeError):
        return False


def _read(data: bytes):
    if len(data) > 262_144 or data.startswith(b"\xef\xbb\xbf"):
        raise Refused
    document = json.loads(
        data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_never, parse_int=_int, parse_float=_float
    )
    if not isinstance(document, dict) or _depth(document) > 32:
        raise Refused
    json.dumps(document, ensure_ascii=False).encode("utf-8")  # no lone surrogates
    return document


def _object(pairs):
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refused
    return dict(pairs)


def _never(_text):
    raise Refused


def _int(text):
    number = int(text) if len(text) < 20 else 2**60
    if abs(number) > 2**53 - 1:
        raise Refused
    return number


def _float(text):
    number = float(text)
    if not math.isfinite(number):
        raise Refused
    return int(number) if number.is_integer() and abs(number) <= 2**53 - 1 else number


def _depth(value):
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if children is None else 1 + max(map(_depth, children), default=0)


def _jcs(value) -> str:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{_jcs(name)}:{_jcs(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_jcs, value)) + "]"
    if isinstance(value, float):
        return _number(value)
    return json.dumps(value, ensure_ascii=False)  # texts, integers, true, false, null are written alike


def _number(value: float) -> str:
    """ECMAScript's Number::toString, from Python's shortest digits."""
    mantissa, _, exponent = repr(value).partition("e")
    sign, mantissa = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len((whole + fraction).lstrip("0")))
    digits = digits.rstrip("0")
    if 0 < point <= 21:
        text = digits.ljust(point, "0") if len(digits) <= point else f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        power = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
        text = digits[0] + (f".{digits[1:]}" if digits[1:] else "") + power
    return sign + text


def _sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _commitment(document) -> bytes:
    proofs = document["proof"] if isinstance(document["proof"], list) else [document["proof"]]
    (proof,) = [one for one in proofs if isinstance(one, dict) and one.get("cryptosuite") == "evm-merkle-jcs-2026"]
    if set(proof) != {"type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"}:
        raise Refused
    if (proof["type"], proof["proofPurpose"]) != ("DataIntegrityProof", "assertionMethod"):
        raise Refused
    raw = _proof_value(proof["proofValue"])
    place, account, count, index = (
        raw[1:53],
        raw[53:73],
        int.from_bytes(raw[73:81], "big"),
        int.from_bytes(raw[81:89], "big"),
    )
    salt, path = raw[89:121], [raw[at : at + 32] for at in range(121, len(raw), 32)]
    chain, contract = int.from_bytes(place[:8], "big"), place[8:28].hex()
    if proof["verificationMethod"] != f"did:pkh:eip155:{chain}:0x{account.hex()}#blockchainAccountId":
        raise Refused
    _check_pointers(
        document,
        f"urn:hallmark:eip155:{chain}:0x{contract}:{int.from_bytes(place[28:36], 'big')}:{place[36:].hex()}:{index}",
        index,
    )
    body = _sha(_jcs({name: value for name, value in document.items() if name != "proof"}).encode())
    config = _sha(_jcs({name: value for name, value in proof.items() if name != "proofValue"}).encode())
    leaf = _sha(b"\x00" + _TAG + place + index.to_bytes(8, "big") + salt + config + body)
    root = _climb(leaf, index, count, path)
    return keccak(root + count.to_bytes(32, "big") + bytes(12) + account)[:27]


def _proof_value(text) -> bytes:
    if text[:1] != "u" or re.fullmatch(r"[A-Za-z0-9_-]*", text[1:]) is None:
        raise Refused
    raw = base64.urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4))
    if (
        base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text[1:]
        or raw[:1] != b"\x01"
        or len(raw) < 121
        or (len(raw) - 121) % 32
    ):
        raise Refused
    return raw


def _check_pointers(document, expected, index) -> None:
    entries = document.get("credentialStatus", [])
    for entry in entries if isinstance(entries, list) else [entries]:
        identifier = entry.get("id") if isinstance(entry, dict) else None
        if isinstance(identifier, str) and identifier.startswith("urn:hallmark:"):
            place, _, purpose = identifier.partition("#")
            if (
                place != expected
                or purpose not in ("revocation", "suspension")
                or entry.get("statusListIndex") != str(index)
            ):
                raise Refused


def _climb(leaf, index, count, path) -> bytes:
    """RFC 9162, section 2.1.3: the proof of leaf `index` in a tree of `count`, read from its end."""
    if not 0 <= index < count <= 2**40:
        raise Refused
    if count == 1:
        if path:
            raise Refused
        return leaf
    cut = 1 << (count - 1).bit_length() - 1
    sibling, rest = path[-1], path[:-1]
    if index < cut:
        return _sha(b"\x01" + _climb(leaf, index, cut, rest) + sibling)
    return _sha(b"\x01" + sibling + _climb(leaf, index - cut, count - cut, rest))


_ROUNDS, _STATE = [], 1
for _ in range(24):
    _word = 0
    for _bit in range(7):
        _word ^= (_STATE & 1) << ((1 << _bit) - 1)
        _STATE = (_STATE << 1) ^ (0x171 if _STATE & 0x80 else 0)
    _ROUNDS.append(_word)
_MASK = 2**64 - 1


def keccak(data: bytes) -> bytes:
    """Keccak-256 with the padding that Ethereum uses (0x01), FIPS 202, section 3.2."""
    lanes = [[0] * 5 for _ in range(5)]
    padded = data + b"\x01" + bytes(-(len(data) + 1) % 136)
    padded = padded[:-1] + bytes([padded[-1] | 0x80])
    for start in range(0, len(padded), 136):
        for lane in range(17):
            at = start + 8 * lane
            lanes[lane % 5][lane // 5] ^= int.from_bytes(padded[at : at + 8], "little")
        for constant in _ROUNDS:
            _permute(lanes, constant)
    return b"".join(lanes[lane % 5][lane // 5].to_bytes(8, "little") for lane in range(4))


def _turn(value, by):
    return ((value << by % 64) | (value >> (64 - by % 64))) & _MASK


def _permute(lanes, constant) -> None:
    columns = [lane[0] ^ lane[1] ^ lane[2] ^ lane[3] ^ lane[4] for lane in lanes]
    for x in range(5):
        mixed = columns[(x - 1) % 5] ^ _turn(columns[(x + 1) % 5], 1)
        for y in range(5):
            lanes[x][y] ^= mixed
    x, y, current = 1, 0, lanes[1][0]
    for step in range(24):
        x, y = y, (2 * x + 3 * y) % 5
        current, lanes[x][y] = lanes[x][y], _turn(current, (step + 1) * (step + 2) // 2)
    for y in range(5):
        row = [lanes[x][y] for x in range(5)]
        for x in range(5):
            lanes[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5] & _MASK)
    lanes[0][0] ^= constant

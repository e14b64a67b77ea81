"""Write Hallmark's own test vectors from SPEC.md, without a line of the registry's code.

Usage: `python tests/vectors/generate.py` rewrites the JSON files beside it; a test compares them with what this
script says and with what the registry computes, so two independent readings of SPEC.md have to agree.
"""

import json
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import base58
import sha3
from eth_abi import encode
from nacl.signing import SigningKey

HERE = Path(__file__).resolve().parent
CREATED = "2026-01-31T09:30:00Z"
SEED = sha256(b"hallmark vectors: issuer seed").digest()


def secret(name: str, size: int = 32) -> bytes:
    return sha256(b"hallmark vectors: " + name.encode()).digest()[:size]


def keccak(data: bytes) -> bytes:
    return bytes(sha3.keccak_256(data).digest())


def jcs(value: Any) -> bytes:
    """RFC 8785 for what stands in these vectors: objects, arrays, texts, booleans, small integers."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return b"{" + b",".join(jcs(name) + b":" + jcs(value[name]) for name in names) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(jcs, value)) + b"]"
    return json.dumps(value, ensure_ascii=False).encode()


def u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def multibase(data: bytes) -> str:
    return "u" + urlsafe_b64encode(data).decode().rstrip("=")


# --- anchor: sections 1 to 3 -----------------------------------------------------------------------------------------

PLACE = {
    "chainId": 31337,
    "contract": "5fbdb2315678afecb367f032d93f642f64180aa3",
    "issuerId": 7,
    "batchId": secret("batch", 16).hex(),
}
ACCOUNT = secret("account", 20).hex()


def did_key() -> str:
    return "did:key:z" + base58.b58encode(b"\xed\x01" + bytes(SigningKey(SEED).verify_key)).decode()


def pointer(place: dict[str, Any], index: int, purpose: str) -> str:
    batch = f"{place['issuerId']}:{place['batchId']}"
    return f"urn:hallmark:eip155:{place['chainId']}:0x{place['contract']}:{batch}:{index}#{purpose}"


def status_entry(place: dict[str, Any], index: int, purpose: str) -> dict[str, str]:
    contract = f"eip155:{place['chainId']}:0x{place['contract']}"
    return {
        "id": pointer(place, index, purpose),
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": str(index),
        "statusListCredential": f"https://registry.example/v1/status-lists/{contract}/{place['issuerId']}"
        f"/{place['batchId']}/{purpose}",
    }


def credential(place: dict[str, Any], index: int, subject: dict[str, Any]) -> dict[str, Any]:
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": f"urn:uuid:00000000-0000-4000-8000-{index:012x}",
        "type": ["VerifiableCredential"],
        "issuer": did_key(),
        "validFrom": "2026-01-31T00:00:00Z",
        "credentialSubject": subject,
        "credentialStatus": [status_entry(place, index, purpose) for purpose in ("revocation", "suspension")],
    }


def signature(document: dict[str, Any]) -> dict[str, Any]:
    method = did_key()
    config = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": CREATED,
        "verificationMethod": f"{method}#{method.removeprefix('did:key:')}",
        "proofPurpose": "assertionMethod",
        "@context": document["@context"],
    }
    signed = SigningKey(SEED).sign(sha256(jcs(config)).digest() + sha256(jcs(document)).digest()).signature
    return {**config, "proofValue": "z" + base58.b58encode(signed).decode()}


def config_of(place: dict[str, Any], account: str, created: str = CREATED) -> dict[str, str]:
    return {
        "type": "DataIntegrityProof",
        "cryptosuite": "evm-merkle-jcs-2026",
        "created": created,
        "verificationMethod": f"did:pkh:eip155:{place['chainId']}:0x{account}#blockchainAccountId",
        "proofPurpose": "assertionMethod",
    }


def where(place: dict[str, Any]) -> bytes:
    contract, batch_id = bytes.fromhex(place["contract"]), bytes.fromhex(place["batchId"])
    return u64(place["chainId"]) + contract + u64(place["issuerId"]) + batch_id


def entry(place: dict[str, Any], index: int, salt: bytes, cfg_hash: bytes, doc_hash: bytes) -> bytes:
    return b"hallmark-leaf-01" + where(place) + u64(index) + salt + cfg_hash + doc_hash


def proof_bytes(
    place: dict[str, Any], account: str, count: int, index: int, salt: bytes, path: list[bytes], version: int = 1
) -> bytes:
    head = bytes([version]) + where(place) + bytes.fromhex(account) + u64(count) + u64(index) + salt
    return head + b"".join(path)


def root_and_path(leaves: list[bytes], index: int) -> tuple[bytes, list[bytes]]:
    """RFC 9162, sections 2.1.1 and 2.1.3.1, by the recursive definition."""
    if len(leaves) == 1:
        return leaves[0], []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    (left, path_left), (right, path_right) = root_and_path(leaves[:k], index), root_and_path(leaves[k:], index - k)
    root = sha256(b"\x01" + left + right).digest()
    return root, [*path_left, right] if index < k else [*path_right, left]


def commitment(root: bytes, count: int, account: str) -> bytes:
    return keccak(encode(["bytes32", "uint64", "address"], [root, count, "0x" + account]))[:27]


def anchored(
    name: str, documents: list[dict[str, Any]], index: int, place: dict[str, Any] = PLACE, account: str = ACCOUNT
) -> dict[str, Any]:
    """One vector: document `index` of a batch, with every value on the way to its commitment."""
    config = config_of(place, account)
    cfg_hash = sha256(jcs(config)).digest()
    salts = [secret(f"{name} salt {number}") for number in range(len(documents))]
    hashes = [sha256(jcs(document)).digest() for document in documents]
    entries = [entry(place, n, salts[n], cfg_hash, doc_hash) for n, doc_hash in enumerate(hashes)]
    leaves = [sha256(b"\x00" + one).digest() for one in entries]
    root, path = root_and_path(leaves, index)
    raw = proof_bytes(place, account, len(documents), index, salts[index], path)
    proof = {**config, "proofValue": multibase(raw)}
    return {
        "name": name,
        "place": {**place, "index": index},
        "account": account,
        "leafCount": len(documents),
        "salt": salts[index].hex(),
        "canonicalDocument": jcs(documents[index]).decode(),
        "docHash": hashes[index].hex(),
        "canonicalConfig": jcs(config).decode(),
        "cfgHash": cfg_hash.hex(),
        "entry": entries[index].hex(),
        "leaf": leaves[index].hex(),
        "path": [node.hex() for node in path],
        "root": root.hex(),
        "commitment": commitment(root, len(documents), account).hex(),
        "proofValueBytes": raw.hex(),
        "proofValue": proof["proofValue"],
        "credential": {**documents[index], "proof": [signature(documents[index]), proof]},
    }


SUBJECTS: list[dict[str, Any]] = [
    {"id": "urn:uuid:10000000-0000-4000-8000-000000000000", "name": "Ada", "score": 97},
    {"id": "urn:uuid:10000000-0000-4000-8000-000000000001", "name": "Zoë 😀 דּ", "\U0001f600": 1, "\ufb33": True},
    {"id": "urn:uuid:10000000-0000-4000-8000-000000000002", "name": 'quote " slash \\ tab \t', "empty": []},
]


def batch(size: int) -> list[dict[str, Any]]:
    return [credential(PLACE, index, {**SUBJECTS[index % 3], "number": index}) for index in range(size)]


def valid() -> list[dict[str, Any]]:
    vectors = [anchored("batch of one", batch(1), 0)]
    vectors += [anchored(f"batch of three, index {index}", batch(3), index) for index in range(3)]
    vectors += [anchored("batch of 300, last", batch(300), 299), anchored("batch of 257, odd leaf", batch(257), 256)]
    largest = {"chainId": 2**64 - 1, "contract": "ff" * 20, "issuerId": 2**64 - 1, "batchId": "ff" * 16}
    vectors += [anchored("largest numbers", [credential(largest, 0, SUBJECTS[0])], 0, largest, "ff" * 20)]
    return vectors


def changed(proof: dict[str, str], **members: Any) -> dict[str, Any]:
    return {name: value for name, value in {**proof, **members}.items() if value is not None}


def negative() -> Iterator[tuple[str, str, dict[str, Any], str]]:
    """(name, where it is refused, proof, why). `proof`: malformed; `pointer`, `inclusion`: readable but false."""
    good = anchored("batch of three, index 1", batch(3), 1)
    raw, proof = bytes.fromhex(good["proofValueBytes"]), good["credential"]["proof"][1]
    salt, path = bytes.fromhex(good["salt"]), [bytes.fromhex(node) for node in good["path"]]
    value = proof["proofValue"]

    def told(text: Any) -> dict[str, Any]:
        return changed(proof, proofValue=text)

    def made(count: int = 3, index: int = 1, nodes: list[bytes] = path, version: int = 1, **place: Any) -> str:
        return multibase(proof_bytes({**PLACE, **place}, ACCOUNT, count, index, salt, nodes, version))

    yield "missing proofValue", "proof", told(None), "a member is missing"
    yield "proofValue is a number", "proof", told(1), "not a text"
    yield "proofValue is a list", "proof", told([value]), "not a text"
    yield "empty proofValue", "proof", told(""), "no multibase prefix"
    yield "prefix alone", "proof", told("u"), "no bytes"
    yield "no prefix", "proof", told(value[1:]), "no multibase prefix"
    yield "upper-case prefix U", "proof", told("U" + value[1:]), "U is padded base64url"
    yield "prefix m", "proof", told("m" + value[1:]), "m is plain base64"
    yield "base58 of the same bytes", "proof", told("z" + base58.b58encode(raw).decode()), "z is base58"
    yield "hex of the same bytes", "proof", told("f" + raw.hex()), "f is base16"
    yield "one byte too many", "proof", told(multibase(raw + b"\0")), "trailing byte"
    yield "one byte too few", "proof", told(multibase(raw[:-1])), "missing byte"
    yield "one byte in front", "proof", told(multibase(b"\0" + raw)), "the version is 0 and a byte is left over"
    yield "head alone, one byte short", "proof", told(multibase(raw[:120])), "121 bytes at least"
    yield "half a path node", "proof", told(multibase(raw[:-16])), "path of 1.5 hashes"
    yield "padding of one", "proof", told(value + "="), "no padding"
    yield "padding of two", "proof", told(value + "=="), "no padding"
    yield "white space behind", "proof", told(value + " "), "not in the alphabet"
    yield "line feed behind", "proof", told(value + "\n"), "not in the alphabet"
    yield "white space within", "proof", told(value[:50] + " " + value[50:]), "not in the alphabet"
    yield "NUL behind", "proof", told(value + "\0"), "not in the alphabet"
    yield "letter beyond ASCII", "proof", told(value[:-1] + "é"), "not in the alphabet"
    slashed = multibase(proof_bytes(PLACE, ACCOUNT, 3, 1, b"\xff" * 32, path)).replace("_", "/")
    yield "slash of plain base64", "proof", told(slashed), "'/' instead of '_'"
    plussed = multibase(proof_bytes(PLACE, ACCOUNT, 3, 1, b"\xfb\xef\xbe" * 10 + b"\xfb\xef", path)).replace("-", "+")
    yield "plus of plain base64", "proof", told(plussed), "'+' instead of '-'"
    yield "spare bits set", "proof", told(spare_bits(value)), "the last character decodes alike"
    yield "a length that base64 never has", "proof", told(multibase(raw[:-32]) + "A" * 3), "4n + 1 characters"
    yield "5,000 characters", "proof", told("u" + "A" * 5_000), "longer than any anchor proof"
    yield "version 0", "proof", told(made(version=0)), "version 1 only"
    yield "version 2", "proof", told(made(version=2)), "version 1 only"
    yield "version 255", "proof", told(made(version=255)), "version 1 only"
    yield "leafCount 0", "proof", told(made(count=0, index=0)), "a batch has credentials"
    yield "leafCount 2^40 + 1", "proof", told(made(count=2**40 + 1)), "above the limit"
    yield "leafCount 2^64 - 1", "proof", told(made(count=2**64 - 1)), "above the limit"
    yield "index = leafCount", "proof", told(made(index=3)), "outside the batch"
    yield "index 2^64 - 1", "proof", told(made(index=2**64 - 1)), "outside the batch"
    yield "path of 41", "proof", told(made(count=2**40, nodes=[bytes(32)] * 41)), "at most 40"
    yield "another chain than verificationMethod", "proof", told(made(chainId=1)), "the account's chain"
    stranger = proof_bytes(PLACE, "11" * 20, 3, 1, salt, path)
    yield "another account than verificationMethod", "proof", told(multibase(stranger)), "the account"
    method = proof["verificationMethod"]
    for name, text in {
        "verificationMethod names another account": method.replace(ACCOUNT, "11" * 20),
        "verificationMethod names another chain": method.replace(":31337:", ":1:"),
        "verificationMethod in upper-case hex": method.replace(ACCOUNT, ACCOUNT.upper()),
        "verificationMethod without fragment": method.partition("#")[0],
        "verificationMethod with another fragment": method.partition("#")[0] + "#controller",
        "verificationMethod is did:key": did_key(),
        "verificationMethod is empty": "",
    }.items():
        yield name, "proof", changed(proof, verificationMethod=text), "the account that anchored, in its one spelling"
    yield "missing verificationMethod", "proof", changed(proof, verificationMethod=None), "a member is missing"
    yield "verificationMethod is an object", "proof", changed(proof, verificationMethod={"id": method}), "not a text"
    yield "another purpose", "proof", changed(proof, proofPurpose="authentication"), "assertionMethod"
    yield "missing purpose", "proof", changed(proof, proofPurpose=None), "a member is missing"
    yield "another type", "proof", changed(proof, type="Ed25519Signature2020"), "DataIntegrityProof"
    yield "type is a list", "proof", changed(proof, type=["DataIntegrityProof"]), "not a text"
    yield "missing type", "proof", changed(proof, type=None), "a member is missing"
    yield "missing created", "proof", changed(proof, created=None), "a member is missing"
    yield "created is a number", "proof", changed(proof, created=1769851800), "not a text"
    yield "created is no time", "proof", changed(proof, created="yesterday"), "dateTimeStamp"
    yield "created without zone", "proof", changed(proof, created="2026-01-31T09:30:00"), "dateTimeStamp"
    yield "created in another zone", "proof", changed(proof, created="2026-01-31T10:30:00+01:00"), "UTC, Z"
    yield "created is no day", "proof", changed(proof, created="2026-02-30T09:30:00Z"), "dateTimeStamp"
    yield "created in a second 60", "proof", changed(proof, created="2026-06-30T23:59:60Z"), "no leap seconds"
    yield "created behind 24:00:00", "proof", changed(proof, created="2026-01-31T24:00:01Z"), "dateTimeStamp"
    yield "created in the year 10000", "proof", changed(proof, created="10000-01-31T09:30:00Z"), "years 1 to 9999"
    yield "created with a comma", "proof", changed(proof, created="2026-01-31T09:30:00,5Z"), "dateTimeStamp"
    yield "created with a small z", "proof", changed(proof, created="2026-01-31T09:30:00z"), "dateTimeStamp"
    yield "created with zone +00:00", "proof", changed(proof, created="2026-01-31T09:30:00+00:00"), "UTC, Z"
    yield "member id", "proof", changed(proof, id="urn:uuid:1"), "no other member"
    yield "member previousProof", "proof", changed(proof, previousProof="urn:uuid:1"), "no other member"
    yield "member expires", "proof", changed(proof, expires="2027-01-31T09:30:00Z"), "no other member"
    yield "member @context", "proof", changed(proof, **{"@context": "https://example.org/"}), "no other member"
    yield "another contract", "pointer", told(made(contract="22" * 20)), "the document points elsewhere"
    yield "another issuer", "pointer", told(made(issuerId=8)), "the document points elsewhere"
    yield "another batch", "pointer", told(made(batchId="33" * 16)), "the document points elsewhere"
    yield "another index", "pointer", told(made(index=0)), "the document points elsewhere"
    yield (
        "path one hash longer",
        "inclusion",
        told(made(nodes=[*path, bytes(32)])),
        "index and leafCount fix its length",
    )
    yield "path one hash shorter", "inclusion", told(made(nodes=path[:-1])), "index and leafCount fix its length"
    yield "no path", "inclusion", told(made(nodes=[])), "index and leafCount fix its length"
    yield "path turned round", "inclusion", told(made(nodes=path[::-1])), "leaf end first"
    yield "bit of the path flipped", "inclusion", told(multibase(raw[:-1] + bytes([raw[-1] ^ 1]))), "another root"
    salted = proof_bytes(PLACE, ACCOUNT, 3, 1, bytes(32), path)
    yield "another salt", "inclusion", told(multibase(salted)), "another leaf"
    yield "another leafCount, same path length", "inclusion", told(made(count=4)), "the record commits to the count"
    later = changed(proof, created="2026-01-31T09:30:01Z")
    yield "another created", "inclusion", later, "cfgHash is part of the leaf"
    neighbour = anchored("batch of three, index 1", batch(3), 0)["credential"]["proof"][1]
    yield "proof of the neighbour", "pointer", neighbour, "the document points elsewhere"


def spare_bits(value: str) -> str:
    """The same bytes in another spelling: the last character has bits that no byte takes."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = value[:-1] + alphabet[alphabet.index(value[-1]) + 1]
    assert urlsafe_b64decode(other[1:] + "=" * (-len(other[1:]) % 4)) == urlsafe_b64decode(
        value[1:] + "=" * (-len(value[1:]) % 4)
    )
    return other


def pointers() -> dict[str, Any]:
    good = pointer(PLACE, 5, "revocation")
    largest = {"chainId": 2**64 - 1, "contract": "ff" * 20, "issuerId": 2**64 - 1, "batchId": "ff" * 16}
    smallest = {"chainId": 1, "contract": "00" * 20, "issuerId": 1, "batchId": "00" * 16}
    valid = [(PLACE, 5, "revocation"), (PLACE, 0, "suspension"), (largest, 2**64 - 1, "revocation")]
    valid += [(smallest, 0, "suspension")]
    invalid = {
        "empty rest": "urn:hallmark:",
        "upper-case scheme": good.replace("urn:", "URN:"),
        "another namespace of chains": good.replace("eip155", "solana"),
        "no fragment": good.partition("#")[0],
        "empty fragment": good.partition("#")[0] + "#",
        "unknown purpose": good.replace("revocation", "message"),
        "purpose in upper case": good.replace("revocation", "Revocation"),
        "leading zero in the index": good.replace(":5#", ":05#"),
        "leading zero in the chain id": good.replace(":31337:", ":031337:"),
        "leading zero in the issuer id": good.replace(":7:", ":07:"),
        "plus sign": good.replace(":5#", ":+5#"),
        "minus sign": good.replace(":5#", ":-5#"),
        "hexadecimal index": good.replace(":5#", ":0x5#"),
        "empty index": good.replace(":5#", ":#"),
        "index of 2^64": good.replace(":5#", f":{2**64}#"),
        "chain id of 2^64": good.replace(":31337:", f":{2**64}:"),
        "issuer id of 2^64": good.replace(":7:", f":{2**64}:"),
        "index of 21 digits": good.replace(":5#", ":100000000000000000000#"),
        "contract without 0x": good.replace("0x", ""),
        "contract of 19 bytes": good.replace("0x5f", "0x"),
        "contract of 21 bytes": good.replace("0x5f", "0x5f5f"),
        "upper-case contract": good.replace(PLACE["contract"], PLACE["contract"].upper()),
        "upper-case batch id": good.replace(PLACE["batchId"], PLACE["batchId"].upper()),
        "batch id of 15 bytes": good.replace(PLACE["batchId"], PLACE["batchId"][2:]),
        "batch id with 0x": good.replace(PLACE["batchId"], "0x" + PLACE["batchId"]),
        "part missing": good.replace(":7:", ":"),
        "part added": good.replace(":7:", ":7:7:"),
        "white space behind": good + " ",
        "line feed behind": good + "\n",
        "white space within": good.replace(":5#", ": 5#"),
        "Arabic digit": good.replace(":5#", ":\u0665#"),
        "two fragments": good + "#revocation",
        "query": good.replace("#", "?a=b#"),
    }
    assert len({good, *invalid.values()}) == len(invalid) + 1
    return {
        "valid": [
            {"pointer": pointer(place, index, purpose), "place": {**place, "index": index}, "purpose": purpose}
            for place, index, purpose in valid
        ],
        "invalid": [{"name": name, "pointer": text} for name, text in invalid.items()],
    }


# --- anchor: whole documents, section 1 ------------------------------------------------------------------------------


def told(value: Any, **spelling: Any) -> str:
    return json.dumps(value, ensure_ascii=False, **spelling)


def readable() -> Iterator[tuple[str, str]]:
    """(name, text): other spellings of one credential; each leads to the same docHash and the same root."""
    good = anchored("batch of three, index 1", batch(3), 1)["credential"]
    text = told(good)
    yield "as written", text
    yield "no white space", told(good, separators=(",", ":"))
    yield "indented", told(good, indent=4)
    yield (
        "tabs, carriage returns and blank lines around",
        "\r\n\t" + told(good, indent="\t").replace("\n", "\r\n") + "\n\n",
    )
    yield "members the other way round", told(dict(reversed(good.items())))
    yield "everything beyond ASCII escaped", json.dumps(good)
    yield "escapes in upper case", json.dumps(good).replace("\\ud83d\\ude00", "\\uD83D\\uDE00")
    yield "slashes escaped", text.replace("/", "\\/")
    yield "a letter escaped in a member name", text.replace('"issuer"', '"\\u0069ssuer"')
    yield "number with a fraction of zero", text.replace('"number": 1', '"number": 1.0')
    yield "number with an exponent", text.replace('"number": 1', '"number": 10e-1')
    yield "anchor proof before the signature", told({**good, "proof": good["proof"][::-1]})
    yield "anchor proof alone, in an array", told({**good, "proof": good["proof"][1:]})
    yield "anchor proof alone, not in an array", told({**good, "proof": good["proof"][1]})
    yield "a proof of an unknown suite beside it", told({**good, "proof": [{"type": "Other"}, *good["proof"]]})


def unreadable() -> Iterator[tuple[str, bytes, str]]:
    """(name, bytes, why): what is not read at all."""
    text = told(anchored("batch of three, index 1", batch(3), 1)["credential"])

    def with_member(member: str) -> bytes:
        return (text[:-1] + ", " + member + "}").encode()

    yield "empty", b"", "nothing there"
    yield "white space only", b" \n", "nothing there"
    yield "byte order mark", b"\xef\xbb\xbf" + text.encode(), "UTF-8 without byte order mark"
    yield "UTF-16", text.encode("utf-16"), "UTF-8 only"
    yield "Latin-1 byte", with_member('"a": "x"').replace(b'"x"', b'"\xe9"'), "UTF-8 only"
    yield "overlong UTF-8", with_member('"a": "x"').replace(b'"x"', b'"\xc0\xaf"'), "UTF-8 only"
    yield "surrogate in UTF-8", with_member('"a": "x"').replace(b'"x"', b'"\xed\xa0\x80"'), "UTF-8 only"
    yield "cut off", text[:-1].encode(), "not JSON"
    yield "something behind", (text + "{}").encode(), "one document only"
    yield "an array around", f"[{text}]".encode(), "an object"
    yield "a text", b'"urn:hallmark:"', "an object"
    yield "member twice", with_member('"issuer": "did:example:other"'), "no duplicate members"
    yield "member twice, once escaped", with_member('"\\u0069ssuer": "did:example:other"'), "no duplicate members"
    yield "member twice, deep inside", with_member('"a": [{"b": 1, "b": 1}]'), "no duplicate members"
    yield "NaN", with_member('"a": NaN'), "no NaN"
    yield "Infinity", with_member('"a": -Infinity'), "no Infinity"
    yield "number beyond a double", with_member('"a": 1e400'), "no Infinity"
    yield "integer of 2^53", with_member('"a": 9007199254740992'), "within 2^53 - 1"
    yield "integer of -2^53", with_member('"a": -9007199254740992'), "within 2^53 - 1"
    yield "integer of 2^53 with a fraction", with_member('"a": 9007199254740992.0'), "within 2^53 - 1"
    yield "integer of 1e20", with_member('"a": 1e20'), "within 2^53 - 1"
    yield "5,000 digits", with_member('"a": ' + "9" * 5000), "within 2^53 - 1"
    yield "leading zero", with_member('"a": 01'), "not JSON"
    yield "plus sign", with_member('"a": +1'), "not JSON"
    yield "fraction without digits", with_member('"a": 1.'), "not JSON"
    yield "no digit before the point", with_member('"a": .5'), "not JSON"
    yield "hexadecimal number", with_member('"a": 0x10'), "not JSON"
    yield "trailing comma", (text[:-1] + ",}").encode(), "not JSON"
    yield "comment", (text[:-1] + "/* */}").encode(), "not JSON"
    yield "single quotes", with_member("'a': 1"), "not JSON"
    yield "unquoted member", with_member("a: 1"), "not JSON"
    yield "True", with_member('"a": True'), "not JSON"
    yield "control character in a text", with_member('"a": "\x01"'), "not JSON"
    yield "line feed in a text", with_member('"a": "\n"'), "not JSON"
    yield "unknown escape", with_member('"a": "\\x41"'), "not JSON"
    yield "short escape", with_member('"a": "\\u41"'), "not JSON"
    yield "no-break space between", with_member('"a":\u00a01'), "not JSON"
    yield "form feed between", with_member('"a":\f1'), "not JSON"
    yield "high surrogate alone", with_member('"a": "\\ud83d"'), "no lone surrogates"
    yield "low surrogate alone", with_member('"a": "\\ude00"'), "no lone surrogates"
    yield "surrogates the wrong way round", with_member('"a": "\\ude00\\ud83d"'), "no lone surrogates"
    yield "lone surrogate in a member name", with_member('"\\ud83d": 1'), "no lone surrogates"
    yield "33 levels", with_member('"a": ' + "[" * 32 + "]" * 32), "at most 32 levels"
    yield "33 levels of objects", with_member('"a": ' + '{"a":' * 32 + "1" + "}" * 32), "at most 32 levels"
    yield "1,000 levels", with_member('"a": ' + "[" * 1_000 + "]" * 1_000), "at most 32 levels"


def refused() -> Iterator[tuple[str, str, dict[str, Any], str]]:
    """(name, where it is refused, credential, why): whole documents in which everything else is true."""
    three = anchored("batch of three, index 1", batch(3), 1)
    good = three["credential"]
    signed, anchor = good["proof"]

    def pointing(name: str, entries: Any) -> dict[str, Any]:
        """A batch of one that was anchored with these status entries: its leaf and root are true."""
        document = {**credential(PLACE, 0, SUBJECTS[0]), "credentialStatus": entries}
        return anchored(name, [document], 0)["credential"]

    first = status_entry(PLACE, 0, "revocation")
    for name, entries, why in [
        ("second pointer to another index", [first, status_entry(PLACE, 1, "suspension")], "every pointer must agree"),
        ("pointer to another issuer", [status_entry({**PLACE, "issuerId": 8}, 0, "revocation")], "another issuer"),
        ("pointer to another batch", [status_entry({**PLACE, "batchId": "44" * 16}, 0, "revocation")], "another batch"),
        ("pointer to another chain", status_entry({**PLACE, "chainId": 1}, 0, "revocation"), "another chain"),
        ("pointer to another contract", status_entry({**PLACE, "contract": "22" * 20}, 0, "revocation"), "contract"),
        ("statusListIndex of another credential", {**first, "statusListIndex": "1"}, "the index in decimal"),
        ("statusListIndex with a leading zero", {**first, "statusListIndex": "00"}, "the index in decimal"),
        ("statusListIndex is a list", {**first, "statusListIndex": ["0"]}, "the index in decimal"),
        ("statusListIndex is missing", {k: v for k, v in first.items() if k != "statusListIndex"}, "it is missing"),
        ("pointer with an unknown purpose", {**first, "id": first["id"].replace("revocation", "refresh")}, "1.1"),
        ("pointer in upper case", {**first, "id": first["id"].replace("0x5f", "0x5F")}, "1.1"),
        ("pointer with nothing behind its prefix", {**first, "id": "urn:hallmark:"}, "1.1"),
    ]:
        yield name, "pointer", pointing(name, entries), why
    yield "no anchor proof", "proof", {**good, "proof": [signed]}, "it was stripped"
    yield "no proof at all", "proof", {k: v for k, v in good.items() if k != "proof"}, "it was stripped"
    yield "anchor proof twice", "proof", {**good, "proof": [anchor, anchor]}, "one only, even if both are true"
    yield "anchor proof in a list in the list", "proof", {**good, "proof": [[anchor]]}, "a proof is an object"
    yield "another name of the suite", "proof", {**good, "proof": [{**anchor, "cryptosuite": "evm-merkle-2026"}]}, ""
    subject = {**good["credentialSubject"], "name": "Mallory"}
    yield "another learner", "inclusion", {**good, "credentialSubject": subject}, "docHash is part of the leaf"
    yield "a member added", "inclusion", {**good, "name": "Distinction"}, "docHash is part of the leaf"
    no_date = {name: value for name, value in good.items() if name != "validFrom"}
    yield "a member removed", "inclusion", no_date, "docHash is part of the leaf"
    number = {**good["credentialSubject"], "number": "1"}
    yield "a number as a text", "inclusion", {**good, "credentialSubject": number}, "docHash is part of the leaf"
    accent = json.loads(told(good).replace("Zoë", "Zoe\u0308"))
    yield "another Unicode normal form", "inclusion", accent, "RFC 8785 does not normalise"
    entries = [{**entry, "statusListIndex": 1} for entry in good["credentialStatus"]]
    yield "statusListIndex as a number", "inclusion", {**good, "credentialStatus": entries}, "docHash changes"
    yield "type of the document as a text", "inclusion", {**good, "type": "VerifiableCredential"}, "docHash changes"


def spelled(data: bytes) -> dict[str, str]:
    """The bytes as `text` where they are UTF-8, else in hex."""
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"bytes": data.hex()}


def documents() -> dict[str, Any]:
    three = anchored("batch of three, index 1", batch(3), 1)
    expected = {name: three[name] for name in ("docHash", "cfgHash", "leaf", "root", "leafCount", "account")}
    return {
        **expected,
        "readable": [{"name": name, "text": text} for name, text in readable()],
        "unreadable": [{"name": name, **spelled(data), "why": why} for name, data, why in unreadable()],
        "refused": [
            {"name": name, "refused": at, "credential": document, "why": why} for name, at, document, why in refused()
        ],
    }


# --- ledger: sections 5.2 and 5.3 ------------------------------------------------------------------------------------

ADDRESS, WORD = "address", "bytes32"
EVENTS: dict[str, tuple[int, dict[str, str]]] = {
    "IssuerRegistered": (1, {"recovery": ADDRESS, "actor": ADDRESS}),
    "KeyAdded": (2, {"account": ADDRESS, "roles": "uint8", "actor": ADDRESS}),
    "KeyRetired": (2, {"account": ADDRESS, "actor": ADDRESS}),
    "KeyDistrusted": (2, {"account": ADDRESS, "distrustFrom": "uint64", "actor": ADDRESS}),
    "ChangeRequested": (
        2,
        {
            "account": ADDRESS,
            "kind": "uint8",
            "roles": "uint8",
            "distrustFrom": "uint64",
            "readyAt": "uint64",
            "actor": ADDRESS,
        },
    ),
    "ChangeVetoed": (2, {"account": ADDRESS, "requester": ADDRESS, "actor": ADDRESS}),
    "ChangeExecuted": (2, {"account": ADDRESS, "requester": ADDRESS, "actor": ADDRESS}),
    "RecoveryChanged": (2, {"recovery": ADDRESS, "actor": ADDRESS}),
    "ProfileChanged": (2, {"profileHash": WORD, "previous": WORD, "actor": ADDRESS}),
    "Anchored": (2, {"batchId": "bytes16", "root": WORD, "leafCount": "uint64", "account": ADDRESS}),
    "Reaffirmed": (2, {"batchId": "bytes16", "account": ADDRESS}),
    "StatusChanged": (
        2,
        {
            "batchId": "bytes16",
            "action": "uint8",
            "reason": "uint8",
            "epoch": "uint16",
            "changes": "(uint64,uint256)[]",
            "actor": ADDRESS,
        },
    ),
    "StatusEpochOpened": (1, {"epoch": "uint16", "actor": ADDRESS}),
    "Frozen": (1, {"actor": ADDRESS}),
    "Unfrozen": (1, {"actor": ADDRESS}),
}


ACCREDITATION = "8464135c8f25da09e49bc8782676a84730c318bc"
ACCREDITATION_EVENTS: dict[str, tuple[int, dict[str, str]]] = {
    "Accredited": (3, {"subject": "uint64", "scope": WORD, "since": "uint64", "until": "uint64", "actor": ADDRESS}),
    "Withdrawn": (3, {"subject": "uint64", "scope": WORD, "actor": ADDRESS}),
}


def as_abi(kind: str, value: Any) -> Any:
    if kind == ADDRESS:
        return "0x" + value
    if kind.startswith("bytes"):
        return bytes.fromhex(value)
    if kind.endswith("[]"):
        return [(word, int(mask, 16)) for word, mask in value]
    return value


def hashed(kind: str, value: Any) -> bytes:
    """enc(p) of section 5.2."""
    if not kind.endswith("[]"):
        return encode([kind], [as_abi(kind, value)])
    return keccak(b"".join(encode(["uint64", "uint256"], list(pair)) for pair in as_abi(kind, value)))


def log(name: str, issuer_id: int, values: dict[str, Any], before: bytes, after: tuple[int, bool]) -> dict[str, Any]:
    """A log with its payload and words; `after`: epoch and frozen flag as they stand after the event."""
    indexed, kinds = {**EVENTS, **ACCREDITATION_EVENTS}[name]
    contract = ACCREDITATION if name in ACCREDITATION_EVENTS else PLACE["contract"]
    kinds = {"issuerId": "uint64", **kinds}
    values = {"issuerId": issuer_id, **values}
    topic0 = keccak(f"{name}({','.join([*kinds.values(), WORD])})".encode())
    payload = keccak(topic0 + b"".join(hashed(kinds[field], values[field]) for field in kinds))
    domain = (PLACE["chainId"], "0x" + contract, issuer_id, before, payload)
    head = keccak(encode(["uint256", ADDRESS, "uint64", WORD, WORD], domain))[:26]
    sequence = int.from_bytes(before[26:30], "big") + 1
    word = head + sequence.to_bytes(4, "big") + (after[0] * 2 + after[1]).to_bytes(2, "big")
    fields = list(kinds)
    topics = [topic0] + [encode([kinds[f]], [as_abi(kinds[f], values[f])]) for f in fields[:indexed]]
    plain = fields[indexed:]
    data = encode([*(kinds[f] for f in plain), WORD], [*(as_abi(kinds[f], values[f]) for f in plain), word])
    return {
        "event": name,
        "fields": values,
        "topics": [topic.hex() for topic in topics],
        "data": data.hex(),
        "payload": payload.hex(),
        "wordBefore": before.hex(),
        "wordAfter": word.hex(),
    }


def life() -> list[dict[str, Any]]:
    """Every kind of event once at least, as one issuer's chain of words."""
    admin, anchorer, status, thief, recovery, stranger = (
        secret(name, 20).hex() for name in ("admin", "anchorer", "status", "thief", "recovery", "stranger")
    )
    batch_id, batch_2, root = secret("batch", 16).hex(), secret("batch 2", 16).hex(), secret("root").hex()
    hash_1, hash_2 = secret("profile 1").hex(), secret("profile 2").hex()
    full = f"{2**256 - 1:064x}"

    def change(account: str, kind: int, roles: int, distrust: int, actor: str) -> dict[str, Any]:
        times = {"distrustFrom": distrust, "readyAt": 1_800_300_000}
        return {"account": account, "kind": kind, "roles": roles, **times, "actor": actor}

    def bits(action: int, reason: int, epoch: int, masks: list[list[Any]], name: str = batch_id) -> dict[str, Any]:
        return {
            "batchId": name, "action": action, "reason": reason, "epoch": epoch, "changes": masks, "actor": status
        }  # fmt: skip

    executed = {"account": thief, "requester": recovery, "actor": recovery}
    steps: list[tuple[str, dict[str, Any], tuple[int, bool]]] = [
        ("IssuerRegistered", {"recovery": recovery, "actor": admin}, (0, False)),
        ("KeyAdded", {"account": admin, "roles": 1, "actor": admin}, (0, False)),
        ("KeyAdded", {"account": anchorer, "roles": 2, "actor": admin}, (0, False)),
        ("KeyAdded", {"account": status, "roles": 4, "actor": admin}, (0, False)),
        ("ProfileChanged", {"profileHash": hash_1, "previous": "00" * 32, "actor": admin}, (0, False)),
        ("Anchored", {"batchId": batch_id, "root": root, "leafCount": 1000, "account": anchorer}, (0, False)),
        ("Anchored", {"batchId": batch_2, "root": root, "leafCount": 2**40, "account": anchorer}, (0, False)),
        ("StatusChanged", bits(1, 9, 0, [[0, f"{1:064x}"], [3, f"{2**231:064x}"]]), (0, False)),
        ("StatusChanged", bits(2, 6, 0, [[1, f"{6:064x}"]]), (0, False)),
        ("StatusChanged", bits(3, 0, 0, [[1, f"{10:064x}"]]), (0, False)),
        ("StatusChanged", bits(1, 0, 0, []), (0, False)),
        ("StatusChanged", bits(1, 4, 0, [[2**32 - 1, full]], batch_2), (0, False)),
        ("ProfileChanged", {"profileHash": hash_2, "previous": hash_1, "actor": admin}, (0, False)),
        ("KeyAdded", {"account": stranger, "roles": 2, "actor": admin}, (0, False)),
        ("KeyRetired", {"account": stranger, "actor": admin}, (0, False)),
        ("ChangeRequested", change(thief, 1, 7, 0, admin), (0, False)),
        ("ChangeExecuted", {"account": thief, "requester": admin, "actor": admin}, (0, False)),
        ("KeyAdded", {"account": thief, "roles": 7, "actor": admin}, (0, False)),
        ("ChangeRequested", change(admin, 3, 0, 1_800_000_000, thief), (0, False)),
        ("ChangeVetoed", {"account": admin, "requester": thief, "actor": recovery}, (0, False)),
        ("Frozen", {"actor": recovery}, (0, True)),
        ("ChangeRequested", change(thief, 3, 0, 1_800_100_000, recovery), (0, True)),
        ("ChangeExecuted", executed, (0, True)),
        ("KeyDistrusted", {"account": thief, "distrustFrom": 1_800_100_000, "actor": recovery}, (0, True)),
        ("Unfrozen", {"actor": recovery}, (0, False)),
        ("StatusEpochOpened", {"epoch": 1, "actor": admin}, (1, False)),
        ("StatusChanged", bits(1, 9, 1, [[0, f"{1:064x}"]]), (1, False)),
        ("KeyDistrusted", {"account": anchorer, "distrustFrom": 1_799_990_000, "actor": admin}, (1, False)),
        ("KeyDistrusted", {"account": stranger, "distrustFrom": 1_799_000_000, "actor": admin}, (1, False)),
        ("Reaffirmed", {"batchId": batch_id, "account": admin}, (1, False)),
        ("RecoveryChanged", {"recovery": stranger, "actor": admin}, (1, False)),
    ]
    logs, word = [], bytes(32)
    for name, values, after in steps:
        logs.append(log(name, 7, values, word, after))
        word = bytes.fromhex(logs[-1]["wordAfter"])
    return logs


def accreditations() -> list[dict[str, Any]]:
    """What issuer 7 said about issuers 2 and 9, as a chain of its words in the accreditation contract."""
    admin, scope_1, scope_2 = secret("admin", 20).hex(), secret("scope 1").hex(), secret("scope 2").hex()

    def period(subject: int, scope: str, since: int, until: int) -> dict[str, Any]:
        return {"subject": subject, "scope": scope, "since": since, "until": until, "actor": admin}

    def end(subject: int, scope: str) -> dict[str, Any]:
        return {"subject": subject, "scope": scope, "actor": admin}

    steps: list[tuple[str, dict[str, Any]]] = [
        ("Accredited", period(2, scope_1, 1_800_000_000, 1_900_000_000)),
        ("Accredited", period(9, scope_1, 1_700_000_000, 0)),
        ("Withdrawn", end(2, scope_1)),
        ("Accredited", period(9, scope_2, 1, 2**64 - 1)),
        ("Accredited", period(2, scope_1, 1_850_000_000, 0)),
        ("Withdrawn", end(9, scope_2)),
    ]
    logs, word = [], bytes(32)
    for name, values in steps:
        logs.append(log(name, 7, values, word, (0, False)))
        word = bytes.fromhex(logs[-1]["wordAfter"])
    return logs


def files() -> dict[str, Any]:
    """File name → content."""
    three = anchored("batch of three, index 1", batch(3), 1)
    cases = [{"name": name, "refused": at, "why": why, "proof": proof} for name, at, proof, why in negative()]
    document = {name: value for name, value in three["credential"].items() if name != "proof"}
    domain = {"chainId": PLACE["chainId"], "contract": PLACE["contract"]}
    return {
        "anchor/valid.json": {"vectors": valid()},
        "anchor/invalid.json": {
            "document": document,
            "root": three["root"],
            "leafCount": three["leafCount"],
            "account": three["account"],
            "commitment": three["commitment"],
            "cases": cases,
        },
        "anchor/documents.json": documents(),
        "anchor/pointers.json": pointers(),
        "ledger/events.json": {**domain, "issuerId": 7, "logs": life()},
        "ledger/accreditation.json": {
            **domain,
            "accreditation": ACCREDITATION,
            "issuerId": 7,
            "logs": accreditations(),
        },
    }


def render(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    for name, content in files().items():
        (HERE / name).write_text(render(content), encoding="utf-8")
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

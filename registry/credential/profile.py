"""Issuer profiles: who stands behind an issuer id, signed by each of its DIDs (SPEC.md, section 4)."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.credential import signature
from registry.credential.canonical import canonical_hash
from registry.credential.controller import NOTHING, AtHand
from registry.credential.did_key import PREFIX, did_of, method_of
from registry.credential.place import ContractId, u64
from registry.credential.signer import DocumentSigner, signer_of
from registry.errors import CannotTell, MalformedError

TYPE = "HallmarkIssuerProfile"
_OPTIONAL = ("url", "recoveryContact", "statusDelegate")


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile that was read: its hash (32 bytes), names, and the DIDs whose signatures verified.

    `unproven` are the DIDs that it lists but whose control could not be checked here (other methods than did:key).
    """

    hash: bytes
    contract: ContractId
    issuer_id: int
    name: str
    dids: tuple[str, ...]
    unproven: tuple[str, ...]
    accounts: tuple[str, ...]
    document: Mapping[str, Any]


def build_profile(
    contract: ContractId,
    issuer_id: int,
    name: str,
    *,
    signers: Sequence[bytes | DocumentSigner],
    accounts: Sequence[bytes],
    created: str,
    extra: Mapping[str, str] | None = None,
    methods: Sequence[str] = (),
) -> dict[str, Any]:
    """A signed profile document.

    Args:
        contract: The registry contract.
        issuer_id: The issuer's number there.
        name: The issuer's name, as a person reads it.
        signers: Holders, or Ed25519 seeds (32 bytes), of the keys of its did:key DIDs; each signs.
        accounts: Its accounts on the chain, 20 bytes each.
        created: dateTimeStamp.
        extra: Optional members: url, recoveryContact, statusDelegate.
        methods: Verification methods in DID documents on the web under which the first signer's key stands as well;
            their DIDs are listed too, and it signs for each.
    """
    dids = [did_of(signer_of(signer).public_key) for signer in signers]
    on_the_web = list(dict.fromkeys(method.partition("#")[0] for method in methods))
    body: dict[str, Any] = {
        "type": TYPE,
        "version": 1,
        "contract": str(contract),
        "issuerId": str(issuer_id),
        "name": name,
        "dids": dids + on_the_web,
        "accounts": [f"eip155:{contract.chain_id}:0x{account.hex()}" for account in accounts],
        "signatureKeys": [*map(method_of, dids), *methods],
        "created": created,
    }
    body |= {member: value for member, value in (extra or {}).items() if member in _OPTIONAL and value}
    proofs = [signature.sign(body, signer, created) for signer in signers]
    proofs += [signature.sign(body, signers[0], created, also={"verificationMethod": name}) for name in methods]
    return {**body, "proof": proofs}


class KeptDocument(dict[str, Any]):
    """A profile document that nobody changes any more: what reading it gave is kept with it.

    Kept only where nothing but the document decides: every DID a did:key, no proof that ends some day.
    """

    __slots__ = ("profile",)

    def __init__(self, document: Mapping[str, Any]) -> None:
        super().__init__(document)
        self.profile: Profile | None = None

    def decides_alone(self) -> bool:
        """Whether neither the time nor other documents change what reading it gives."""
        ending = ("expires" in proof for proof in self["proof"] if isinstance(proof, dict))
        return not any(ending) and all(did.startswith(PREFIX) for did in self["dids"])


def read_profile(document: Mapping[str, Any], at_hand: AtHand = NOTHING) -> Profile:
    """Read a profile and check the signature of every DID that it lists, as far as their keys can be had.

    Raises:
        MalformedError: Members are missing or of another kind.
        ProofError: A signature does not match.
    """
    if not isinstance(document, KeptDocument):
        return _read(document, at_hand)
    if document.profile is not None:
        return document.profile
    profile = _read(document, at_hand)
    if document.decides_alone():
        document.profile = profile
    return profile


def _read(document: Mapping[str, Any], at_hand: AtHand) -> Profile:
    contract, issuer_id, name = _identity(document)
    dids, accounts = _texts(document, "dids"), _texts(document, "accounts")
    signed = _signers(document, at_hand)
    missing = [did for did in dids if did.startswith(PREFIX) and did not in signed]
    if missing:
        raise MalformedError(
            f"The profile lists {missing[0]} but is not signed by it.", todo="sign it with every DID", path="$.dids"
        )
    proven = tuple(did for did in dids if did in signed)
    unproven = tuple(did for did in dids if did not in signed)
    # a plain dict, for the writer that is fast
    profile_hash = canonical_hash({**document})
    return Profile(profile_hash, contract, issuer_id, name, proven, unproven, accounts, document)


def _signers(document: Mapping[str, Any], at_hand: AtHand) -> set[str]:
    """Who signed, and was seen to hold the key; proofs whose key cannot be had here prove nothing."""
    signed = set()
    for proof in _proofs(document):
        with contextlib.suppress(CannotTell):
            signer = signature.verify(document, proof, at_hand)
            signed |= {signer.controller} if signer.bound else set()
    return signed


def _identity(document: Mapping[str, Any]) -> tuple[ContractId, int, str]:
    values = [document.get(member) for member in ("contract", "issuerId", "name")]
    if document.get("type") != TYPE or document.get("version") != 1 or not all(isinstance(v, str) for v in values):
        raise MalformedError(f"This is no {TYPE} of version 1.", todo="compare it with SPEC.md, section 4")
    contract, issuer_id, name = map(str, values)
    if not (issuer_id.isascii() and issuer_id.isdigit()) or not name.strip():
        raise MalformedError("The profile's issuerId is not a decimal number, or its name is empty.", path="$.issuerId")
    return ContractId.parse(contract), u64(issuer_id), name


def _texts(document: Mapping[str, Any], member: str) -> tuple[str, ...]:
    values = document.get(member)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise MalformedError(f"The profile's {member!r} is not a list of texts.", path=f"$.{member}")
    return tuple(values)


def _proofs(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    proofs = document.get("proof")
    if not isinstance(proofs, list) or not all(isinstance(proof, dict) for proof in proofs):
        raise MalformedError("The profile's 'proof' is not a list.", path="$.proof")
    return [proof for proof in proofs if signature.is_known(proof)]

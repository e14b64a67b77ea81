"""A document's signature proofs, verified once for all steps that ask who signed."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from registry.credential import signature
from registry.credential.controller import AtHand, Signer
from registry.credential.model import Credential
from registry.errors import CannotTell, HallmarkError

# Each may cost a canonicalisation: more are not asked of an untrusted document.
MAX_PROOFS = 8


class Signed(NamedTuple):
    """One proof that verified: who signed, with which verification method and suite."""

    signer: Signer
    method: str
    suite: str


class Signatures(NamedTuple):
    """What a document's signature proofs say.

    Attributes:
        known: How many are of suites that this program checks.
        others: The suites of the others, for a person.
        signed: Those that verified; none of more than MAX_PROOFS.
        refused: Why the first false one is false; those behind it were not looked at.
        missing: Why the first that cannot be told cannot.
    """

    known: int
    others: str
    signed: tuple[Signed, ...] = ()
    refused: HallmarkError | None = None
    missing: CannotTell | None = None


def known_proofs(credential: Credential) -> list[Mapping[str, Any]]:
    """The signature proofs of suites that this program checks."""
    return [proof for proof in credential.signatures if signature.is_known(proof)]


def verify_signatures(credential: Credential, at_hand: AtHand) -> Signatures:
    """Verify the proofs of known suites, until one is false."""
    proofs = known_proofs(credential)
    known = len(proofs)
    others = _other_suites(credential) if known < len(credential.signatures) else ""
    signed: list[Signed] = []
    missing: CannotTell | None = None
    for proof in proofs if known <= MAX_PROOFS else ():
        try:
            signer = signature.verify(credential.document, proof, at_hand, doc_hash=credential.doc_hash)
        except CannotTell as error:
            missing = missing or error
        except HallmarkError as error:
            return Signatures(known, others, tuple(signed), error, missing)
        else:
            signed.append(Signed(signer, str(proof.get("verificationMethod")), signature.suite_name(proof)))
    return Signatures(known, others, tuple(signed), None, missing)


def _other_suites(credential: Credential) -> str:
    others = [proof for proof in credential.signatures if not signature.is_known(proof)]
    return ", ".join(signature.suite_name(proof)[:60] for proof in others)

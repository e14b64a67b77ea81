"""Whether whoever presents a credential is its subject: by a presentation, or by a hashed e-mail address.

Sources: VC Data Model 2.0, section 4.13 (presentations); Data Integrity 1.0, section 2.1 (challenge, domain); Open
Badges 3.0, B.1.11 (IdentityObject). A verifier who asks neither is told "holder not checked".
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, NamedTuple

from registry.credential import signature
from registry.credential.canonical import canonical_bytes
from registry.credential.controller import AtHand
from registry.credential.did_key import PREFIX
from registry.credential.model import Credential
from registry.credential.reader import read_document
from registry.credential.values import as_list
from registry.errors import CannotTell, HallmarkError, MalformedError
from registry.values import value
from registry.verification.report import HOLDER_NOT_CHECKED
from registry.verification.verdict import Check, Verdict
from registry.verification.verify import Presented, present

TYPE = "VerifiablePresentation"
PURPOSE = "authentication"
MAX_CREDENTIALS = 64
_ENVELOPE = "data:application/vc+jwt,"


class Question(NamedTuple):
    """What the verifier wants to know about the presenter; nothing given: nothing is checked.

    Attributes:
        challenge: What the verifier told the holder to sign, used once.
        domain: Whom the presentation must be made for.
        email: An address that the presenter was seen to control.
    """

    challenge: str | None = None
    domain: str | None = None
    email: str | None = None


@value
class Presentation:
    """A readable presentation and the credentials in it."""

    document: Mapping[str, Any]
    credentials: tuple[Presented, ...]


def presentation_of(data: bytes) -> Presentation | None:
    """The presentation in these bytes; None where they are something else.

    Raises:
        MalformedError: A presentation with no credentials, too many, or some in a form that is not known.
    """
    if TYPE.encode() not in data:
        return None
    try:
        document = read_document(data)
    except HallmarkError:
        return None
    if TYPE not in as_list(document.get("type")):
        return None
    items = as_list(document.get("verifiableCredential", []))
    if not 1 <= len(items) <= MAX_CREDENTIALS:
        raise MalformedError(f"The presentation holds {len(items)} credentials; 1 to {MAX_CREDENTIALS} are judged.")
    return Presentation(document, tuple(present(_bytes_of(item)) for item in items))


def _bytes_of(item: Any) -> bytes:
    if not isinstance(item, Mapping):
        raise MalformedError("The presentation holds something that is no credential.")
    identifier = str(item.get("id", ""))
    if identifier.startswith(_ENVELOPE):
        return identifier.removeprefix(_ENVELOPE).encode()
    return canonical_bytes(item)


def check_holder(
    credential: Credential, presentation: Presentation | None, question: Question, at_hand: AtHand
) -> Check:
    """Whether the presenter is the subject, by everything that was offered; the worst of it is told."""
    checks = []
    if presentation is not None and question.challenge is not None:
        checks.append(_check_presentation(credential, presentation.document, question, at_hand))
    elif question.challenge is not None:
        detail = "A presentation was asked for, but this is the credential alone, which anybody may hold."
        checks.append(_holder(Verdict.UNKNOWN, "PRESENTATION_MISSING", detail))
    if question.email is not None:
        checks.append(_check_email(credential.document, question.email))
    if not checks and presentation is not None:
        detail = "Holder not checked: without your challenge, this presentation may be a copy of another one."
        return _holder(Verdict.NOT_CHECKED, "", detail)
    worst = (Verdict.INVALID, Verdict.UNKNOWN, Verdict.VALID)
    return min(checks, key=lambda check: worst.index(check.verdict), default=HOLDER_NOT_CHECKED)


def _check_presentation(
    credential: Credential, document: Mapping[str, Any], question: Question, at_hand: AtHand
) -> Check:
    proofs = [proof for proof in as_list(document.get("proof", [])) if isinstance(proof, Mapping)]
    if not proofs:
        return _holder(Verdict.UNKNOWN, "PROOF_MISSING", "The presentation is not signed.")
    subjects = [item.get("id") for item in as_list(credential.document.get("credentialSubject")) if _is_object(item)]
    try:
        signers = {_presenter(document, proof, question, at_hand) for proof in proofs[:8]}
    except CannotTell as error:
        return _holder(Verdict.UNKNOWN, error.code, str(error))
    except HallmarkError as error:
        return _holder(Verdict.INVALID, error.code, str(error))
    named = [subject for subject in subjects if isinstance(subject, str)]
    if len(named) != len(subjects) or not named:
        detail = "The credential names no subject by an identifier that could sign; an e-mail address may tell."
        return _holder(Verdict.UNKNOWN, "SUBJECT_UNNAMED", detail)
    if set(named) <= signers and _fits(document.get("holder"), signers):
        return _holder(Verdict.VALID, "", f"Presented by its subject, {named[0]}, for this very question.")
    if any(not subject.startswith(PREFIX) for subject in named):
        detail = f"The subject is {named[0][:120]}, whose keys cannot be told here; only did:key holders are checked."
        return _holder(Verdict.UNKNOWN, "KEY_UNKNOWN", detail)
    detail = f"Presented by {min(signers)}, but the credential is about {named[0]}."
    return _holder(Verdict.INVALID, "HOLDER_MISMATCH", detail)


def _presenter(document: Mapping[str, Any], proof: Mapping[str, Any], question: Question, at_hand: AtHand) -> str:
    """Who signed the presentation, for this challenge and domain."""
    if not signature.is_known(proof):
        raise CannotTell(f"The presentation's proof {signature.suite_name(proof)[:60]} is not checked here.")
    if proof.get("challenge") != question.challenge:
        raise MalformedError("The presentation does not answer your challenge: it may be a copy of another one.")
    if question.domain is not None and question.domain not in as_list(proof.get("domain")):
        raise MalformedError("The presentation was not made for your domain.")
    if not str(proof.get("verificationMethod")).startswith(PREFIX):
        raise CannotTell("Only holders with a did:key are checked.")
    return signature.verify(document, proof, at_hand, purpose=PURPOSE).controller


def _fits(holder: Any, signers: set[str]) -> bool:
    identifier = holder.get("id") if isinstance(holder, Mapping) else holder
    return holder is None or identifier in signers


def _check_email(document: Mapping[str, Any], email: str) -> Check:
    """Whether a salted hash in the document is that of the address: it tells the subject, not who sits there."""
    identities = [
        identity
        for subject in as_list(document.get("credentialSubject"))
        if _is_object(subject)
        for identity in as_list(subject.get("identifier", []))
        if _is_object(identity) and identity.get("identityType") == "emailAddress"
    ]
    if any(_matches(identity, address) for identity in identities for address in {email, email.lower()}):
        return _holder(Verdict.VALID, "", "Its subject has the e-mail address that you gave.")
    if not identities:
        return _holder(Verdict.UNKNOWN, "SUBJECT_UNNAMED", "The credential holds no e-mail address to compare with.")
    if any(identity.get("hashed") is True and _sha256_of(identity) is None for identity in identities):
        return _holder(Verdict.UNKNOWN, "UNKNOWN_HASH", "Its subject's e-mail address is hashed in an unknown way.")
    return _holder(Verdict.INVALID, "HOLDER_MISMATCH", "Its subject has another e-mail address than you gave.")


def _matches(identity: Mapping[str, Any], email: str) -> bool:
    if identity.get("hashed") is not True:
        return str(identity.get("identityHash", "")).lower() == email.lower()
    digest, salt = _sha256_of(identity), identity.get("salt", "")
    if digest is None or not isinstance(salt, str):
        return False
    return hmac.compare_digest(digest, hashlib.sha256((email + salt).encode()).hexdigest())


def _sha256_of(identity: Mapping[str, Any]) -> str | None:
    """The hex digits of `sha256$…`; None for another algorithm."""
    name, _, digits = str(identity.get("identityHash", "")).lower().partition("$")
    return digits if name == "sha256" and digits.isascii() else None


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)


def _holder(verdict: Verdict, code: str, detail: str) -> Check:
    return Check("holder", verdict, code, detail, rests_on=("presentation",), assurance="computed")

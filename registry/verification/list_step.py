"""Step 8 for documents whose status lies in lists outside the chain. The lists are evidence that the edge hands in."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from registry.credential.conformance.rules import issuer_of
from registry.credential.controller import NOTHING, AtHand
from registry.credential.model import Credential, read_credential
from registry.credential.status.list_entry import BITSTRING_ENTRY, ListEntry, list_entries, published_entries
from registry.credential.values import as_list
from registry.errors import HallmarkError, StatusVerificationError
from registry.values import value
from registry.verification.evidence import Evidence, NoEvidence, Policy
from registry.verification.issuer_step import check_signature
from registry.verification.profiles import NO_PROFILES, Profiles, status_delegates
from registry.verification.verdict import Check, Verdict

if TYPE_CHECKING:
    from registry.credential.status.status_list import Status, StatusList


class ListAnswer(NamedTuple):
    """What the edge brought from one address.

    Attributes:
        data: The list document's bytes; None where it could not be had.
        read_at: When it was read there, seconds since 1970.
        problem: Why there is none.
    """

    data: bytes | None
    read_at: float
    problem: str = ""


Lists = Mapping[str, ListAnswer]
NO_LISTS: Lists = MappingProxyType({})

_UNREAD = NoEvidence("The chain was not read.", "NOT_ASKED")

_SET = {"revocation": ("REVOKED", "Revoked"), "suspension": ("SUSPENDED", "Suspended")}
_RANK = (Verdict.INVALID, Verdict.UNKNOWN, Verdict.VALID)


def needed_lists(credential: Credential) -> tuple[str, ...]:
    """The addresses of the lists that speak about this document, each once; none where its entries are malformed."""
    if len(as_list(credential.document.get("credentialStatus"))) == len(credential.pointers):
        return ()  # nearly always: all its entries point to the chain
    try:
        entries = list_entries(credential.document)
    except HallmarkError:
        return ()
    return tuple(dict.fromkeys(entry.url for entry in entries if entry.known))


def published_lists(credential: Credential) -> tuple[str, ...]:
    """The addresses of the lists in which wallets find what the chain says about this document."""
    try:
        return tuple(entry.url for entry in published_entries(credential.document))
    except HallmarkError:
        return ()


def check_lists(
    credential: Credential,
    lists: Lists,
    policy: Policy,
    at_hand: AtHand = NOTHING,
    profiles: Profiles = NO_PROFILES,
) -> Check:
    """All entries outside the chain: one that is set is invalid, else one that cannot be told is unknown."""
    if "credentialStatus" not in credential.document:
        return Check("status", Verdict.NOT_APPLICABLE, detail="The document names no status.")
    try:
        entries = list_entries(credential.document)
    except HallmarkError as error:
        return Check("status", Verdict.INVALID, error.code, f"The status entry is malformed: {error.what}")
    if not entries:
        return Check("status", Verdict.NOT_APPLICABLE, detail="The document names no status outside the chain.")
    return _worst(entries, _Asked(credential, lists, policy, at_hand, status_delegates(credential, profiles)))


def with_lists(
    chain: Check,
    credential: Credential,
    lists: Lists,
    policy: Policy,
    at_hand: AtHand = NOTHING,
    evidence: Evidence | NoEvidence = _UNREAD,
    profiles: Profiles = NO_PROFILES,
) -> Check:
    """What the chain says, unless a list that was read says worse: a list that cannot be had changes nothing.

    Where the chain was not read, what it says is taken from the lists that are published for wallets.
    """
    if isinstance(evidence, NoEvidence) and any(_was_read(lists, url) for url in published_lists(credential)):
        chain = _published(credential, lists, policy, at_hand)
    if chain.verdict is Verdict.INVALID or not needed_lists(credential):
        return chain
    listed = check_lists(credential, lists, policy, at_hand, profiles)
    return listed if listed.verdict is Verdict.INVALID else chain


def _was_read(lists: Lists, url: str) -> bool:
    answer = lists.get(url)
    return answer is not None and answer.data is not None


@value
class _Asked:
    """What the entries of one document are judged with; `delegates` may sign lists besides its issuer."""

    credential: Credential
    lists: Lists
    policy: Policy
    at_hand: AtHand
    delegates: tuple[str, ...] = ()


def _worst(entries: Sequence[ListEntry], asked: _Asked) -> Check:
    return min((_check_entry(entry, asked) for entry in entries), key=lambda check: _RANK.index(check.verdict))


def _published(credential: Credential, lists: Lists, policy: Policy, at_hand: AtHand) -> Check:
    """A set bit is invalid; good is only what the lists of both purposes say."""
    entries = published_entries(credential.document)
    found = _worst(entries, _Asked(credential, lists, policy, at_hand))
    missing = {*_SET} - {entry.purpose for entry in entries}
    if found.verdict is Verdict.VALID and missing:
        return _unknown("STATUS_RETRIEVAL_ERROR", f"{found.detail} About {missing.pop()} only the chain tells.")
    return found


def _check_entry(entry: ListEntry, asked: _Asked) -> Check:
    if not entry.known:
        return _unknown("STATUS_RETRIEVAL_ERROR", f"This version does not read status of the type {entry.type[:60]}.")
    answer, policy = asked.lists.get(entry.url), asked.policy
    if answer is None or answer.data is None:
        why = answer.problem if answer else "it was not asked for"
        return _unknown("STATUS_RETRIEVAL_ERROR", f"The status list {entry.url} was not read: {why}.")
    try:
        found = _verified(entry, answer.data, asked)
        return _judge_entry(entry, asked.credential, found, policy, policy.now - answer.read_at)
    except HallmarkError as error:
        return _unknown(error.code, str(error))


def _verified(entry: ListEntry, data: bytes, asked: _Asked) -> "StatusList":
    """The list, once it is known to speak for the credential's issuer: by itself, or by a delegate that it named."""
    from registry.credential.status import status_list

    try:
        carrier = read_credential(data, max_bytes=status_list.MAX_LIST_BYTES)
    except HallmarkError as error:
        raise StatusVerificationError(f"The status list cannot be read: {error.what}") from None
    found = status_list.read_list(carrier.document)
    speakers = (issuer_of(asked.credential.document), *asked.delegates)
    status_list.check_binding(entry, found, speakers, asked.policy.now)
    if entry.type == BITSTRING_ENTRY:
        _check_signer(carrier, asked.credential, asked.at_hand)
    return found


def _check_signer(carrier: Credential, credential: Credential, at_hand: AtHand) -> None:
    """Signed for the issuer; or, where that cannot be told, by the very key that signed the credential.

    A 1EdTech list carries no signature: it counts by its address, which the credential's signature covers.
    """
    check = check_signature(carrier, at_hand)
    if check.verdict is Verdict.VALID:
        return
    same_key = check.code == "SIGNER_UNBOUND" and _methods(carrier) == _methods(credential)
    if not same_key or None in _methods(carrier):
        raise StatusVerificationError(f"The status list's signature: {check.detail or check.code}")


def _methods(credential: Credential) -> set[str | None]:
    """The keys that its proofs name; None for one that names none (a JWS names its key in another place)."""
    named = [proof.get("verificationMethod") for proof in credential.signatures]
    return {method if isinstance(method, str) else None for method in named}


def _judge_entry(entry: ListEntry, credential: Credential, found: "StatusList", policy: Policy, age: float) -> Check:
    from registry.credential.status import status_list

    identifier = credential.document.get("id")
    status = status_list.status_of(entry, found, identifier if isinstance(identifier, str) else None)
    limits = [limit for limit in (found.ttl, policy.max_age) if limit is not None]
    stale = bool(limits) and age > min(limits)
    if status.value and entry.purpose in _SET and not (stale and entry.purpose == "suspension"):
        code, word = _SET[entry.purpose]
        return Check("status", Verdict.INVALID, code, f"{word}, says {entry.url}{_reason(status)}.")
    if stale:
        return _unknown("EVIDENCE_STALE", f"The status list {entry.url} was read {age:,.0f} s ago: too old.")
    # A list that bears another name counts against the credential it was served for, never in favour of it.
    if not status_list.id_matches(entry, found):
        return _unknown("STATUS_VERIFICATION_ERROR", f"The list at {entry.url} calls itself {found.id}.")
    return _good(entry, status)


def _good(entry: ListEntry, status: "Status") -> Check:
    """A value that does not take validity away; of a purpose that nobody explained, only 0 does not."""
    if not status.value:
        return Check("status", Verdict.VALID, detail=f"Its {entry.purpose} list says: no.")
    if entry.purpose == "refresh":
        return Check("status", Verdict.VALID, detail="A newer version of the document can be had from its issuer.")
    if entry.purpose == "message":
        return Check("status", Verdict.VALID, detail=f"The issuer says{_reason(status)}.")
    return _unknown("STATUS_PURPOSE_UNKNOWN", f"Its status {entry.purpose!r} is {status.value}{_reason(status)}.")


def _reason(status: "Status") -> str:
    return f": {status.text[:200]}" if status.text else ""


def _unknown(code: str, detail: str) -> Check:
    return Check("status", Verdict.UNKNOWN, code, detail)

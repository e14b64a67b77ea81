"""DID documents that a verifier believes by somebody's word, and the checks that say so."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from registry.credential import signature
from registry.credential.conformance.rules import issuer_of
from registry.credential.model import Credential
from registry.credential.times import stamp_of
from registry.errors import HallmarkError
from registry.verification.evidence import Assurance, Evidence, NoEvidence
from registry.verification.snapshot import SignedSnapshot, check_snapshots
from registry.verification.verdict import Check, Verdict

Json = Mapping[str, Any]


class AttestedDocument(dict[str, Any]):
    """A DID document that is believed by somebody's word, which `word` tells to a person."""

    __slots__ = ("word",)

    def __init__(self, document: Json, word: str) -> None:
        super().__init__(document)
        self.word = word


def attested_documents(
    documents: Iterable[Json], signed: Iterable[SignedSnapshot], attesters: Collection[str], since: int
) -> dict[str, Json | str]:
    """For each identifier its document, or why it is not believed.

    Args:
        documents: DID documents.
        signed: Snapshots of them, which `check_snapshots` let pass.
        attesters: The did:key of everybody whose word the verifier takes.
        since: Seconds since 1970; what was seen before the credential was anchored does not say whose key it was then.
    """
    found: dict[str, Json | str] = {}
    for document in documents:
        did = str(document.get("id"))
        about = sorted((one for one in signed if one.snapshot.did == did), key=lambda one: one.snapshot.block.number)
        trusted = [one for one in about if one.signer in attesters]
        late = [one for one in trusted if one.snapshot.block.time >= since]
        found[did] = AttestedDocument(document, _word(late[0])) if late else _why_not(about, trusted)
    return found


def documents_by_word(
    documents: Collection[Json],
    signed: Collection[SignedSnapshot],
    attesters: Collection[str],
    evidence: Evidence | NoEvidence,
) -> dict[str, Json | str]:
    """The same for a credential, by what the chain says of it; none where the chain does not tell when it was anchored.

    Args:
        documents: DID documents.
        signed: Snapshots of them.
        attesters: The did:key of everybody whose word the verifier takes.
        evidence: About the credential's place.
    """
    if isinstance(evidence, NoEvidence) or evidence.record is None:
        return {}
    try:
        check_snapshots(documents, signed, evidence.contract.chain_id, evidence.latest)
    except HallmarkError as error:
        return {str(document.get("id")): error.what.rstrip(".") for document in documents}
    return attested_documents(documents, signed, attesters, evidence.record.time)


def _word(one: SignedSnapshot) -> str:
    block = one.snapshot.block
    return f"{one.signer}, who saw the document of {one.snapshot.did} at block {block.number} ({stamp_of(block.time)})"


def _why_not(about: list[SignedSnapshot], trusted: list[SignedSnapshot]) -> str:
    if trusted:
        return f"{trusted[-1].signer} saw its document before the credential was anchored"
    if about:
        names = ", ".join(one.signer for one in about)
        return f"its document is at hand by the word of {names}; if you take it, give --attester"
    return "its document is at hand, but nobody attests it"


def with_attesters(
    checks: Sequence[Check], credential: Credential, controllers: Mapping[str, Json | str]
) -> tuple[Check, ...]:
    """The checks, those that rest on somebody's word about a DID document telling whose word it is."""
    issuer = str(issuer_of(credential.document))
    signers = {signature.method_named(proof).partition("#")[0] for proof in credential.signatures}
    words = {name: one.word for name, one in controllers.items() if isinstance(one, AttestedDocument)}
    about = {"issuer": {issuer} & set(words), "signature": ({issuer} | signers) & set(words)}
    return tuple(
        _attested(check, [words[name] for name in sorted(about[check.name])]) if about.get(check.name) else check
        for check in checks
    )


def _attested(check: Check, words: Sequence[str]) -> Check:
    if check.verdict not in (Verdict.VALID, Verdict.INVALID):
        return check
    detail = f"{check.detail} By the word of {'; '.join(words)}."
    rests_on = (*check.rests_on, *(f"DID snapshot of {word.partition(',')[0]}" for word in words))
    return check._replace(detail=detail, rests_on=rests_on, assurance=Assurance.ATTESTED.value)

"""Whether a registry's signed checkpoints are true: against each other, and against the contract's own storage."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from registry.audit.audit import Outcome
from registry.errors import HallmarkError, LedgerError, ProofError
from registry.ledger.header import Header
from registry.ports.chain import ChainSource
from registry.verification.checkpoint import (
    Checkpoint,
    Comparison,
    SignedCheckpoint,
    check_signature,
    compare,
    words_of,
)

_MOST_ISSUERS = 100_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison: what was found, about which views, and why."""

    outcome: Outcome
    about: str
    detail: str


def check_views(views: Sequence[tuple[str, SignedCheckpoint]], signer: str | None = None) -> list[Finding]:
    """Signatures of checkpoints (name, checkpoint), and each pair of them.

    Args:
        views: Where each was got, and what it was.
        signer: The did:key that the registry is known by; None: that of the first view.
    """
    findings = []
    known = signer or (views[0][1].signer if views else "")
    for name, signed in views:
        if signed.signer != known:
            findings.append(Finding(Outcome.UNKNOWN, name, f"It is signed by {signed.signer}, not by {known}."))
            continue
        try:
            check_signature(signed)
        except ProofError as error:
            findings.append(Finding(Outcome.UNKNOWN, name, f"{error.what} It proves nothing."))
    if findings:
        return findings
    return [_compared(a, b) for a, b in combinations(views, 2)]


def _compared(one: tuple[str, SignedCheckpoint], other: tuple[str, SignedCheckpoint]) -> Finding:
    found, why = compare(one[1].checkpoint, other[1].checkpoint)
    outcomes = {Comparison.AGREE: Outcome.EQUAL, Comparison.TWO_STORIES: Outcome.DIFFERS}
    told = " The registry told two stories: keep both checkpoints, they prove it." if found == "two stories" else ""
    return Finding(outcomes.get(found, Outcome.UNKNOWN), f"{one[0]} and {other[0]}", why + told)


def check_on_chain(chain: ChainSource, name: str, point: Checkpoint) -> Finding:
    """Whether the contract's storage at the checkpoint's block, and up to its end, holds the words that it says."""
    if point.contract != chain.contract:
        return Finding(Outcome.UNKNOWN, name, f"It is about {point.contract}, the deployment about {chain.contract}.")
    if point.accreditation != (chain.accreditation or bytes(20)):
        return Finding(Outcome.UNKNOWN, name, "It names another accreditation contract than the deployment.")
    try:
        chain.check_identity()
        problem = _difference(chain, point)
    except HallmarkError as error:
        return Finding(Outcome.UNKNOWN, name, str(error))
    if problem:
        return Finding(Outcome.DIFFERS, name, problem)
    return Finding(Outcome.EQUAL, name, f"The contract holds these words at block {point.block.number}.")


def _difference(chain: ChainSource, point: Checkpoint) -> str:
    numbers = sorted({point.block.number, point.through})
    headers = chain.headers(numbers)
    if len(headers) != len(numbers):
        raise LedgerError(f"The endpoint has no block {numbers[-1]} yet.", todo="ask again, or another endpoint")
    theirs = headers[point.block.number].block.hash
    if "0x" + theirs.hex() != point.block.hash:
        return f"Block {point.block.number} is 0x{theirs.hex()} on this chain, {point.block.hash} in the checkpoint."
    for number in numbers:
        issuers = words_of(_words(chain, headers[number], beside=False))
        accreditors = words_of(_words(chain, headers[number], beside=True))
        if (issuers, accreditors) != (point.issuers, point.accreditors):
            return f"The contract holds other words at block {number} than the checkpoint says."
    return ""


def _words(chain: ChainSource, header: Header, *, beside: bool) -> list[tuple[int, bytes]]:
    read = chain.accreditation_storage if beside else chain.storage
    counted = read(header, [])
    if counted is None or not counted.issuer_count:
        return []
    registered = chain.storage(header, []).issuer_count
    if registered > _MOST_ISSUERS:
        raise LedgerError(f"There are {registered:,} issuers; up to {_MOST_ISSUERS:,} are asked for.")
    view = read(header, range(1, registered + 1))
    assert view is not None  # it was there a moment ago
    return [(issuer_id, word) for issuer_id, word in view.words.items() if any(word)]

"""Settle a reorganisation: another endpoint's word first, then rewind to the common ancestor, or halt."""

from registry.errors import ChainUnavailable, ReorgPastFinality
from registry.ledger.reorg import Append, Halt, Rewind, decide
from registry.ports import ChainSource, Checkpoint, Mirror, Tiers


def resolve(chain: ChainSource, mirror: Mirror, point: Checkpoint, tiers: Tiers) -> int:
    """Roll the mirror back to the common ancestor and return its number.

    Raises:
        ChainUnavailable: Another endpoint still has our block: the present one is set aside, nothing is rolled back.
        ReorgPastFinality: Final blocks were replaced; remembered in the mirror until an operator decides.
    """
    if chain.agrees(point.block.number, point.block.hash):
        chain.distrust(f"it has another block {point.block.number} than the other endpoints")
        raise ChainUnavailable("Two endpoints disagree about the chain.", todo="the one that differs was set aside")
    known = {n: block_hash for n, block_hash in mirror.known_hashes(point.final).items() if n <= tiers.latest}
    theirs = {number: header.block.hash for number, header in chain.headers(sorted(known)).items()}
    match decide(known, theirs, point.final):
        case Halt(at):
            reason = f"Block {at} was called final and is another one now; the mirror stays as it is."
            mirror.halt(reason)
            raise ReorgPastFinality(reason, todo="compare other endpoints, then see `hallmark index --accept-reorg`")
        case Rewind(ancestor):
            mirror.rewind(ancestor)
            return ancestor
        case Append():
            # The blocks are ours again: the chain moved between two answers.
            raise ChainUnavailable("The chain moved while it was compared.", todo="it is asked again")


def accept(chain: ChainSource, mirror: Mirror) -> int:
    """An operator's decision: take the chain as it is now, back to the newest block that both have; its number."""
    known = mirror.known_hashes(0)
    theirs = {number: header.block.hash for number, header in chain.headers(sorted(known)).items()}
    differing = [number for number, block_hash in known.items() if theirs.get(number) != block_hash]
    ancestor = min(differing) - 1 if differing else max(known, default=0)
    mirror.halt("")
    mirror.rewind(ancestor)
    return ancestor

"""Settle a reorganisation: another endpoint's word first, then rewind to the common ancestor, or halt."""

from collections.abc import Mapping

from registry.errors import ChainUnavailable, ConfigError, ReorgPastFinality
from registry.ledger.reorg import Append, Halt, Rewind, decide
from registry.ports.chain import ChainSource, Tiers
from registry.ports.store import Checkpoint, Mirror


def resolve(chain: ChainSource, mirror: Mirror, point: Checkpoint, tiers: Tiers) -> int:
    """Roll the mirror back to the common ancestor and return its number.

    Blocks above the proven one, in the middle of a catch-up, are nobody's word yet: if those that the node called final
    were replaced, all of them are read again.

    Raises:
        ChainUnavailable: Another endpoint still has our block: the present one is set aside, nothing is rolled back.
        ReorgPastFinality: Final blocks were replaced; remembered in the mirror until an operator decides.
    """
    if chain.agrees(point.block.number, point.block.hash):
        chain.distrust(f"it has another block {point.block.number} than the other endpoints")
        raise ChainUnavailable("Two endpoints disagree about the chain.", todo="the one that differs was set aside")
    final = (
        point.final if point.proven == point.block.number else max(point.final, min(tiers.final, point.block.number))
    )
    known = {n: block_hash for n, block_hash in mirror.known_hashes(final).items() if n <= tiers.latest}
    match decide(known, _theirs(chain, known), final):
        case Halt(at) if at > point.final:
            mirror.rewind(point.proven)
            return point.proven
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


def _theirs(chain: ChainSource, known: Mapping[int, bytes]) -> dict[int, bytes]:
    """Number → hash as the chain has it; a node that cannot say of one of them has not replaced it."""
    found = {number: header.block.hash for number, header in chain.headers(sorted(known)).items()}
    if len(found) < len(known):
        lacking = min(known.keys() - found.keys())
        raise ChainUnavailable(f"The endpoint does not give block {lacking}.", todo="it is asked again, or another one")
    return found


def accept(chain: ChainSource, mirror: Mirror) -> int:
    """An operator's decision: take the chain as it is now, back to the newest block that both have; its number.

    Raises:
        ConfigError: The mirror is not halted: nothing waits for a decision.
        ChainUnavailable: The endpoint does not give all blocks that the mirror has.
    """
    point = mirror.checkpoint()
    if point is None or not point.halted:
        raise ConfigError("The mirror is not halted.", todo="index without --accept-reorg")
    latest = chain.tiers().latest
    known = {number: block_hash for number, block_hash in mirror.known_hashes(0).items() if number <= latest}
    theirs = _theirs(chain, known)
    differing = [number for number, block_hash in known.items() if theirs[number] != block_hash]
    ancestor = min(differing) - 1 if differing else max(known, default=0)
    mirror.halt("")
    mirror.rewind(ancestor)
    return ancestor

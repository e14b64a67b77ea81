"""A reorganisation as a value: append, rewind to a common ancestor, or halt. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Append:
    """The new blocks continue the known chain."""


@dataclass(frozen=True, slots=True)
class Rewind:
    """The known blocks above `ancestor` were replaced; go back to it."""

    ancestor: int


@dataclass(frozen=True, slots=True)
class Halt:
    """Blocks called final were replaced: a person has to look."""

    at: int


Decision = Append | Rewind | Halt


def decide(known: Mapping[int, bytes], theirs: Mapping[int, bytes], final: int) -> Decision:
    """Compare the block hashes that we know with those that the node gives for the same numbers.

    Args:
        known: Number → hash of our canonical blocks, newest ones at least back to `final`.
        theirs: Number → hash as the node has it now, for the same numbers (missing: the node does not have it).
        final: Highest block that we called final.
    """
    differing = [number for number, block_hash in known.items() if theirs.get(number) != block_hash]
    if not differing:
        return Append()
    lowest = min(differing)
    return Halt(lowest) if lowest <= final else Rewind(lowest - 1)

"""Where something stands in the chain. A module of its own, so that a proof is checked without the events' classes."""

from typing import NamedTuple


class BlockRef(NamedTuple):
    """A block: number, hash (32 bytes), time in seconds since 1970."""

    number: int
    hash: bytes
    time: int

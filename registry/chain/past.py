"""Which block of an endpoint's chain a question about the past means, and whether the endpoint still has its state."""

import re

from registry.chain.source import RpcChain
from registry.credential.times import stamp_of
from registry.errors import ChainUnavailable, HallmarkError, RpcError
from registry.verification.evidence import Ask

# How nodes say that they keep no state of a block that they know.
_PRUNED = re.compile(
    r"missing trie node|state .{0,40}(?:not available|unavailable|pruned|missing)|historical state|archive"
    r"|BlockOutOfRange|old data not available|distance to target block|no state available|pruned",
    re.IGNORECASE,
)


class NotThere(HallmarkError):
    """There is no such block, or none in which the contract stood."""

    code = "BLOCK_NOT_READ"


def pruned(error: HallmarkError) -> bool:
    """Whether an endpoint's refusal means that it does not keep the state of an old block."""
    return isinstance(error, ChainUnavailable | RpcError) and bool(_PRUNED.search(error.what))


def block_asked(chain: RpcChain, ask: Ask, latest: int) -> int:
    """The number of the block that a question means.

    Raises:
        NotThere: It comes after the newest one, or before the contract.
    """
    if not ask.is_past:
        return latest
    if ask.block is not None:
        number, asked = ask.block, f"Block {ask.block}"
        late = f"comes after block {latest}" if number > latest else ""
    else:
        assert ask.time is not None  # one of both is given: this is a question about the past
        newest = chain.headers([latest])[latest].block
        # another block may have the newest one's very time: what was said then is known once a later time was read
        asked = f"What is asked for ({stamp_of(ask.time)})"
        late = f"is not over at block {latest} ({stamp_of(newest.time)})" if ask.time >= newest.time else ""
        number = -1 if late else (block_at_time(chain, ask.time, latest) or -1)
    if late:
        raise NotThere(f"{asked} {late}, the newest one that the endpoint has.")
    if number < chain.deployment.block_number:
        raise NotThere(f"{asked} lies before block {chain.deployment.block_number}, in which the contract was made.")
    return number


def block_at_time(chain: RpcChain, time: int, newest: int) -> int | None:
    """The newest block at or before a time (seconds since 1970), up to `newest`; None before the contract's first."""
    low, high = chain.deployment.block_number, newest
    if chain.headers([low])[low].block.time > time:
        return None
    while low < high:
        middle = (low + high + 1) // 2
        if chain.headers([middle])[middle].block.time <= time:
            low = middle
        else:
            high = middle - 1
    return low

"""How many blocks to ask for next: towards a wanted number of logs, down at once when refused, up in steps."""

from dataclasses import dataclass, replace

WANTED_LOGS = 5_000
LARGEST = 10_000
_GROWTH = 4  # at once: the blocks that come next may be fuller
FIRST_BLOCKS = 64  # nothing is known of the chain yet: full blocks would bring tens of thousands of logs


@dataclass(frozen=True, slots=True)
class RangePlan:
    """The present size of a range, in blocks."""

    blocks: int = FIRST_BLOCKS
    ceiling: int = LARGEST

    def after(self, blocks: int, logs: int) -> "RangePlan":
        """After a range of `blocks` brought `logs`: aim at the wanted number, growing at most fourfold."""
        wanted = blocks * WANTED_LOGS // logs if logs else blocks * _GROWTH
        return replace(self, blocks=max(1, min(wanted, max(blocks, self.blocks) * _GROWTH, self.ceiling)))

    def refused(self, blocks: int) -> "RangePlan":
        """After a range of `blocks` was too large: half of it, and never again as much as was refused."""
        half = max(1, blocks // 2)
        return RangePlan(half, max(half, min(self.ceiling, blocks - 1)))

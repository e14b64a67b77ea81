"""What a mirror may say, by its checkpoint's row: no verdict while it is not compared, and everything with a warning.

In the middle of a catch-up, what was read so far is one endpoint's word: only the step that ends it holds the words
against the contract's own (indexer/complete.py). Until then rows may be missing, also below a final block.
"""

from typing import Any, Protocol

from registry.verification.evidence import NoEvidence
from registry.verification.evidence_json import COMPARED

CATCHING_UP = "REGISTRY_CATCHING_UP"


class Standing(Protocol):
    """What is asked of the checkpoint's row."""

    @property
    def block_number(self) -> int:
        """Newest block that was read."""

    @property
    def proven(self) -> int:
        """Up to which block the words were compared."""

    @property
    def evidence(self) -> str:
        """How; empty where they never were."""

    @property
    def halted(self) -> str:
        """Why the mirror stands still; empty while it does not."""


def is_compared(point: Standing) -> bool:
    """Whether everything that was read has been compared with the contract."""
    return point.proven >= point.block_number and point.evidence in COMPARED


def catching_up(point: Standing) -> NoEvidence | None:
    """Why nothing can be told yet; None where something can."""
    if is_compared(point):
        return None
    compared = f"up to block {point.proven} only" if point.evidence in COMPARED and point.proven else "none of it yet"
    what = f"This registry is catching up. It has read block {point.block_number}, and compared {compared} with the"
    return NoEvidence(f"{what} contract's own state. Ask again in a moment, or ask the chain.", CATCHING_UP)


def warning_of(point: Standing) -> str:
    """What a look-up says beside its rows: that they are not compared, or that the mirror is halted; else empty."""
    missing = catching_up(point)
    halted = f"This registry's mirror is halted. {point.halted}" if point.halted else ""
    return " ".join(filter(None, (missing.reason if missing else "", halted)))


def marked(body: dict[str, Any], point: Standing | None) -> dict[str, Any]:
    """The answer, with a `warning` where there is one."""
    warning = "" if point is None else warning_of(point)
    return {**body, "warning": warning} if warning else body

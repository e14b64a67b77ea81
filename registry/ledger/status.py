"""Status bits: 256 credentials a word, and the reason codes of RFC 5280, section 5.3.1."""

from collections import defaultdict
from collections.abc import Iterable
from enum import IntEnum

WORD_BITS = 256


class Action(IntEnum):
    """What a StatusChanged event does to its bits."""

    REVOKE = 1
    SUSPEND = 2
    REINSTATE = 3


class Reason(IntEnum):
    """CRLReason (RFC 5280, section 5.3.1); 7 is not used."""

    UNSPECIFIED = 0
    KEY_COMPROMISE = 1
    CA_COMPROMISE = 2
    AFFILIATION_CHANGED = 3
    SUPERSEDED = 4
    CESSATION_OF_OPERATION = 5
    CERTIFICATE_HOLD = 6
    REMOVE_FROM_CRL = 8
    PRIVILEGE_WITHDRAWN = 9
    AA_COMPROMISE = 10

    @property
    def label(self) -> str:
        """The name as RFC 5280 spells it, e.g. keyCompromise."""
        first, *rest = self.name.lower().split("_")
        first = {"ca": "cA", "aa": "aA"}.get(first, first)
        return first + "".join(part.upper() if part in ("crl",) else part.title() for part in rest)


def reason_label(code: int) -> str:
    """The RFC 5280 name of a reason code, or `reason <n>` for one that this program does not know."""
    try:
        return Reason(code).label
    except ValueError:
        return f"reason {code}"


def bit_of(index: int) -> tuple[int, int]:
    """(word index, mask) of a credential: bit `index mod 256` of word `index div 256`."""
    return index // WORD_BITS, 1 << index % WORD_BITS


def masks_of(indexes: Iterable[int]) -> dict[int, int]:
    """Word index → mask of all these credentials, words in order: as few words as the contract can be paid for."""
    masks: dict[int, int] = defaultdict(int)
    for index in indexes:
        word, mask = bit_of(index)
        masks[word] |= mask
    return dict(sorted(masks.items()))

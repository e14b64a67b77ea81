"""What a gas may cost (EIP-1559): the first offer, and the offers that replace it while it is not taken.

Nodes replace a transaction by one of the same nonce when both its prices are 10 % higher (some ask for 12.5 %).
"""

from typing import NamedTuple

from registry.errors import FeeTooLow

_DEFAULT_CAP = 4
GWEI = 10**9


class Offer(NamedTuple):
    """Most wei for a gas, and the part of it that is the validator's."""

    max_fee: int
    tip: int


def first_offer(base_fee: int, tip: int, cap: int | None) -> Offer:
    """Twice the base fee, which leaves room for six full blocks, but never more than the cap.

    Args:
        base_fee: Of the newest block, wei.
        tip: What the node suggests, wei.
        cap: Most wei for a gas; None: no cap yet.

    Raises:
        FeeTooLow: The cap is below the base fee: nobody could mine it now.
    """
    if cap is not None and cap < base_fee:
        what = f"A gas costs {_gwei(base_fee)} gwei at least, your cap is {_gwei(cap)} gwei; nothing was sent."
        raise FeeTooLow(what, todo="wait for a cheaper hour, or raise --max-fee")
    wanted = 2 * base_fee + tip
    fee = wanted if cap is None else min(wanted, cap)
    return Offer(fee, min(tip, fee))


def next_offer(last: Offer, base_fee: int, tip: int, cap: int | None, first: Offer) -> Offer | None:
    """An eighth more in both parts, or what is asked for today if that is more; None when the cap leaves no room.

    Args:
        last: The offer that was not taken.
        base_fee: Of the newest block, wei.
        tip: What the node suggests now, wei.
        cap: Most wei for a gas; None: four times the first offer.
        first: The first offer.
    """
    limit = cap if cap is not None else _DEFAULT_CAP * first.max_fee
    fee = min(max(_eighth_more(last.max_fee), 2 * base_fee + tip), limit)
    raised = Offer(fee, min(max(_eighth_more(last.tip), tip), fee))
    enough = all(new * 10 >= old * 11 and new > old for new, old in zip(raised, last, strict=True))
    return raised if enough else None


def _eighth_more(wei: int) -> int:
    return wei + wei // 8 + 1


def _gwei(wei: int) -> str:
    return f"{wei / GWEI:,.9f}".rstrip("0").rstrip(".")

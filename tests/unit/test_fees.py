"""What is offered for a gas: enough to be taken, an eighth more when it is not, never beyond the cap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.chain.fees import GWEI, Offer, first_offer, next_offer
from registry.errors import FeeTooLow

wei = st.integers(0, 10**15)


@given(base=wei, tip=wei, cap=st.none() | wei)
def test_first_offer_can_be_mined_now_and_keeps_to_the_cap(base, tip, cap):
    if cap is not None and cap < base:
        with pytest.raises(FeeTooLow):
            first_offer(base, tip, cap)
        return
    offer = first_offer(base, tip, cap)
    assert offer.max_fee >= base
    assert 0 <= offer.tip <= offer.max_fee
    assert cap is None or offer.max_fee <= cap


@given(first=st.tuples(wei, wei), base=wei, tip=wei, cap=st.none() | wei)
def test_every_replacement_is_a_tenth_higher_in_both_parts_and_the_last_one_keeps_to_the_cap(first, base, tip, cap):
    last = begun = Offer(first[0] + first[1] + 1, first[1])
    limit = cap if cap is not None else 4 * begun.max_fee
    for _ in range(200):
        offer = next_offer(last, base, tip, cap, begun)
        if offer is None:
            break
        assert offer.max_fee <= limit
        assert offer.tip <= offer.max_fee
        assert offer.max_fee * 10 >= last.max_fee * 11
        assert offer.tip * 10 >= last.tip * 11
        assert offer > last
        last = offer
    else:
        raise AssertionError("the offers never end")


def test_a_rising_base_fee_is_followed_at_once():
    begun = Offer(3 * GWEI, GWEI)
    assert next_offer(begun, 10 * GWEI, GWEI, 100 * GWEI, begun).max_fee == 21 * GWEI
    assert next_offer(begun, 10 * GWEI, GWEI, None, begun).max_fee == 12 * GWEI


def test_cap_is_told_in_gwei():
    with pytest.raises(FeeTooLow, match=r"costs 1\.5 gwei at least, your cap is 0\.9 gwei"):
        first_offer(3 * GWEI // 2, GWEI, 9 * GWEI // 10)

"""Our base58 decodes what the package encodes, and nothing else."""

import itertools

import base58
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.credential import base58btc


@given(st.binary(max_size=180))
def test_every_encoding_decodes(data):
    assert base58btc.decode(base58.b58encode(data).decode()) == data
    assert base58btc.encode(data) == base58.b58encode(data).decode()


@given(st.binary(max_size=180), st.integers(0, 3))
def test_both_ways_of_encoding_give_the_same_text(data, zeros):
    data = bytes(zeros) + data
    before = base58btc._calls
    texts = set()
    for calls in (0, base58btc._SLOW_CALLS):
        base58btc._calls = itertools.count(calls)
        texts.add(base58btc.encode(data))
    base58btc._calls = before
    assert texts == {base58.b58encode(data).decode()}


@given(st.text(st.sampled_from("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"), max_size=256))
def test_every_text_of_the_alphabet_is_the_only_one_with_its_bytes(text):
    data = base58btc.decode(text)
    assert data == base58.b58decode(text)
    assert base58.b58encode(data).decode() == text


@pytest.mark.parametrize("text", ["0", "O", "I", "l", " 2", "2 ", "2\n", "é", "2\u0661", "+", "2" * 257])
def test_anything_else_is_refused(text):
    assert base58btc.decode(text) is None

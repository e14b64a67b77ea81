"""A pattern that compiles at its first match says what `re` says."""

import copy
import pickle
import re

import pytest

from registry.patterns import Pattern


@pytest.mark.parametrize("ask", ["match", "search", "fullmatch", "findall"])
def test_a_lazy_pattern_answers_as_a_compiled_one_at_the_first_and_the_next_time(ask):
    lazy, compiled = Pattern(r"(\d+)-x", re.ASCII), re.compile(r"(\d+)-x", re.ASCII)
    for text in ("12-x", "a 12-x", "12-y", "١-x", ""):
        said, expected = getattr(lazy, ask)(text), getattr(compiled, ask)(text)
        if isinstance(expected, list):
            assert said == expected
        else:
            assert (said and said.groups()) == (expected and expected.groups())


def test_a_pattern_of_bytes_replaces_in_bytes():
    assert Pattern(rb"[ab]").sub(b"-", b"cab") == b"c--"


def test_a_copy_works_before_and_after_the_first_match():
    lazy = Pattern("a+")
    assert copy.copy(lazy).fullmatch("aa")
    assert pickle.loads(pickle.dumps(lazy)).fullmatch("aa")
    with pytest.raises(AttributeError):
        lazy.no_such_question("a")

"""Numbers are worded alike by every command."""

import pytest

from registry.commands.words import count, paid, spent


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (0, "credential", "0 credentials"),
        (1, "credential", "1 credential"),
        (2_000, "credential", "2,000 credentials"),
        (1, "batch", "1 batch"),
        (3, "batch", "3 batches"),
        (2, "replaced credential", "2 replaced credentials"),
    ],
)
def test_one_is_singular_and_thousands_are_set_apart(number, noun, said):
    assert count(number, noun) == said


def test_sums_are_told_in_whole_units_of_the_chain():
    assert paid(130_943 * 10**9) == "0.000130943 of the chain's currency"
    assert spent(56_944, 2 * 10**9) == "56,944 gas, 0.000113888 of the chain's currency"

"""The rule of combination, over every combination (DESIGN, 'Verdict')."""

from itertools import combinations, permutations, product

import pytest

from registry.verification.verdict import CHECK_NAMES, Check, Verdict, combine, required_checks

V, I, U, NA, NC = Verdict  # noqa: E741
ABSENT = None
OUTCOMES = (*Verdict, ABSENT)


def subsets(items: tuple) -> list[tuple]:
    return [chosen for size in range(len(items) + 1) for chosen in combinations(items, size)]


def rule(required: set, optional: set) -> Verdict:
    """DESIGN: any invalid → invalid; else any required one unknown or not checked (or absent) → unknown; else valid."""
    if I in required | optional:
        return I
    return U if required & {U, NC, ABSENT} else V


def test_every_set_of_outcomes_of_required_and_of_other_checks():
    """The rule sees of each class only which outcomes occur in it: 2^6 sets of required ones times 2^5 of others."""
    seen = set()
    for required, optional in product(subsets(OUTCOMES), subsets(tuple(Verdict))):
        checks = [Check(f"required {verdict}", verdict) for verdict in required if verdict is not ABSENT]
        checks += [Check(f"other {verdict}", verdict) for verdict in optional]
        verdict = combine(checks, {f"required {verdict}" for verdict in required})
        assert verdict is rule(set(required), set(optional)), (required, optional)
        seen.add(verdict)
    assert seen == {V, I, U}


@pytest.mark.parametrize("required", subsets(("a", "b", "c")), ids=lambda names: "+".join(names) or "none")
def test_every_combination_of_three_checks_in_every_order(required):
    for outcomes in product(OUTCOMES, repeat=3):
        named = dict(zip("abc", outcomes, strict=True))
        checks = [Check(name, verdict) for name, verdict in named.items() if verdict is not ABSENT]
        expected = rule(
            {named[name] for name in required}, {named[name] for name in set("abc") - set(required)} - {ABSENT}
        )
        for ordered in permutations(checks):
            assert combine(ordered, required) is expected


@pytest.mark.parametrize("name", CHECK_NAMES)
@pytest.mark.parametrize("verdict", list(Verdict))
def test_each_of_the_nine_checks_can_fail_alone(name, verdict):
    checks = [Check(other, verdict if other == name else V) for other in CHECK_NAMES]
    for required in (set(CHECK_NAMES), set(CHECK_NAMES) - {name}):
        assert combine(checks, required) is rule({verdict} if name in required else {V}, {verdict})


def test_nothing_checked_is_never_valid():
    for required in (required_checks(says_anchored=a, known_signature=b, roots_given=c) for a, b, c in TABLE):
        assert combine([], required) is U
        assert combine([Check(name, NC) for name in CHECK_NAMES], required) is U
        assert combine([Check(name, U) for name in CHECK_NAMES], required) is U


ALWAYS = {"readable", "conforming", "issuer", "status", "validity"}
ANCHOR = {"included", "anchored"}
TABLE = {
    # says anchored, known signature, roots given
    (False, False, False): ALWAYS | {"signature"},
    (False, False, True): ALWAYS | {"signature", "accredited"},
    (False, True, False): ALWAYS | {"signature"},
    (False, True, True): ALWAYS | {"signature", "accredited"},
    (True, False, False): ALWAYS | ANCHOR,
    (True, False, True): ALWAYS | ANCHOR | {"accredited"},
    (True, True, False): ALWAYS | ANCHOR | {"signature"},
    (True, True, True): ALWAYS | ANCHOR | {"signature", "accredited"},
}


@pytest.mark.parametrize(("case", "expected"), TABLE.items(), ids=lambda part: " ".join(map(str, sorted(part))))
def test_required_checks_follow_the_table(case, expected):
    anchored, signed, roots = case
    assert required_checks(says_anchored=anchored, known_signature=signed, roots_given=roots) == expected


def test_names_of_the_checks_are_the_published_ones_in_order():
    published = "readable conforming signature included anchored issuer accredited status validity"
    assert published.split() == list(CHECK_NAMES)

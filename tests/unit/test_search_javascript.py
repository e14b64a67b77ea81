"""Events at an endpoint that answers about few blocks at once: found within 40 questions, or honestly not at all."""

import json
import random
from pathlib import Path

import pytest
from in_node import needed, run

RUNNER = Path(__file__).parents[1] / "js/search_outcomes.mjs"
FIRST, LAST = 1_000_000, 41_000_000  # an L2 of two and a half years
MOST = 40
pytestmark = needed

CHAIN = {"first": FIRST, "last": LAST, "limit": 10_000, "kept": 10**9, "revoked": True, "past": False}
CHAIN |= {"silent": 10**9, "lacks": ""}


def event(block: int, action: int = 1) -> dict:
    return {"block": block, "action": action}


def searched(folder: Path, *lines: dict) -> list[dict]:
    (folder / "asked").write_text("".join(json.dumps(CHAIN | line) + "\n" for line in lines))
    return run(RUNNER, folder / "asked")


def questions(told: dict) -> int:
    return sum(told["asked"].values())


def test_endpoint_without_a_limit_is_asked_once_and_tells_all(tmp_path):
    events = [event(FIRST + 5, 2), event(FIRST + 9, 3), event(LAST - 7)]
    for past in (True, False):
        (told,) = searched(tmp_path, {"events": events, "limit": 10**9, "past": past})
        assert (told["found"], told["asked"]) == (events, {"eth_getLogs": 1})


@pytest.mark.parametrize("limit", [1, 10, 500, 2_000, 10_000])
def test_revocation_of_any_age_is_found_where_old_states_are_kept(tmp_path, limit):
    blocks = [FIRST + 1, FIRST + 2, FIRST + 777_777, (FIRST + LAST) // 2, LAST - 1, LAST]
    told = searched(
        tmp_path, *({"events": [event(FIRST + 1, 2), event(block)], "limit": limit} for block in blocks[1:])
    )
    assert [event(block) in one["found"] for block, one in zip(blocks[1:], told, strict=True)] == [True] * 5
    assert max(map(questions, told)) <= 2 + 26


def test_recent_change_is_found_though_no_old_state_is_kept(tmp_path):
    """Pruned nodes keep some hundred states: the newest blocks are searched, and as soon as it is found no others."""
    for revoked, action in ((True, 1), (False, 2)):
        events = [event(FIRST + 3, action), event(LAST - 60_000, action)]
        (told,) = searched(tmp_path, {"events": events, "kept": 128, "revoked": revoked})
        assert told["found"] == events[1:]
        assert questions(told) <= MOST


def test_change_that_is_too_old_is_not_found_and_nothing_else_is_taken_for_it(tmp_path):
    (told,) = searched(tmp_path, {"events": [event(FIRST + 3), event(LAST - 9, 3)], "kept": 128})
    assert (told["found"], questions(told)) == ([event(LAST - 9, 3)], MOST)


def test_past_that_was_not_searched_whole_tells_nothing(tmp_path):
    """An older change could lie before: since when it holds, a part of the events does not say."""
    events = [event(FIRST + 3, 2), event(LAST - 9, 3), event(LAST - 5, 2)]
    (told,) = searched(tmp_path, {"events": events, "revoked": False, "past": True})
    assert told["found"] == []
    (told,) = searched(tmp_path, {"events": events, "revoked": False, "past": True, "limit": 2_000_000})
    assert told["found"] == events


def test_endpoint_without_logs_is_not_asked_for_fewer_of_them(tmp_path):
    (told,) = searched(tmp_path, {"events": [event(LAST)], "lacks": "eth_getLogs", "revoked": False})
    assert (told["found"], told["asked"]) == ([], {"eth_getLogs": 1})
    (told,) = searched(tmp_path, {"events": [event(LAST)], "lacks": "eth_getStorageAt"})
    assert (told["found"], told["asked"]["eth_getStorageAt"]) == ([event(LAST)], 1)


@pytest.mark.parametrize("silent", [0, 1, 5, 20])
def test_endpoint_that_falls_silent_is_asked_no_more(tmp_path, silent):
    (told,) = searched(tmp_path, {"events": [event(FIRST + 3)], "silent": silent})
    assert (told["found"], questions(told)) == ([], silent + 1)


def test_no_chain_and_no_limit_costs_more_than_forty_questions_or_yields_what_did_not_happen(tmp_path):
    dice = random.Random(20261124)
    lines = [made_up(dice) for _ in range(300)]
    found = 0
    for line, told in zip(lines, searched(tmp_path, *lines), strict=True):
        assert questions(told) <= MOST
        happened = [one for one in line["events"] if one in told["found"]]
        assert told["found"] == happened
        if told["found"] and line["past"] and not line["revoked"]:
            assert told["found"] == line["events"]
        found += bool(told["found"])
    assert found >= 100


def made_up(dice: random.Random) -> dict:
    first = dice.choice([0, 1, FIRST])
    last = first + dice.choice([0, 1, 2, 3, 50, 10_000, 40_000_000])
    blocks = sorted({dice.randint(first, last) for _ in range(dice.randint(1, 5))})
    revoked = dice.random() < 0.6
    events = [event(block, dice.choice([2, 3])) for block in blocks[:-1]] + [event(blocks[-1], 1 if revoked else 2)]
    return {
        "first": first,
        "last": last,
        "events": events,
        "limit": dice.choice([1, 7, 1_000, 10_000, 10**6, 10**9]),
        "kept": dice.choice([0, 128, 10**9]),
        "revoked": revoked,
        "past": dice.random() < 0.5,
    }

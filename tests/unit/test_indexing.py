"""The thread that indexes beside the API outlives whatever fails in it, and says so while it does not follow."""

import threading

import pytest

from registry.bootstrap.indexing import Indexing
from registry.errors import ChainUnavailable, StoreError


class Ended(BaseException):
    """The test's end: nothing of the kind comes up in the thread itself."""


class Scene:
    """What follows by a script: each beginning gives so many steps, then raises; the pauses and lines that came."""

    def __init__(self, *acts):
        self.acts, self.lines, self.pauses, self.seen = list(acts), [], [], []
        self.indexing = Indexing(self.begin, self.lines.append, self.pause)

    def begin(self):
        steps, failure = self.acts.pop(0)

        def act(tell):
            for _ in range(steps):
                yield None
                self.seen.append(self.indexing.trouble())
            if isinstance(failure, str):
                tell(failure)
                self.seen.append(self.indexing.trouble())
                raise Ended
            if failure is not None:
                raise failure

        return act

    def pause(self, seconds):
        self.pauses.append((seconds, self.indexing.trouble()))

    def run(self):
        with pytest.raises(Ended):
            self.indexing.run(self.begin())


def test_any_failure_is_logged_told_at_once_and_followed_by_a_new_beginning():
    failures = [StoreError("The disk is full."), RecursionError("too deep"), OverflowError("an integer"), None]
    scene = Scene(*((0, failure) for failure in failures), (1, Ended()))
    scene.run()
    assert [seconds for seconds, _ in scene.pauses] == [1, 2, 4, 8]
    assert [words in told for words, (_, told) in zip(
        ("The disk is full.", "too deep", "an integer", "ended by itself"), scene.pauses, strict=True
    )] == [True] * 4  # fmt: skip
    assert [line.splitlines()[0] for line in scene.lines] == [
        "indexing stopped: The disk is full.",
        "indexing stopped: Traceback (most recent call last):",
        "indexing stopped: Traceback (most recent call last):",
        "indexing stopped: it ended by itself",
    ]


def test_a_step_ends_the_trouble_and_the_row_of_failures():
    gone = ChainUnavailable("The endpoint is gone.")
    scene = Scene((0, gone), (0, gone), (2, gone), (0, gone), (1, Ended()))
    scene.run()
    assert [seconds for seconds, _ in scene.pauses] == [1, 2, 1, 2]
    assert scene.seen == ["", ""] + ["" for _ in scene.seen[2:]]


def test_pauses_grow_to_a_minute_and_no_further():
    scene = Scene(*[(0, ValueError("x"))] * 10, (0, Ended()))
    scene.run()
    assert [seconds for seconds, _ in scene.pauses][-3:] == [60, 60, 60]


def test_another_process_that_leads_is_no_trouble():
    scene = Scene((0, ValueError("x")), (0, "somebody indexes this chain"))
    scene.run()
    assert scene.seen == [""]
    assert scene.lines[-1] == "somebody indexes this chain"


def test_what_cannot_begin_at_all_is_the_callers_to_tell():
    def begin():
        raise StoreError("There is no such server.")

    before = threading.active_count()
    with pytest.raises(StoreError):
        Indexing(begin, print).start()
    assert threading.active_count() == before

"""A bar with rate and time left for a person; nothing at all for a program that reads the output."""

import io

from rich.console import Console

from registry.commands.progress import progress_bar


def shown(*, terminal, total):
    out = io.StringIO()
    with progress_bar(Console(file=out, force_terminal=terminal, width=100, _environ={"TERM": "xterm"})) as update:
        for done in range(0, 2_001, 500):
            update("signing", done, total)
    return out.getvalue()


def test_output_that_a_program_reads_has_no_bar_in_it():
    assert shown(terminal=False, total=2_000) == ""


def test_person_sees_how_far_and_how_fast():
    text = shown(terminal=True, total=2_000)
    assert "signing" in text
    assert "2000/2000" in text
    assert "/s" in text


def test_total_that_nobody_knows_is_no_fault():
    assert "2000/?" in shown(terminal=True, total=0)

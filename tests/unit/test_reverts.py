"""What the contracts refuse is told in words: every custom error of the ABI has its meaning and its next step."""

import re

import pytest

from registry.chain.artifact import ARTIFACTS, load_artifact
from registry.chain.reverts import ONLY_BY_PROGRAMS, REFUSALS, refused
from registry.cli import build_parser
from registry.ledger.keccak import keccak

ERRORS = {
    entry["name"]: [parameter["type"] for parameter in entry["inputs"]]
    for name in ARTIFACTS
    for entry in load_artifact(name).abi
    if entry["type"] == "error"
}
WORD = bytes(range(1, 33))


def revert_data(name):
    return keccak(f"{name}({','.join(ERRORS[name])})".encode())[:4] + WORD * len(ERRORS[name])


def test_every_error_of_the_contracts_is_told_in_words_or_is_a_programs_fault():
    assert sorted([*REFUSALS, *ONLY_BY_PROGRAMS]) == sorted(ERRORS)


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_refusal_says_name_and_arguments_and_meaning_and_what_to_do(name):
    error = refused(revert_data(name))
    assert error.name == name
    shown, _, means = error.what.removeprefix("The contract refuses: ").partition("): ")
    assert shown.count(", ") + 1 == max(len(ERRORS[name]), 1)
    assert shown.startswith(f"{name}(")
    assert means == f"{REFUSALS[name].means}."
    assert str(error) == f"{error.what} Next: {REFUSALS[name].todo}"


@pytest.mark.parametrize("name", sorted(ONLY_BY_PROGRAMS))
def test_programs_fault_is_named_and_asked_to_be_reported(name):
    error = refused(revert_data(name))
    assert (error.name, f": {name}(" in error.what, "report it" in error.todo) == (name, True, True)


@pytest.mark.parametrize("data", [b"", b"\x01\x02\x03\x04", b"\x01"])
def test_revert_without_a_known_error_says_where_to_look(data):
    error = refused(data)
    assert (error.name, "--deployment" in error.todo) == ("", True)
    assert ("0x" + data.hex() if data else "no reason given") in error.what


def test_arguments_are_read_by_their_types():
    what = refused(revert_data("NotAuthorized")).what
    number = int.from_bytes(WORD, "big")
    assert f"NotAuthorized({number}, 0x{WORD[12:].hex()}, {number})" in what
    assert f"NoSuchRecord({number}, 0x{WORD[:16].hex()})" in refused(revert_data("NoSuchRecord")).what


def test_every_command_that_a_next_step_names_exists():
    named = {
        tuple(line.split()) for _, todo in REFUSALS.values() for line in re.findall(r"`hallmark ([a-z -]+)`", todo)
    }
    assert len(named) > 5
    acts = build_parser("issuer")._subparsers._group_actions[0].choices["issuer"]._subparsers._group_actions[0].choices
    tops = build_parser()._subparsers._group_actions[0].choices
    for command, *act in named:
        assert command in tops
        assert not act or act[0] in acts

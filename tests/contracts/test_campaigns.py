"""The long campaigns tell what they found: mutants, proofs, slither (the runs are `make contracts-deep`)."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts import mutate_contracts, prove_contracts  # noqa: E402  the scripts are below the root

SOURCE = """
/// @dev a == b in a comment
function f(uint256 a) internal {
    if (a >= 2) revert Bad(a);
    count[a] += 1;
    emit Done(a, true);
}
"""


class Bed:
    """Judges by what it is told; the tests themselves are green."""

    def __init__(self, verdicts):
        self.verdicts = verdicts

    def run(self):
        return "green"

    def judge(self, mutant):
        return self.verdicts.get(mutant.after, "red")


def test_operators_numbers_conditions_and_statements_are_mutated_and_comments_are_not():
    found = {mutant.after for mutant in mutate_contracts.mutants_of("F.sol", SOURCE)}
    assert {
        "if (a > 2) revert Bad(a);",
        "if (a >= 3) revert Bad(a);",
        "count[a] += 2;",
        "emit Done(a, false);",
        "{}",
    } <= found
    lines = {mutant.line for mutant in mutate_contracts.mutants_of("F.sol", SOURCE)}
    assert lines == {4, 5, 6}


def test_a_survivor_that_nobody_explained_is_an_error(monkeypatch, capsys):
    mutants = list(mutate_contracts.mutants_of("F.sol", SOURCE))
    assert mutate_contracts.campaign(Bed({}), mutants) == 0
    assert mutate_contracts.campaign(Bed({"count[a] += 2;": "green"}), mutants) == 1
    assert "SURVIVED F.sol: `count[a] += 1;` → `count[a] += 2;`" in capsys.readouterr().out
    monkeypatch.setattr(mutate_contracts, "explained", lambda: "F.sol: `count[a] += 1;` → `count[a] += 2;`")
    assert mutate_contracts.campaign(Bed({"count[a] += 2;": "green"}), mutants) == 0


def test_every_explained_mutant_still_exists():
    names = {mutant.name for mutant in mutate_contracts.all_mutants("")}
    told = re.findall(r"^- (\S+\.sol: `.*?` → `.*?`)", mutate_contracts.explained(), re.MULTILINE)
    assert len(told) == mutate_contracts.explained().count("\n- ")
    assert [name for name in told if name not in names] == []


def test_slithers_findings_are_those_above_informational():
    element = {"name": "f", "type_specific_fields": {"parent": {"name": "C"}}}
    report = [{"impact": impact, "check": impact.lower(), "elements": [element]} for impact in ("Low", "Informational")]
    assert prove_contracts.findings(json.dumps({"results": {"detectors": report}})) == {("low", "C.f")}


def test_every_row_of_slithers_answers_is_read():
    text = prove_contracts.ANSWERS.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(prove_contracts.answered()) == len(rows) > 5


@pytest.mark.parametrize(
    "promise",
    ["a_record_is_written_once", "issuers_are_isolated", "keys_act_within_their_roles", "the_sequence_only_grows"],
)
def test_what_has_to_be_proved_is_there_to_be_proved(promise):
    source = (ROOT / "contracts/formal/Registry.formal.t.sol").read_text(encoding="utf-8")
    assert f"function check_{promise}(" in source

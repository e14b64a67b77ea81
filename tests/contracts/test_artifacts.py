"""The committed artifacts are what the sources compile to."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def solc(compiler):
    try:
        return compiler.find_solc()
    except compiler.CompileError as error:
        pytest.skip(str(error))


def test_every_artifact_is_reproduced_byte_for_byte(compiler, solc):
    for name in compiler.SOURCES:
        committed = (ROOT / f"contracts/artifacts/{name}.json").read_text(encoding="utf-8")
        assert compiler.render(compiler.compile_contract(name, solc)) == committed


def test_check_finds_a_difference(compiler, tmp_path, monkeypatch, capsys):
    artifact = {"contractName": "CredentialRegistry"}
    monkeypatch.setattr(compiler, "ROOT", tmp_path)
    monkeypatch.setattr(compiler, "ARTIFACTS", tmp_path)
    monkeypatch.setattr(compiler, "SOURCES", {"CredentialRegistry": "src/CredentialRegistry.sol"})
    monkeypatch.setattr(compiler, "find_solc", lambda: tmp_path)
    monkeypatch.setattr(compiler, "compile_contract", lambda name, solc: artifact)
    file = tmp_path / "CredentialRegistry.json"
    assert compiler.main(["--check"]) == 1
    file.write_text(compiler.render(artifact), encoding="utf-8")
    assert compiler.main(["--check"]) == 0
    file.write_text(compiler.render(artifact) + " ", encoding="utf-8")
    assert compiler.main(["--check"]) == 1
    assert capsys.readouterr().out.count("differs") == 2


def test_a_compiler_error_names_file_and_cause(compiler, solc, monkeypatch, capsys):
    monkeypatch.setattr(compiler, "closure", lambda source: {source: "contract {"})
    monkeypatch.setattr(compiler, "find_solc", lambda: solc)
    assert compiler.main(["--force"]) == 1
    assert "ParserError" in capsys.readouterr().err


def test_every_contract_fits_and_is_listed(compiler):
    listed = set(compiler.SOURCES)
    assert {path.stem for path in (ROOT / "contracts/artifacts").glob("*.json")} == listed
    for name in listed:
        artifact = json.loads((ROOT / f"contracts/artifacts/{name}.json").read_text(encoding="utf-8"))
        assert len(artifact["deployedBytecode"]) // 2 - 1 <= 24_576


def test_the_contracts_can_neither_be_changed_nor_stopped(compiler):
    for source in compiler.SOURCES.values():
        text = re.sub(r"//[^\n]*", "", "\n".join(compiler.closure(source).values()))
        for word in ("delegatecall", "selfdestruct", " immutable ", "assembly", "onlyOwner", "payable"):
            assert word not in text


def test_events_have_at_most_three_indexed_parameters_and_errors_have_arguments(compiler):
    for name in compiler.SOURCES:
        artifact = json.loads((ROOT / f"contracts/artifacts/{name}.json").read_text(encoding="utf-8"))
        for item in artifact["abi"]:
            if item["type"] == "event":
                assert sum(part["indexed"] for part in item["inputs"]) <= 3
                assert item["inputs"][-1]["name"] == "word"

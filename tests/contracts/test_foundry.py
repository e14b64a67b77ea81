"""Forge's tests pass, and forge compiles what is deployed with the settings of the artifacts."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "contracts"
FORGE = next(CONTRACTS.glob("node_modules/@foundry-rs/forge-*/bin/forge*"), None)

pytestmark = pytest.mark.skipif(FORGE is None, reason="forge is not installed: run `make setup`")


def forge(profile: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"FOUNDRY_OFFLINE": "true", "FOUNDRY_PROFILE": profile, "NO_COLOR": "1"}
    command = [str(FORGE), *arguments]
    return subprocess.run(command, cwd=CONTRACTS, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("profile", ["default", "unoptimized", "legacy"])
def test_forge_tests_pass(compiler, profile):
    shim = compiler.solc_shim()
    if shim is None:
        pytest.skip("solc-js is not installed: run `make setup`")
    result = forge(profile, "test", "--use", str(shim))
    lines = result.stdout.splitlines()
    print(f"forge test, profile {profile}: {lines[-1] if lines else result.stderr}")
    assert result.returncode == 0, result.stdout + result.stderr


def test_forge_compiles_with_the_settings_of_the_artifacts(compiler):
    config = json.loads(forge("default", "config", "--json").stdout)
    deployed = config["additional_compiler_profiles"][0]
    assert deployed["via_ir"] is compiler.SETTINGS["viaIR"]
    assert config["evm_version"] == compiler.SETTINGS["evmVersion"]
    assert config["optimizer"] is compiler.SETTINGS["optimizer"]["enabled"]
    assert config["optimizer_runs"] == compiler.SETTINGS["optimizer"]["runs"]
    assert config["bytecode_hash"] == compiler.SETTINGS["metadata"]["bytecodeHash"]
    assert config["cbor_metadata"] is compiler.SETTINGS["metadata"]["appendCBOR"]
    restricted = {item["paths"] for item in config["compilation_restrictions"] if item["via_ir"]}
    assert restricted == set(compiler.SOURCES.values())


def test_the_sources_are_formatted():
    result = forge("default", "fmt", "--check")
    assert result.returncode == 0, result.stdout

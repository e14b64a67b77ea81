import json
import os
import signal
import subprocess
import sys
import time

import devchain
import pytest
from devchain import DevchainError, EngineMissingError, NotOfferedError, RpcError, StartFailedError
from devchain_contract import Wallet, payload
from devchain_engines import alive, listening, needs_anvil, offspring, until

PARENT = """
import devchain, sys, time
chain = devchain.start(sys.argv[1], block_time=0)
print(chain.port, flush=True)
time.sleep(60)
"""


def test_interval_mining_moves_the_head_and_on_anvil_finality(engine):
    with devchain.start(engine, block_time=0.2 if engine == "py-evm" else 1) as own:
        wallet = Wallet(own, 0)
        started = time.monotonic()
        receipt = wallet.send(to=own.accounts[1].address)
        assert time.monotonic() - started < 0.6, "a transaction does not wait for the next interval"
        mined = int(receipt["blockNumber"], 16)
        assert until(lambda: int(own.rpc("eth_blockNumber"), 16) >= mined + 2)
        if engine == "anvil":
            final = own.rpc("eth_getBlockByNumber", "finalized", False)["number"]
            assert int(final, 16) >= mined


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_end_frees_the_port_and_leaves_no_process(engine, end):
    others = offspring(os.getpid())
    own = devchain.start(engine, block_time=0)
    assert listening(own.port)
    assert len(offspring(os.getpid())) == len(others) + 2  # the keeper and the engine
    getattr(own, end)()
    getattr(own, end)()
    assert not own.alive
    assert not listening(own.port)
    assert set(offspring(os.getpid())) <= set(others)
    with pytest.raises(DevchainError, match="no JSON-RPC answer"):
        own.rpc("eth_chainId")


def test_restart_keeps_the_port_and_begins_again(engine):
    with devchain.start(engine, block_time=0) as own:
        url = own.url
        own.rpc("evm_mine")
        own.kill()
        own.restart()
        assert own.url == url
        assert own.rpc("eth_blockNumber") == "0x0"


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_engine_does_not_outlive_its_parent(engine, end):
    parent = subprocess.Popen([sys.executable, "-c", PARENT, engine], stdout=subprocess.PIPE, text=True)
    port = int(parent.stdout.readline())
    below = offspring(parent.pid)
    assert listening(port)
    assert len(below) == 2
    os.kill(parent.pid, end)
    parent.wait(5)
    parent.stdout.close()
    assert until(lambda: not listening(port))
    assert until(lambda: not any(alive(pid) for pid in below))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a process to its parent's death")
def test_engine_does_not_outlive_its_keeper(engine):
    own = devchain.start(engine, block_time=0)
    os.kill(own._process._keeper.pid, signal.SIGKILL)
    assert until(lambda: not listening(own.port))
    own.stop()


def test_taken_port_is_said(chain):
    with pytest.raises(StartFailedError, match=f"port {chain.port} is taken"):
        devchain.start(chain.engine, port=chain.port)


def test_only_loopback_is_served(engine):
    with pytest.raises(NotOfferedError, match="keys are public"):
        devchain.start(engine, host="0.0.0.0")


@needs_anvil
def test_anvil_saves_and_loads_its_state(tmp_path):
    state = tmp_path / "chain.json"
    with devchain.start("anvil", state=state, block_time=0) as own:
        wallet = Wallet(own, 0)
        address = wallet.deploy()
        receipt = wallet.send(to=address, data=payload(1, 42))
        balance = own.rpc("eth_getBalance", own.accounts[0].address, "latest")
    assert state.exists()
    with devchain.start("anvil", state=state, block_time=0) as again:
        assert again.rpc("eth_getBalance", again.accounts[0].address, "latest") == balance
        assert again.rpc("eth_getLogs", {"fromBlock": "0x0", "address": address}) == receipt["logs"]
        final = again.rpc("eth_getBlockByNumber", "finalized", False)
        assert final["hash"] == receipt["blockHash"]
        assert again.rpc("eth_getProof", address, [], final["number"])["accountProof"]


@needs_anvil
def test_unreadable_state_is_said(tmp_path):
    broken = tmp_path / "chain.json"
    broken.write_text("{bad")
    with pytest.raises(StartFailedError, match="failed to parse json file"):
        devchain.start("anvil", state=broken)
    assert broken.read_text() == "{bad"


def test_py_evm_refuses_a_state_file(tmp_path):
    with pytest.raises(NotOfferedError, match="saves no state"):
        devchain.start("py-evm", state=tmp_path / "chain.json")


def test_state_in_a_folder_that_is_not_there_is_said(engine, tmp_path):
    with pytest.raises(DevchainError, match="its folder does not exist"):
        devchain.start(engine, state=tmp_path / "no" / "chain.json")


def test_auto_without_anvil_is_py_evm_and_says_why(monkeypatch, tmp_path):
    broken = tmp_path / "anvil"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    for binary, reason in [(tmp_path / "none", "no such file"), (broken, "does not run here")]:
        monkeypatch.setenv("DEVCHAIN_ANVIL", str(binary))
        choice = devchain.choose("auto")
        assert choice.engine == "py-evm"
        assert reason in choice.why
        with pytest.raises(EngineMissingError, match="make setup"):
            devchain.choose("anvil")


def test_unknown_engine_lists_those_there_are():
    with pytest.raises(DevchainError, match="auto, anvil, py-evm"):
        devchain.start("hardhat")


def test_rpc_error_is_one_of_ours():
    assert issubclass(RpcError, DevchainError)
    assert json.dumps(RpcError(3, "x", "0x").data) == '"0x"'

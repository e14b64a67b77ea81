import json
import os
import signal
import subprocess
import sys
import time

import devchain
import pytest
import urllib3
from devchain.cli import main
from devchain_engines import needs_anvil, offspring

COMMAND = [sys.executable, "-m", "devchain.cli"]


@pytest.fixture
def run_up():
    """Starts `devchain up`; whatever a failed test leaves running is ended."""
    started = []

    def run(*options):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen([*COMMAND, "up", *options], text=True, **pipes))
        return started[-1]

    yield run
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=10)


def ask(url, method):
    return urllib3.request("POST", url, json={"jsonrpc": "2.0", "id": 1, "method": method, "params": []}).json()[
        "result"
    ]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_up_prints_json_and_stops_cleanly(engine, end, run_up):
    process = run_up("--engine", engine, "--port", "0", "--json")
    said = json.loads(process.stdout.readline())
    assert said["engine"] == engine
    assert ask(said["url"], "eth_chainId") == hex(said["chainId"])
    assert [one["address"] for one in said["accounts"]] == [one.address for one in devchain.ACCOUNTS]
    assert "Never use" in said["warning"]
    process.send_signal(end)
    assert process.wait(10) == 0
    assert process.communicate() == ("", "")
    with pytest.raises(urllib3.exceptions.HTTPError):
        urllib3.request("GET", said["url"], retries=False)


def test_up_tells_a_person_everything_that_is_needed(engine, run_up):
    process = run_up("--engine", engine, "--port", "0", "--block-time", "0")
    lines = []
    while not lines or not lines[-1].startswith("Ctrl-C"):
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr.read()
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=10)
    text = "".join(lines)
    assert text.startswith(f"engine    {engine} (")
    assert "endpoint  http://127.0.0.1:" in text
    assert "chain id  31337" in text
    assert {"anvil": "finalized 2 blocks behind", "py-evm": "by confirmations"}[engine] in text
    assert "10 accounts with 10,000 ether each" in text
    assert "Never use them" in text
    for account in devchain.ACCOUNTS:
        assert f"{account.address}  {account.private_key}" in text
    assert (rest, errors) == ("stopped\n", "")


@needs_anvil
def test_up_says_when_the_engine_dies(run_up):
    process = run_up("--engine", "anvil", "--port", "0", "--json")
    assert json.loads(process.stdout.readline())["engine"] == "anvil"
    keeper, *_ = offspring(process.pid)
    os.kill(keeper, signal.SIGKILL)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "anvil ended by itself" in errors


def test_errors_are_one_line_and_exit_code_1(capsys, chain):
    assert main(["up", "--engine", chain.engine, "--port", str(chain.port)]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("devchain: port ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_state_on_py_evm_is_refused(capsys):
    assert main(["up", "--engine", "py-evm", "--state", "x.json"]) == 1
    assert "saves no state" in capsys.readouterr().err


def test_help_names_every_option_and_is_fast():
    started = time.monotonic()
    told = subprocess.run([*COMMAND, "up", "--help"], capture_output=True, text=True, check=True)
    assert time.monotonic() - started < 1
    for option in ("--engine", "--host", "--port", "--block-time", "--state", "--json"):
        assert option in told.stdout


def test_importing_devchain_imports_no_evm():
    code = "import sys, devchain.cli; sys.exit(any(m.startswith(('eth', 'web3', 'urllib3')) for m in sys.modules))"
    subprocess.run([sys.executable, "-c", code], check=True)

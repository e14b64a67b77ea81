"""The README's own commands run, in order, as it shows them."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from served import serving

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def tutorial():
    block = README.split("these lines are run by a test):")[1].split("```console")[1].split("```")[0]
    return [line.removeprefix("$ ") for line in block.strip().splitlines()]


def test_commands_of_the_tutorial_run_as_they_stand(chain, bare_desk):
    from registry.cli import COMMANDS

    desk, tmp_path = bare_desk, bare_desk.folder
    (tmp_path / "hallmark.toml").unlink()
    desk.write_csv(3)
    text = (tmp_path / "results.csv").read_text().replace("\n0", "\n00")
    (tmp_path / "results.csv").write_text(text)
    environment = {}
    for line in tutorial():
        if line.startswith("export "):
            environment |= dict(re.findall(r"(\w+)=(\S+)", line))
            environment["HALLMARK_RPC"] = chain.url  # the only difference: the port
            continue
        command = line.removeprefix("hallmark ")
        assert command.split()[0] in COMMANDS
        # This chain mines for transactions only, so one confirmation stands for finality, and blocks are made by hand.
        outcome = desk.run(command, **environment, HALLMARK_WAIT="1")
        assert outcome.code == 0, f"{line}\n{outcome.text}"
        desk.mine()


def test_curl_examples_run_as_they_stand(desk):
    if shutil.which("curl") is None:
        pytest.skip("SKIPPED: no curl on this machine")
    desk.write_csv(3)
    (desk.folder / "results.csv").write_text((desk.folder / "results.csv").read_text().replace("\n0", "\n00"))
    desk.ok("issue results.csv --achievement achievement.json --out credentials --wait 1")
    block = README.split("A test runs these lines:")[1].split("```console")[1].split("```")[0]
    said = []
    with serving(desk) as (address, _):
        for line in block.strip().splitlines():
            command = line.removeprefix("$ ").replace("http://127.0.0.1:8000", address)  # the only difference: the port
            done = subprocess.run(["bash", "-ec", command], cwd=desk.folder, capture_output=True, text=True, check=True)
            said.append(done.stdout)
    verified, about, lines, events, held, vc_api = said
    assert json.loads(verified)["checks"][0]["verdict"] == "valid"
    assert json.loads(about)["about"] is True
    assert [json.loads(line)["line"] for line in lines.splitlines()] == [1, 2, 3]
    assert len(json.loads(events)["events"]) == 2
    assert held == "304"
    assert json.loads(vc_api).keys() == {"verified", "problemDetails"}

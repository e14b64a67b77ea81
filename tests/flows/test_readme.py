"""The README's own commands run, in order, as it shows them."""

import re
from pathlib import Path

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

"""The whole story on an embedded chain and SQLite: every step is a command that the transcript shows.

`python scripts/demo.py [--dir DIR] [--engine auto|anvil|py-evm]` keeps its files in DIR (default build/demo).
"""

import argparse
import contextlib
import itertools
import os
import random
import shlex
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import devchain

from registry import cli

HERE = Path(__file__).parent
COUNT = 200
STEPS = itertools.count()
GIVEN = (
    "Amara",
    "Björn",
    "Chiara",
    "Dilnoza",
    "Émile",
    "Fatima",
    "Grzegorz",
    "Hồng",
    "İlkay",
    "João",
    "Kateřina",
    "美咲",
)
FAMILY = (
    "Okafor",
    "Ångström",
    "Rossi",
    "Yusupova",
    "Durand",
    "al-Sayed",
    "Wójcik",
    "Nguyễn",
    "Öztürk",
    "Silva",
    "佐藤",
)


class StepFailed(Exception):
    """A command of the story ended otherwise than it should."""


def step(text: str) -> None:
    """The next numbered heading of the transcript."""
    say(f"{next(STEPS):<3}{text}")


def say(text: str) -> None:
    """A heading of the transcript."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def hallmark(line: str, expect: int = 0) -> None:
    """Show a command, run it through the command's own entry, and hold its exit code against the expected one."""
    print(f"  $ hallmark {line}", flush=True)
    with indented():
        code = cli.main(shlex.split(line))
        sys.stdout.flush()
    if code != expect:
        raise StepFailed(f"`hallmark {line}` ended with {code}, not {expect}")


@contextlib.contextmanager
def indented() -> Iterator[None]:
    """Set what is printed inside a little to the right."""

    class Indent:
        def __init__(self) -> None:
            self.out, self.fresh = sys.__stdout__, True

        def write(self, text: str) -> int:
            assert self.out is not None
            for line in text.splitlines(keepends=True):
                self.out.write(("    " if self.fresh and line.strip() else "") + line)
                self.fresh = line.endswith("\n")
            return len(text)

        def flush(self) -> None:
            assert self.out is not None
            self.out.flush()

        def isatty(self) -> bool:
            return False

    with contextlib.redirect_stdout(Indent()), contextlib.redirect_stderr(Indent()):
        yield


def write_input(folder: Path) -> None:
    """A CSV of 200 results and the achievement that they are about."""
    draw = random.Random(2026)  # noqa: S311 - sample names, nothing secret
    rows = ["id,name,email,awarded,result"]
    for number in range(1, COUNT + 1):
        name = f"{draw.choice(GIVEN)} {draw.choice(FAMILY)}"
        rows.append(f"{number:04},{name},learner{number}@example.org,2026-06-30,{draw.choice('ABC')}")
    (folder / "results.csv").write_text("\n".join(rows) + "\n", "utf-8")
    shutil.copy(HERE / "demo_achievement.json", folder / "achievement.json")


def write_settings(chain: devchain.Chain) -> None:
    """hallmark.toml, so that the commands of the transcript need no options."""
    Path("hallmark.toml").write_text(f'rpc = "{chain.url}"\ndeployment = "deployment.json"\nhome = "issuer"\n', "utf-8")
    os.environ["HALLMARK_PRIVATE_KEY"] = chain.accounts[0].private_key


@contextlib.contextmanager
def registry_server() -> Iterator[str]:
    """`hallmark serve --index` in a process of its own; ended by its handle."""
    command = [sys.executable, "-m", "registry.cli", "serve", "--port", "0", "--index"]
    print("  $ hallmark serve --index", flush=True)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        print(f"    {line}", flush=True)
        try:
            yield line.split()[2]
        finally:
            process.terminate()


def await_registry(url: str, block: int) -> None:
    """Until the registry has indexed this block (it looks once a second)."""
    import urllib3

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answer = urllib3.request("GET", f"{url}/v1/checkpoint", retries=False)
        if answer.status == 200 and answer.json()["block"]["number"] >= block:
            return
        time.sleep(0.1)
    raise StepFailed(f"the registry did not reach block {block}")


def head(chain: devchain.Chain) -> int:
    """The chain's newest block."""
    return int(chain.rpc("eth_blockNumber"), 16)


def tamper(name: str) -> str:
    """A copy of a credential in which one character of the learner's name differs."""
    text = Path(f"credentials/{name}.json").read_text("utf-8")
    mark = '"identityHash": "'
    place = text.index(mark) + len(mark)
    changed = text[:place] + ("Z" if text[place] != "Z" else "X") + text[place + 1 :]
    Path("changed.json").write_text(changed, "utf-8")
    print(f"  the learner's name: {text[place : place + 24]!r} … becomes {changed[place : place + 24]!r} …")
    return "changed.json"


def edit_cell() -> None:
    """What a dishonest operator would do: clear the revoked bits in SQL."""
    statement = "UPDATE status_word SET revoked = zeroblob(32)"
    print(f'  $ sqlite3 hallmark.sqlite "{statement}"')
    with contextlib.closing(sqlite3.connect("hallmark.sqlite")) as database:
        database.execute(statement)
        database.commit()


def issue_and_index(chain: devchain.Chain) -> None:
    """From an empty chain to 200 anchored credentials in the mirror."""
    step("A contract, and an issuer who needs nobody's permission")
    hallmark("deploy --out deployment.json")
    hallmark(
        "issuer register --name 'Northwind Institute' --url https://northwind.example"
        f" --recovery {chain.accounts[1].address}"
    )
    step(f"{COUNT} results become signed credentials, anchored with one transaction")
    hallmark("issue results.csv --achievement achievement.json --out credentials")
    step("The registry mirrors the chain")
    hallmark("index")


def verify_and_revoke(chain: devchain.Chain, url: str) -> None:
    """Valid, changed, revoked, suspended, reinstated: asked of the registry, and of the chain alone."""
    hallmark(f"publish credentials --registry {url}")
    step("An employer verifies: first through the registry, then without it")
    hallmark(f"verify credentials/0001.json --registry {url}")
    hallmark(f"verify credentials/0002.json --rpc {chain.url}")
    print("  The learner hands in a certificate: the credential is attached to the PDF, and in its QR code.")
    hallmark("export credentials/0002.json --format pdf --out certificates")
    hallmark(f"verify certificates/0002.pdf --registry {url}")
    step("One character changed")
    hallmark(f"verify {tamper('0003')} --registry {url}", expect=1)
    step("Revoked, for ever")
    hallmark("status revoke credentials/0004.json --reason privilegeWithdrawn")
    await_registry(url, head(chain))
    hallmark(f"verify credentials/0004.json --registry {url}", expect=1)
    step("Suspended, then reinstated")
    hallmark("status suspend credentials/0005.json --reason certificateHold")
    hallmark(f"verify credentials/0005.json --rpc {chain.url}", expect=1)
    hallmark("status reinstate credentials/0005.json")
    hallmark(f"verify credentials/0005.json --rpc {chain.url}")
    await_registry(url, head(chain))


def stop_chain(chain: devchain.Chain) -> None:
    """Without a source the answer is unknown, never invalid."""
    step("The chain is stopped: nobody can tell, so nobody says 'invalid'")
    chain.stop()
    hallmark(f"verify credentials/0001.json --rpc {chain.url}", expect=2)


def audits() -> None:
    """Equal; then one cell is edited behind the registry's back."""
    step("An auditor replays the chain")
    hallmark("index")
    hallmark("audit")
    step("Somebody edits one cell of the database")
    edit_cell()
    hallmark("audit", expect=1)
    print("  The raw events are still there: all rows are built from them again.")
    hallmark("index --from-events")
    hallmark("audit")


def story(chain: devchain.Chain) -> None:
    """The steps, in order. py-evm keeps its chain in memory only, so there the chain is stopped last."""
    issue_and_index(chain)
    with registry_server() as url:
        verify_and_revoke(chain, url)
    if chain.engine == "anvil":
        stop_chain(chain)
        chain.restart()
        audits()
    else:
        audits()
        stop_chain(chain)


def main() -> int:
    """Run the story; 0 when every step ended as it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", type=Path, default=Path("build/demo"))
    parser.add_argument("--engine", default="auto", choices=("auto", "anvil", "py-evm"))
    args = parser.parse_args()
    folder = args.dir.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.chdir(folder)
    started = time.monotonic()
    step("A chain on this machine, without Hardhat")
    choice = devchain.choose(args.engine)
    state = folder / "chain.json" if choice.engine == "anvil" else None
    with devchain.start(choice.engine, state=state) as chain:
        print(f"  {chain.engine} ({choice.why}) at {chain.url}, chain id {chain.chain_id}")
        write_settings(chain)
        write_input(folder)
        try:
            story(chain)
        except StepFailed as failed:
            print(f"\nThe demo failed: {failed}. Its files are in {folder}.", file=sys.stderr)
            return 1
    print_ending(folder, time.monotonic() - started, chain)
    return 0


def print_ending(folder: Path, seconds: float, chain: devchain.Chain) -> None:
    """Where the files are, and three commands to go on from there."""
    here = Path(__file__).parents[1]
    shown = os.path.relpath(folder, here) if folder.is_relative_to(here) else str(folder)
    say(f"Done in {seconds:.0f} seconds. Everything is in {shown}; go on from there:")
    print(f"  cd {shown} && export PATH={os.path.relpath(Path(sys.executable).parent, folder)}:$PATH")
    if chain.engine == "anvil":
        print(f"  devchain up --port {chain.port} --state chain.json &")
        print("  hallmark verify credentials/0006.json")
        print("  hallmark serve --index")
    else:
        print("  hallmark serve &")
        print("  hallmark verify credentials/0006.json --registry http://127.0.0.1:8000")
        print("  less credentials/0001.json")


if __name__ == "__main__":
    sys.exit(main())

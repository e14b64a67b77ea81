"""A desk as a person works at it: a folder with settings, the command line, the API over its mirror."""

import contextlib
import io
import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import devchain

from registry import cli
from registry.chain.views import call_data

ACHIEVEMENT = Path(__file__).parents[2] / "scripts" / "demo_achievement.json"


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


class Desk:
    """A folder with hallmark.toml, as a person works in it; `run` is the command line."""

    def __init__(self, folder: Path, chain: devchain.Chain, account: int = 0) -> None:
        self.folder = folder
        self.chain = chain
        self.key = chain.accounts[account].private_key
        self.recovery = chain.accounts[9].address
        self.database = f"sqlite:///{folder}/hallmark.sqlite"
        self.settings(rpc=chain.url, deployment="deployment.json", home="issuer")

    def use(self, database: str) -> "Desk":
        """Keep the mirror in this database, an SQLAlchemy URL, from now on."""
        self.database = database
        self.settings(rpc=self.chain.url, deployment="deployment.json", home="issuer", database=database)
        return self

    def sql(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        """Run one statement in the mirror's database, as whoever tampers with it would; its rows."""
        from sqlalchemy import create_engine, text

        engine = create_engine(self.database)
        with engine.begin() as connection:
            result = connection.execute(text(statement), values)
            rows = [tuple(row) for row in result] if result.returns_rows else []
        engine.dispose()
        return rows

    def rows(self, *without: str) -> dict[str, list[str]]:
        """Every row of every table but these and the lease, in which the last writer stands."""
        from registry.store.tables import metadata

        names = sorted(set(metadata.tables) - {"lease", *without})
        return {name: sorted(map(repr, self.sql(f'SELECT * FROM "{name}"'))) for name in names}

    def settings(self, **values: str) -> None:
        lines = [f'{name} = "{value}"' for name, value in values.items()]
        (self.folder / "hallmark.toml").write_text("\n".join(lines) + "\n")

    def run(self, line: str, **environment: str) -> Outcome:
        out, err, before = io.StringIO(), io.StringIO(), Path.cwd()
        saved = dict(os.environ)
        os.chdir(self.folder)
        os.environ.update({"HALLMARK_PRIVATE_KEY": self.key, **environment})
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                try:
                    code = cli.main(shlex.split(line))
                except SystemExit as ended:  # argparse
                    code = int(ended.code or 0)
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(saved)
        return Outcome(code, out.getvalue(), err.getvalue())

    def ok(self, line: str) -> str:
        outcome = self.run(line)
        assert outcome.code == 0, f"hallmark {line}: {outcome.text}"
        return outcome.out

    def write_csv(self, count: int, name: str = "results.csv", first: int = 1) -> None:
        rows = [f"{n:03},Learner {n},learner{n}@example.org" for n in range(first, first + count)]
        (self.folder / name).write_text("id,name,email\n" + "\n".join(rows) + "\n")
        (self.folder / "achievement.json").write_bytes(ACHIEVEMENT.read_bytes())

    def issue(self, count: int = 5, out: str = "credentials", wait: str = "1") -> str:
        self.write_csv(count)
        return self.ok(f"issue results.csv --achievement achievement.json --out {out} --wait {wait}")

    def by_recovery(self, act: str) -> None:
        """The recovery account's own transaction about issuer 1, by the engine's unlocked account."""
        contract = json.loads((self.folder / "deployment.json").read_text())["contract"].split(":")[2]
        data = call_data(f"{act}(uint64)", 1)
        self.chain.rpc("anvil_setBalance", self.recovery, hex(10**20))
        self.chain.rpc(
            "eth_sendTransaction", {"from": self.recovery, "to": contract, "data": data, "gas": hex(300_000)}
        )

    def mine(self, blocks: int = 3) -> None:
        for _ in range(blocks):
            self.chain.rpc("evm_mine")

    def head(self) -> int:
        return int(self.chain.rpc("eth_blockNumber"), 16)


@contextlib.contextmanager
def open_api(desk: Desk, *, index: bool = True, settings: Mapping[str, object] | None = None):
    """The HTTP API over a desk's mirror, in process; a 500 is an answer, not an exception."""
    from fastapi.testclient import TestClient

    from registry import bootstrap
    from registry.config import load_settings

    before = Path.cwd()
    os.chdir(desk.folder)
    try:
        if index:
            desk.ok("index")
        app = bootstrap.api(load_settings(database=desk.database, **(settings or {})))
    finally:
        os.chdir(before)
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened

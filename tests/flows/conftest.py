"""Real components: a chain process, the real contract, SQLite files, the commands' own entry points."""

from functools import partial
from pathlib import Path

import devchain
import pytest
from desk import Desk, open_api
from published import deposit


@pytest.fixture(scope="session")
def chain():
    """anvil (or py-evm where it cannot be had) that mines for each transaction only: tests say when blocks come."""
    with devchain.start(block_time=0) as running:
        yield running


def _desk_of(chain: devchain.Chain, folder: Path) -> Desk:
    made = Desk(folder, chain)
    made.ok("deploy --out deployment.json")
    made.ok(f"issuer register --name 'Northwind Institute' --recovery {made.recovery}")
    return made


@pytest.fixture(scope="session")
def new_desk(chain):
    """Makes an issuer's desk in a folder: a contract of its own and a registered issuer."""
    return partial(_desk_of, chain)


@pytest.fixture(scope="module")
def own_desk():
    """Makes desks like `new_desk`, on a chain of the module's own, whose clock its tests may put forward."""
    with devchain.start(block_time=0) as running:
        yield partial(_desk_of, running)


@pytest.fixture
def bare_desk(chain, tmp_path):
    """A desk before its first command."""
    return Desk(tmp_path, chain)


@pytest.fixture
def desk(new_desk, tmp_path):
    return new_desk(tmp_path)


@pytest.fixture
def sql_desk(desk, database_url):
    """A desk whose mirror is in a database of either kind."""
    return desk.use(database_url)


@pytest.fixture
def client(desk):
    with open_api(desk) as opened:
        yield opened


@pytest.fixture(scope="module")
def desk_once(new_desk, tmp_path_factory):
    """One desk for a module's tests that change nothing on chain."""
    return new_desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def api_once(desk_once):
    """The API over that desk's mirror."""
    with open_api(desk_once) as opened:
        yield opened


@pytest.fixture(scope="module")
def published(desk_once):
    """Six badges signed as they stand, one revoked, with profile and manifest deposited where `api` is."""
    desk_once.write_csv(6)
    desk_once.ok("issue results.csv --achievement achievement.json --out credentials --wait 1 --suite jcs")
    desk_once.ok("status revoke credentials/003.json --reason superseded")
    desk_once.mine(4)
    return desk_once


@pytest.fixture(scope="module")
def api(published):
    """The API over that desk's mirror, without a rate for each client."""
    with open_api(published, settings={"api_rate": 0.0}) as opened:
        deposit(published, opened)
        yield opened

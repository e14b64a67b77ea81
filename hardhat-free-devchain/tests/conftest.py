"""One chain of each engine for the whole run; a test that needs its own starts its own."""

import sys
from pathlib import Path

import pytest

# pytest's importlib mode puts no test folder on the path; the helpers beside this file are named for it.
sys.path.insert(0, str(Path(__file__).parent))

import devchain
from devchain_engines import ENGINES


@pytest.fixture(scope="session", params=ENGINES)
def chain(request):
    """Mines for each transaction only, so that every test knows its blocks."""
    with devchain.start(request.param, block_time=0) as running:
        yield running


@pytest.fixture(params=ENGINES)
def engine(request):
    """For tests that start chains of their own."""
    return request.param


@pytest.fixture
def whole(chain):
    """True on anvil; where py-evm lacks something, the test expects its refusal instead."""
    return chain.engine == "anvil"

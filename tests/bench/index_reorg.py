"""How long a 64-block reorganisation lasts: from the chain's change to the mirror's, with `hallmark index --follow`."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faults.world import World, world
from sqlalchemy import create_engine, text

DEPTH = 64
_PATIENCE = 60.0
HALLMARK = Path(sys.executable).with_name("hallmark")


def seconds_to_repair(blocks: int = 200, seed: int = 64) -> float:
    """Index a chain of random calls, replace its newest 64 blocks, wait until the mirror stands on the new ones."""
    with world(seed, slots=128) as here, tempfile.TemporaryFile() as said:
        here.act(blocks)
        place = ["--rpc", here.url, "--deployment", str(here.deployment), "--database", here.database]
        process = subprocess.Popen([HALLMARK, "index", "--follow", *place], stdout=said, stderr=said)
        try:
            _wait(lambda: _is_level(here), "the mirror never came level")
            if not _orphans_to_be(here):
                raise RuntimeError("the reorganisation would touch no event")
            began = time.perf_counter()
            here.reorg(DEPTH)
            _wait(lambda: _is_level(here), "the reorganisation was never repaired")
            return time.perf_counter() - began
        finally:
            process.terminate()
            process.wait(20)


def _is_level(here: World) -> bool:
    """Whether the mirror's checkpoint is the chain's newest block, by hash."""
    newest = here.rpc("eth_getBlockByNumber", "latest", False)
    row = _row(here, "SELECT block_hash FROM checkpoint")
    return row is not None and "0x" + bytes(row[0]).hex() == newest["hash"]


def _orphans_to_be(here: World) -> int:
    row = _row(here, f"SELECT count(*) FROM event WHERE block_number > {here.head - DEPTH}")
    return int(row[0]) if row else 0


def _row(here: World, query: str) -> Any:
    engine = create_engine(here.database)
    try:
        with engine.connect() as connection:
            return connection.execute(text(query)).first()
    except Exception:
        return None
    finally:
        engine.dispose()


def _wait(done: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise RuntimeError(otherwise)
        time.sleep(0.005)

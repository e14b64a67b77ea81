"""A long catch-up is read by a process of its own; whatever becomes of it, each block comes once and in order."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from made_chain import BLOCKS, LIFE, Chain, Early, everything
from msgspec.structs import replace

from registry.errors import ChainUnavailable
from registry.indexer import beside, wire
from registry.indexer.ahead import Ahead
from registry.indexer.early import EarlyProof
from registry.indexer.fetch import fetch_range
from registry.indexer.reading import Reading
from registry.ledger.events import Anchored, StatusChanged

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="SKIPPED: processes are forked on Linux only")


def reading(chain, troubled=lambda: False, least=1):
    early = EarlyProof(chain)
    return Reading(chain, Ahead(chain).take, early.ask, early.answer, troubled, least)


@pytest.fixture
def forked(monkeypatch):
    """Makes an Ahead with its reader, also where the tests' own threads run; all are gone afterwards."""
    monkeypatch.setattr(beside, "_alone", lambda: True)
    monkeypatch.setattr("registry.indexer.reading._STEP_LOGS", 1)
    made = []

    def make(chain=None, *, theirs=None, least=1, troubled=lambda: False):
        theirs = theirs or Chain(40)
        reader = beside.fork_reader(reading(theirs, troubled, least).answers)
        made.append(reader)
        return Ahead(chain or Chain(), reader=reader), reader

    yield make
    for reader in made:
        reader.end()


def is_gone(pid):
    """Whether a process has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until(done):
    for _ in range(2_000):
        if done():
            return
        time.sleep(0.005)
    raise AssertionError("it did not happen")


def test_range_comes_over_the_wire_as_it_was_read():
    fetched = fetch_range(Chain(), 1, BLOCKS)
    kinds = {type(item.event) for _, item in fetched.events}
    assert {Anchored, StatusChanged} < kinds
    assert wire.unpack(wire.pack(fetched)) == replace_ranges(fetched)


def replace_ranges(fetched):
    """The same; headers and events are lists on both sides."""
    return type(fetched)(fetched.first, fetched.last, list(fetched.headers), list(fetched.events))


def test_bloom_filter_of_all_bits_comes_over_the_wire():
    fetched = fetch_range(Chain(), 1, 3)
    full = [header._replace(logs_bloom=2**2048 - 1) for header in fetched.headers]
    assert wire.unpack(wire.pack(type(fetched)(1, 3, full, fetched.events))).headers == full


def test_log_that_was_forged_on_the_wire_is_refused():
    fetched = fetch_range(Chain(), 1, BLOCKS)
    log, item = next(pair for pair in fetched.events if not isinstance(pair[1].event, Anchored))
    spoiled = type(fetched)(1, BLOCKS, fetched.headers, [(replace(log, data=log.data + b"\1"), item)])
    with pytest.raises(Exception, match="cannot come from the contract"):
        wire.unpack(wire.pack(spoiled))


def test_reading_process_gives_every_block_and_nothing_is_asked_here(forked):
    chain = Chain()
    ahead, _ = forked(chain)
    ahead.begin(1, Early())
    assert everything(ahead) == (list(range(1, BLOCKS + 1)), LIFE.events())
    assert chain.ranges == []


def test_small_ranges_come_as_one_that_is_worth_a_step(forked, monkeypatch):
    monkeypatch.setattr("registry.indexer.reading._STEP_LOGS", 100)
    theirs, chain = Chain(40), Chain()
    ahead, _ = forked(chain, theirs=theirs)
    ahead.begin(1, Early())
    first = ahead.take(1, BLOCKS)
    assert 100 <= len(first.events) < 140
    numbers, items = everything(ahead, first.last + 1)
    assert numbers == list(range(first.last + 1, BLOCKS + 1))
    assert [item for _, item in first.events] + items == LIFE.events()
    assert chain.ranges == []


def test_ranges_that_do_not_link_are_never_one():
    first, second = fetch_range(Chain(), 1, 5), fetch_range(Chain(), 6, 9)
    assert first.joined(second) == replace_ranges(fetch_range(Chain(), 1, 9))
    moved = second.headers[0]._replace(parent_hash=bytes(32))
    with pytest.raises(ChainUnavailable, match="do not link"):
        first.joined(type(second)(6, 9, [moved, *second.headers[1:]], second.events))


def test_reading_goes_on_while_nobody_takes_until_some_megabytes_wait(monkeypatch, tmp_path):
    monkeypatch.setattr(beside, "_alone", lambda: True)
    read = tmp_path / "read"
    read.touch()

    def answers(order):
        order()
        for number in range(20):
            with read.open("ab") as file:
                file.write(b".")
            yield bytes([number]) * 2**20

    reader = beside.fork_reader(answers)
    reader.begin(1)
    wait_until(lambda: read.stat().st_size >= 5)
    time.sleep(0.05)
    assert read.stat().st_size <= 7  # in the pipe, in the queue, and the one that waits for room
    for number in range(20):
        assert reader._answers.read(8 + 2**20) == (2**20).to_bytes(8, "big") + bytes([number]) * 2**20
    assert reader._answers.read() == b""
    reader.end()


def test_proof_of_the_last_block_comes_last_and_is_not_asked_for_here(forked):
    chain = Chain()
    ahead, reader = forked(chain)
    early = EarlyProof(chain, reader)
    ahead.begin(1, early)
    early.ask(BLOCKS)
    everything(ahead)
    newest = chain.headers([BLOCKS])[BLOCKS]
    assert early.storage(newest, [1, 3]).words == dict.fromkeys([1, 2, 3], newest.state_root)
    assert chain.proven == []
    wait_until(lambda: is_gone(reader._pid))


@pytest.mark.parametrize("killed_after", [0, 1])
def test_proof_of_a_reading_process_that_is_gone_is_asked_for_here(forked, killed_after):
    chain = Chain()
    ahead, reader = forked(chain)
    early = EarlyProof(chain, reader)
    ahead.begin(1, early)
    first = ahead.take(1, BLOCKS).last + 1 if killed_after else 1
    os.kill(reader._pid, signal.SIGKILL)
    everything(ahead, first)
    newest = chain.headers([BLOCKS])[BLOCKS]
    assert early.storage(newest, [1, 3]).words == dict.fromkeys([1, 3], newest.state_root)
    assert chain.proven == [BLOCKS]


def test_proof_of_another_block_than_the_newest_is_asked_for_again(forked):
    chain = Chain()
    ahead, reader = forked(chain)
    early = EarlyProof(chain, reader)
    ahead.begin(1, early, until=BLOCKS - 1)
    assert everything(ahead)[0] == list(range(1, BLOCKS + 1))
    newest = chain.headers([BLOCKS])[BLOCKS]
    assert early.storage(newest, [2]).words == {2: newest.state_root}
    assert chain.proven == [BLOCKS]


def test_reading_process_stops_where_it_is_told(forked):
    ahead, _ = forked()
    ahead.begin(5, Early(), until=300)
    assert everything(ahead, 5, 300)[0] == list(range(5, 301))


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_killed_reading_process_costs_no_block(forked, taken):
    chain = Chain()
    ahead, reader = forked(chain)
    ahead.begin(1, Early())
    first, numbers = 1, []
    for _ in range(taken):
        fetched = ahead.take(first, BLOCKS)
        first = fetched.last + 1
        numbers += [header.block.number for header in fetched.headers]
    os.kill(reader._pid, signal.SIGKILL)
    wait_until(lambda: is_gone(reader._pid))
    assert numbers + everything(ahead, first)[0] == list(range(1, BLOCKS + 1))


def test_answer_that_breaks_off_is_asked_for_again(forked):
    ahead, reader = forked()
    reader._answers.close()
    read, write = os.pipe()
    reader._answers = os.fdopen(read, "rb")
    os.write(write, (10_000).to_bytes(8, "big") + b"\x92\x91")
    os.close(write)
    ahead.begin(1, Early())
    assert everything(ahead)[0] == list(range(1, BLOCKS + 1))
    assert not reader.alive


@pytest.mark.parametrize(
    ("theirs", "troubled", "least"),
    [(Chain(failing=1), False, 1), (Chain(40), True, 1), (Chain(40), False, BLOCKS)],
    ids=["a fault", "an endpoint that was set aside", "a short way"],
)
def test_reading_process_that_gives_up_leaves_everything_to_the_parent(forked, theirs, troubled, least):
    chain = Chain()
    ahead, reader = forked(chain, theirs=theirs, troubled=lambda: troubled, least=least)
    ahead.begin(1, Early())
    assert everything(ahead)[0] == list(range(1, BLOCKS + 1))
    assert chain.ranges[0][0] == 1
    assert not reader.alive


def test_reading_process_without_an_order_is_not_waited_for(forked):
    ahead, reader = forked()
    assert everything(ahead)[0] == list(range(1, BLOCKS + 1))
    assert not reader.alive


def test_what_it_read_for_another_place_is_dropped(forked):
    ahead, reader = forked()
    ahead.begin(1, Early())
    assert everything(ahead, first=7)[0] == list(range(7, BLOCKS + 1))
    assert not reader.alive


def test_what_it_read_of_another_chain_is_dropped_with_it(forked):
    chain = Chain()
    ahead, reader = forked(chain)
    ahead.begin(1, Early())
    first = ahead.take(1, BLOCKS)
    ahead.forget()
    assert is_gone(reader._pid)
    assert everything(ahead, first.last + 1)[0] == list(range(first.last + 1, BLOCKS + 1))
    assert chain.ranges[0][0] == first.last + 1


@pytest.mark.parametrize("begun", [True, False])
def test_reading_process_ends_with_its_parent_however_that_ends(forked, begun):
    read, write = os.pipe()
    parent = os.fork()
    if not parent:
        ahead, reader = forked()
        if begun:
            ahead.begin(1, Early())
        os.write(write, reader._pid.to_bytes(8, "big"))
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(parent, 0)
    pid = int.from_bytes(os.read(read, 8), "big")
    os.close(read)
    os.close(write)
    wait_until(lambda: is_gone(pid))


def test_no_process_is_forked_beside_other_threads():
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        assert beside.fork_reader(reading(Chain()).answers) is None
    finally:
        ended.set()
        thread.join()


def test_process_that_the_system_refuses_is_done_without(monkeypatch):
    def refuse():
        raise BlockingIOError("too many processes")

    open_before = len(list(Path("/proc/self/fd").iterdir()))
    monkeypatch.setattr(beside, "_alone", lambda: True)
    monkeypatch.setattr(beside.os, "fork", refuse)
    assert beside.fork_reader(reading(Chain()).answers) is None
    assert len(list(Path("/proc/self/fd").iterdir())) == open_before

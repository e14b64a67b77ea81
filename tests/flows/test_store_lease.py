"""One indexing leader: the second waits and takes over; a leader that slept through it writes nothing any more."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from lives import ACCREDITATION, CONTRACT, Life

from registry.errors import StoreError
from registry.store.engine import open_engine, transaction
from registry.store.writing.lease import Lease, LeaseHeld, LeaseLost
from registry.store.writing.mirror import SqlMirror

SUPPORT = Path(__file__).parents[1] / "support"


class Leader:
    """tests/support/leader.py as a child; `says` waits for its next line."""

    def __init__(self, url, ttl):
        command = [sys.executable, str(SUPPORT / "leader.py"), url, str(ttl)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, cwd=Path(__file__).parents[2]
        )

    def says(self):
        return self.process.stdout.readline().strip()

    def commit(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait(20)
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def start(database_url):
    leaders = []

    def start_one(ttl=60.0):
        leaders.append(Leader(database_url, ttl))
        return leaders[-1]

    yield start_one
    for leader in leaders:
        leader.end()


@pytest.fixture
def engine(database_url):
    opened = open_engine(database_url)
    SqlMirror(opened, CONTRACT, accreditation=ACCREDITATION).prepare()
    yield opened
    opened.dispose()


def checkpoint(engine):
    point = SqlMirror(engine, CONTRACT, accreditation=ACCREDITATION).checkpoint()
    return point and point.block.number


def test_stopped_leader_that_wakes_after_its_lease_was_taken_writes_nothing(start, engine):
    first = start(ttl=1.0)
    assert first.says() == "lead 1"
    first.commit()
    assert first.says() == "ok 1"
    first.process.send_signal(signal.SIGSTOP)
    second = start(ttl=60.0)
    # it may have had to wait, or have come when the lease was over
    said = second.says()
    assert (second.says() if said.startswith("waiting") else said) == "lead 2"
    second.commit()
    assert second.says() == "ok 2"
    first.commit()
    first.process.send_signal(signal.SIGCONT)
    assert first.says().startswith("lost LEASE_LOST")
    assert checkpoint(engine) == 2
    second.commit()
    assert second.says() == "ok 3"


def test_second_takes_over_at_once_when_the_leader_is_killed(start, engine):
    first = start(ttl=3600.0)
    assert first.says() == "lead 1"
    second = start(ttl=3600.0)
    assert second.says().startswith("waiting ")
    first.commit()
    assert first.says() == "ok 1"
    first.process.kill()
    assert second.says() == "lead 2"
    second.commit()
    assert second.says() == "ok 2"
    assert checkpoint(engine) == 2


def test_second_leads_when_the_first_releases(engine):
    first, second = Lease(engine, 1), Lease(engine, 1)
    assert first.acquire() == 1
    with pytest.raises(LeaseHeld) as caught:
        second.acquire(wait=0)
    assert caught.value.todo
    first.release()
    assert second.acquire(wait=0) == 2
    second.release()


def test_leases_of_two_chains_do_not_touch_each_other(engine):
    one, two = Lease(engine, 1), Lease(engine, 2)
    assert (one.acquire(wait=0), two.acquire(wait=0)) == (1, 1)
    one.release()
    two.release()


def test_only_one_of_many_that_start_together_leads(database_url, engine):
    leases = [Lease(open_engine(database_url), 7) for _ in range(6)]
    tokens, barrier = [], threading.Barrier(len(leases))

    def run(lease):
        barrier.wait()
        try:
            tokens.append(lease.acquire(wait=0))
        except LeaseHeld:
            tokens.append(None)

    threads = [threading.Thread(target=run, args=(lease,)) for lease in leases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    leaders = [lease for lease in leases if lease.token is not None]
    # one after the other may lead, but only the newest token can write
    assert len([token for token in tokens if token is not None]) == len(set(tokens) - {None})
    writable = 0
    for lease in leaders:
        try:
            with transaction(engine) as connection:
                lease.fence(connection)
            writable += 1
        except LeaseLost:
            pass
    assert writable == 1
    for lease in leases:
        lease.release()
        lease.engine.dispose()


def test_without_a_token_nothing_is_written(engine):
    mirror = SqlMirror(engine, CONTRACT, Lease(engine, CONTRACT.chain_id), ACCREDITATION)
    life = Life(seed=1)
    life.mine(2)
    with pytest.raises(LeaseLost):
        mirror.commit(next(life.steps()))
    assert mirror.checkpoint() is None


def test_renewing_keeps_the_lease_beyond_its_first_end(engine):
    lease, other = Lease(engine, 1, ttl=0.3), Lease(engine, 1)
    lease.acquire()
    for _ in range(3):
        lease.renew()
        with pytest.raises(LeaseHeld):
            other.acquire(wait=0)
    lease.release()


def test_rewinding_and_halting_are_fenced_as_well(engine):
    old, new = Lease(engine, CONTRACT.chain_id, ttl=0.0), Lease(engine, CONTRACT.chain_id)
    mirror = SqlMirror(engine, CONTRACT, old, ACCREDITATION)
    life = Life(seed=1)
    life.mine(4)
    old.acquire()
    for step in life.steps(load=mirror.load):
        mirror.commit(step)
    new.acquire()
    with pytest.raises(StoreError):
        mirror.rewind(1)
    with pytest.raises(LeaseLost):
        mirror.halt("who leads no more must not stop the one who leads")
    assert checkpoint(engine) == 4
    assert mirror.checkpoint().halted == ""
    new.release()
    old.release()

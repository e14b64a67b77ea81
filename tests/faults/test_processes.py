"""The indexer's process and database fail: what was committed is whole, and the next run goes on from there."""

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import devchain
import pytest

POINTS = 5


@pytest.fixture(autouse=True)
def _anvil():
    if devchain.chain.choose().engine != "anvil":
        pytest.skip("SKIPPED: anvil is needed, py-evm cannot reorganise")


@pytest.fixture
def traced():
    from faults import processes

    if not processes.traceable():
        pytest.skip("SKIPPED: strace is not installed, or may not trace (apt-get install strace)")
    return processes


def kill_at_some_calls(traced, scene, call):
    died, problems = traced.kill_everywhere(scene, call, step=max(1, scene.calls(call) // POINTS))
    assert problems == []
    assert died >= POINTS


def test_kill_at_any_write_to_sqlite_loses_nothing_and_doubles_nothing(traced):
    with traced.sqlite_scene(7) as scene:
        kill_at_some_calls(traced, scene, "pwrite64")


def test_kill_at_any_write_of_a_step_that_heals_forged_raw_events_leaves_none_of_them(traced):
    with traced.sqlite_scene(7, poisoned=True) as scene:
        kill_at_some_calls(traced, scene, "pwrite64")


def test_kill_at_any_message_to_postgresql_loses_nothing_and_doubles_nothing(traced, postgres_server):
    with traced.postgres_scene(7, postgres_server) as scene:
        kill_at_some_calls(traced, scene, "sendto")


@pytest.mark.parametrize(("error", "told"), [("EIO", "disk I/O error"), ("ENOSPC", "disk")])
def test_failing_disk_stops_with_a_clear_error_and_an_unmoved_checkpoint(traced, error, told):
    with traced.sqlite_scene(8) as scene:
        ended, problems = scene.attempt(inject=f"pwrite64:error={error}:when=3+")
    assert problems == []
    assert ended.code == 1
    assert told in ended.said
    assert "Next:" in ended.said


@pytest.fixture
def small_disk():
    folder = Path(tempfile.mkdtemp(prefix="hallmark-small-"))
    mounted = shutil.which("mount") and os.geteuid() == 0
    if not mounted or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "none", folder]).returncode:
        folder.rmdir()
        pytest.skip("SKIPPED: a small tmpfs cannot be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)
    folder.rmdir()


def test_full_disk_is_said_and_the_mirror_goes_on_once_there_is_room(small_disk):
    from faults import oracle, processes
    from faults.world import world

    with world(9, slots=2, database=f"sqlite:///{small_disk}/mirror.sqlite") as here:
        here.act(120)
        ended = processes.hallmark(here, "index")
        assert ended.code == 1
        assert "full" in ended.said
        assert processes.torn(here) == []
        subprocess.run(["mount", "-o", "remount,size=20m", small_disk], check=True)
        assert processes.hallmark(here, "index").code == 0
        assert oracle.differences(here) == []


@pytest.fixture
def on_postgres():
    """A world on a PostgreSQL cluster of its own, which may be broken."""
    import clusters
    from faults.world import world

    cluster = clusters.Cluster()
    try:
        with world(10, slots=2, database=cluster.new_database()) as here:
            here.act(20)
            yield here, cluster
    finally:
        cluster.remove()


def test_database_that_is_down_is_said_and_the_mirror_goes_on_when_it_is_back(on_postgres):
    from faults import oracle, processes

    here, cluster = on_postgres
    assert processes.hallmark(here, "index").code == 0
    cluster.stop(signal.SIGQUIT)  # as pg_ctl stop -m immediate: a crash
    here.act(10)
    ended = processes.hallmark(here, "index")
    assert ended.code == 1
    assert "Next:" in ended.said
    assert "Traceback" not in ended.said
    cluster.start()
    assert processes.hallmark(here, "index").code == 0
    assert oracle.differences(here) == []


def test_cut_connections_leave_whole_steps_and_the_mirror_goes_on(on_postgres):
    from faults import oracle, processes
    from sqlalchemy import create_engine, text

    here, _ = on_postgres
    killer = create_engine(here.database, isolation_level="AUTOCOMMIT")
    cut = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    stop, cuts = threading.Event(), [0]

    def keep_cutting():
        with killer.connect() as connection:
            while not stop.wait(0.03):
                cuts[0] += connection.execute(cut).scalar_one()

    thread = threading.Thread(target=keep_cutting)
    thread.start()
    try:
        for _ in range(6):
            here.act(5)
            assert processes.hallmark(here, "index").code in (0, 1)
    finally:
        stop.set()
        thread.join()
        killer.dispose()
    assert cuts[0] > 0
    assert processes.torn(here) == []
    assert processes.hallmark(here, "index").code == 0
    assert oracle.differences(here) == []


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_many_indexers_at_once_write_one_mirror(kind, request):
    from faults import oracle, processes
    from faults.world import world

    with contextlib.ExitStack() as stack:
        database = None
        if kind == "postgres":
            import clusters

            database = clusters.make_database(request.getfixturevalue("postgres_server"))
            stack.callback(clusters.drop_database, database)
        here = stack.enter_context(world(11, slots=2, database=database))
        for _ in range(2):
            here.act(8)
            indexers = [processes.begin(here, "index") for _ in range(3)]
            codes = [processes.end(indexer) for indexer in indexers]
            assert 0 in codes
            assert set(codes) <= {0, 1}
            assert oracle.differences(here) == []


def test_stopped_leader_that_wakes_writes_nothing_over_its_successor():
    from faults import oracle, processes
    from faults.world import world

    with world(12, slots=2) as here:
        here.act(6)
        first = processes.begin(here, "index", "--follow")
        processes.wait_until(lambda: processes.level(here))
        os.kill(first.pid, signal.SIGSTOP)
        second = processes.begin(here, "index", "--follow")
        try:
            here.act(6)
            processes.wait_until(lambda: processes.level(here), seconds=40)  # the lease has to end first
            os.kill(first.pid, signal.SIGCONT)
            here.act(6)
            processes.wait_until(lambda: processes.level(here))
            time.sleep(0.5)
            assert oracle.differences(here) == []
        finally:
            for indexer in (first, second):
                os.kill(indexer.pid, signal.SIGCONT)
                os.kill(indexer.pid, signal.SIGTERM)
                processes.end(indexer)


def test_chain_that_becomes_another_one_mid_run_halts_and_changes_nothing():
    from urllib.parse import urlsplit

    from faults import oracle
    from faults.world import world

    from registry import bootstrap
    from registry.errors import HallmarkError

    with world(13, slots=2) as here, world(14, slots=2) as other:
        here.act(10)
        other.act(30)
        follower = bootstrap.follower(here.settings())
        steps = follower.run(forever=True, pause=lambda _: None)
        assert next(step for step in steps if step.caught_up)
        facts, logs = oracle.final_facts(here), oracle.mirrored_logs(here, 10_000)
        here.proxy.upstream = urlsplit(other.url)
        here.proxy.reconnect()
        with pytest.raises(HallmarkError):
            list(itertools.islice(steps, 20))
        follower.mirror.engine.dispose()
        assert (oracle.final_facts(here), oracle.mirrored_logs(here, 10_000)) == (facts, logs)


def test_old_backup_that_is_restored_catches_up():
    from faults import oracle, processes
    from faults.world import world

    with world(15, slots=2) as here, tempfile.TemporaryDirectory() as folder:
        path = Path(here.database.removeprefix("sqlite:///"))
        here.act(15)
        assert processes.hallmark(here, "index").code == 0
        shutil.copy(path, Path(folder) / "backup")
        here.act(15)
        assert processes.hallmark(here, "index").code == 0
        for left in path.parent.glob(path.name + "*"):
            left.unlink()
        shutil.copy(Path(folder) / "backup", path)
        here.reorg(2)
        here.act(3)
        assert processes.hallmark(here, "index").code == 0
        assert oracle.differences(here) == []

"""The Dask runner on two local workers: the same command, the same credentials, and a worker that dies is no loss."""

import json
import os
import signal

import pytest

distributed = pytest.importorskip("distributed", reason="distributed is ABSENT: --dask is not tested")


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as running:
        yield running


def lines_of(desk, out):
    (path,) = (desk.folder / out).glob("batch-*/credentials.ndjson")
    return path, path.read_bytes().splitlines()


def test_same_command_on_two_workers(desk, cluster):
    desk.write_csv(5_000)
    line = "issue results.csv --achievement achievement.json --out out --wait 1 --layout ndjson --suite jcs"
    desk.ok(f"{line} --dask {cluster.scheduler_address}")
    path, lines = lines_of(desk, "out")
    assert len(lines) == 5_000
    desk.mine()
    for number in (0, 2_047, 2_048, 4_999):
        assert json.loads(lines[number])["credentialStatus"]["statusListIndex"] == str(number)
        (path.parent / f"{number}.json").write_bytes(lines[number])
    files = " ".join(str(place) for place in path.parent.glob("[0-9]*.json"))
    assert desk.run(f"verify {files}").code == 0
    again = desk.run(line)
    assert (again.code, "already anchored" in again.err) == (1, True), "without --dask it is another batch"


def test_worker_that_dies_has_its_work_done_by_the_other(cluster):
    from registry.issuing.batch.dask_runner import DaskCluster

    with DaskCluster(cluster.scheduler_address) as runner:
        flag = os.path.join(cluster.workers[0].local_directory, "died")  # noqa: PTH118
        assert list(runner.map(_die_once, [(number, flag) for number in range(20)])) == list(range(20))
        assert os.path.exists(flag)  # noqa: PTH110


def _die_once(job):
    number, flag = job
    if number == 7:
        try:
            os.close(os.open(flag, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return number
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_scheduler_that_does_not_answer_is_said(desk, monkeypatch):
    from registry.issuing.batch import dask_runner

    monkeypatch.setattr(dask_runner, "_SECONDS", 1)
    desk.write_csv(1)
    line = "issue results.csv --achievement achievement.json --out out --wait 1 --dask tcp://127.0.0.1:9"
    done = desk.run(line)
    assert (done.code, "No Dask scheduler answers" in done.err) == (1, True), done.text
    desk.ok(line.partition(" --dask")[0])

"""Files that are brought to disk while others are written."""

import errno

import pytest

from registry.issuing.batch import files


@pytest.fixture
def synced(monkeypatch):
    seen = []
    monkeypatch.setattr(files, "sync_path", seen.append)
    return seen


@pytest.mark.parametrize("count", [0, 1, 2, 3, 9])
def test_every_file_is_on_disk_when_the_context_ends(synced, tmp_path, count):
    paths = [tmp_path / f"{number}" for number in range(2 * count)]
    with files.Syncer() as disk:
        for number in range(count):
            disk.add(*paths[2 * number : 2 * number + 2])
    assert sorted(synced) == sorted(paths)


def test_file_that_grew_is_synced_after_it_was_told_of_last(monkeypatch, tmp_path):
    path, sizes = tmp_path / "growing", []
    path.write_bytes(b"")
    monkeypatch.setattr(files, "sync_path", lambda told: sizes.append(told.stat().st_size))
    with files.Syncer() as disk:
        for size in range(1, 8):
            path.write_bytes(b"x" * size)
            disk.add(path)
    assert sizes[-1] == 7


def bring(folder, count, *, then=None):
    with files.Syncer() as disk:
        for number in range(count):
            disk.add(folder / f"{number}")
        if then is not None:
            raise then


@pytest.mark.parametrize("fails", [0, 5])
def test_disk_that_fails_is_said_whether_a_thread_met_it_or_not(monkeypatch, tmp_path, fails):
    def sync(path):
        if path.name == f"{fails}":
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(files, "sync_path", sync)
    with pytest.raises(OSError, match="Input/output"):
        bring(tmp_path, fails + 1)


def test_error_inside_is_not_hidden_by_one_of_the_disk(monkeypatch, tmp_path):
    def sync(_path):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(files, "sync_path", sync)
    with pytest.raises(ValueError, match="mine"):
        bring(tmp_path, 5, then=ValueError("mine"))

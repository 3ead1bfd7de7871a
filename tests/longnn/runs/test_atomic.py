"""Files are written with the permissions that the umask of the user leaves."""

import os

import numpy as np
import pytest

from longnn.runs import atomic, checkpoint
from longnn.runs.atomic import atomic_write, create_once
from longnn.runs.attempts import begin, end
from longnn.runs.record import save_arrays, write_run


@pytest.fixture(params=[0o002, 0o022, 0o077])
def left(request):
    """The permissions of a file under a umask."""
    before = os.umask(request.param)
    yield 0o666 & ~request.param
    os.umask(before)


def modes(folder):
    return {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}


def test_a_run_directory(tmp_path, left):
    run = tmp_path / "run"
    attempt = begin(run)
    assert attempt is not None
    checkpoint.write(run, "key", {"a": np.ones(3)})
    files = {"a.npz": save_arrays({"a": np.ones(3)}), "b": lambda path: path.write_text("b")}
    write_run(run, files, {"identity": "1"})
    end(attempt, "done")
    names = ("a.npz", "attempt-001.json", "b", "checkpoint.npz", "result.json")
    assert modes(run) == dict.fromkeys(names, left)
    assert run.stat().st_mode & 0o777 == left | (left & 0o444) >> 2


def test_a_file_that_is_replaced(tmp_path, left):
    file = tmp_path / "file"
    file.write_text("earlier")
    file.chmod(0o600)
    with atomic_write(file) as path:
        path.write_text("later")
    assert modes(tmp_path) == {"file": left}


def test_a_file_that_is_created_where_links_are_refused(tmp_path, left, monkeypatch):
    def refused(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(atomic.os, "link", refused)
    assert create_once(tmp_path / "file", "text")
    assert modes(tmp_path) == {"file": left}
    assert not create_once(tmp_path / "file", "other")
    assert (tmp_path / "file").read_text() == "text"

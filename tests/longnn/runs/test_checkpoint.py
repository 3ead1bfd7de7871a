"""A checkpoint that is damaged or of another run is as good as none."""

import logging
import resource

import numpy as np
import pytest

from longnn.runs import checkpoint
from longnn.runs.directory import CHECKPOINT

ARRAYS = {"a": np.arange(6.0).reshape(2, 3), "b.c": np.array(True), "d": np.array("name")}


def test_what_was_written_is_read(tmp_path, caplog):
    checkpoint.write(tmp_path, "mine", ARRAYS)
    read = checkpoint.read(tmp_path, "mine")
    assert read.keys() == ARRAYS.keys()
    for name, values in ARRAYS.items():
        np.testing.assert_array_equal(read[name], values)
        assert read[name].dtype == values.dtype
    assert not caplog.records
    checkpoint.remove(tmp_path)
    assert not list(tmp_path.iterdir())
    checkpoint.remove(tmp_path)
    assert checkpoint.read(tmp_path, "mine") is None


def test_another_runs_is_ignored(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    checkpoint.write(tmp_path, "other", ARRAYS)
    assert checkpoint.read(tmp_path, "mine") is None
    assert "other settings, data, splits" in caplog.text


def test_a_damaged_one_is_ignored(tmp_path, caplog):
    checkpoint.write(tmp_path, "mine", ARRAYS)
    file = tmp_path / CHECKPOINT
    whole = file.read_bytes()
    at = whole.index(ARRAYS["a"].tobytes())
    flipped = whole[: at + 9] + bytes([whole[at + 9] ^ 1]) + whole[at + 10 :]
    torn = [whole[:size] for size in range(0, len(whole), 97)]
    for content in (*torn, flipped, b"{}", b"PK" * 99):
        file.write_bytes(content)
        caplog.clear()
        assert checkpoint.read(tmp_path, "mine") is None
        assert "is damaged and ignored" in caplog.text


class Harmful:
    def __reduce__(self):
        return pytest.fail, ("a pickle was loaded",)


def test_no_pickle_is_read(tmp_path, caplog):
    harmful = np.array([Harmful()], object)
    with (tmp_path / CHECKPOINT).open("wb") as file:
        np.savez(file, key=np.array("mine"), a=harmful)
    assert checkpoint.read(tmp_path, "mine") is None
    assert "is damaged and ignored" in caplog.text


def test_a_full_disk_leaves_the_earlier_one(tmp_path):
    checkpoint.write(tmp_path, "mine", ARRAYS)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            checkpoint.write(tmp_path, "mine", {"large": np.zeros(10_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [file.name for file in tmp_path.iterdir()] == [CHECKPOINT]
    assert checkpoint.read(tmp_path, "mine").keys() == ARRAYS.keys()

"""Files are whole or absent."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from longnn.runs.atomic import atomic_write
from longnn.runs.directory import RunDirectoryError
from longnn.runs.kinds import problem_of
from longnn.runs.record import finished, save_arrays, write_run
from tests.longnn.runs.made import RESULT


def _boom(path: Path) -> None:
    path.write_text("half")
    raise OSError("No space left on device")


def test_failing_writer_leaves_nothing(tmp_path):
    run = tmp_path / "run"
    with pytest.raises(OSError, match="No space left"):
        write_run(run, {"a.npz": save_arrays({"x": np.ones(3)}), "b": _boom}, {"identity": "1"})
    assert [f.name for f in run.iterdir()] == ["a.npz"]
    assert finished(run, "1", force=False) is None


def test_failing_writer_keeps_the_earlier_file(tmp_path):
    target = tmp_path / "file"
    target.write_text("earlier")
    with pytest.raises(OSError, match="No space"), atomic_write(target) as path:
        _boom(path)
    assert target.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("moment", ["a", "b", "result.json"])
def test_kill_while_writing(tmp_path, moment):
    code = f"""
import os, signal, pathlib
from longnn.runs import record
replace = pathlib.Path.replace
def killed(self, target):
    if target.name == {moment!r}:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)
pathlib.Path.replace = killed
write = lambda path: path.write_text("content")
record.write_run(pathlib.Path({str(tmp_path)!r}), {{"a": write, "b": write}}, {{"identity": "1"}})
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "result.json").exists()
    write_run(tmp_path, {"a": lambda p: p.write_text("content")}, {"identity": "1"})
    assert not list(tmp_path.glob(".partial-*"))
    assert finished(tmp_path, "1", force=False) == {"identity": "1"}


def test_nan_is_never_written(tmp_path):
    with pytest.raises(ValueError, match="Out of range float"):
        write_run(tmp_path, {}, {"identity": "1", "test": float("nan")})
    assert not (tmp_path / "result.json").exists()


@pytest.mark.parametrize("text", ["", "{", '{"identity": "1", "te', "\udcff"])
def test_a_torn_result_is_put_aside(tmp_path, text, caplog):
    torn = text.encode("utf-8", "surrogateescape")
    (tmp_path / "result.json").write_bytes(torn)
    assert finished(tmp_path, "1", force=False) is None
    assert (tmp_path / "result.damaged.json").read_bytes() == torn
    assert not (tmp_path / "result.json").exists()
    assert "cannot be read; it is now result.damaged.json" in caplog.text


@pytest.mark.parametrize("text", ["[]", "{}", '"x"'])
def test_what_another_program_wrote_is_not_taken_for_none(tmp_path, text):
    (tmp_path / "result.json").write_text(text)
    with pytest.raises(RunDirectoryError, match=r"result\.json is not a result.*move it away"):
        finished(tmp_path, "1", force=False)
    assert finished(tmp_path, "1", force=True) is None


def test_identity_decides(tmp_path):
    (tmp_path / "result.json").write_text(json.dumps({"identity": "1"}))
    assert finished(tmp_path, "1", force=False) == {"identity": "1"}
    with pytest.raises(RunDirectoryError, match="another run"):
        finished(tmp_path, "2", force=False)


def test_a_damaged_result_of_this_run_is_put_aside(tmp_path, caplog):
    content = RESULT.to_json() | {"seconds": 3}
    (tmp_path / "result.json").write_text(json.dumps(content))
    own = content["identity"]
    assert finished(tmp_path, own, force=False) == content, "a fit of a response has other values"
    assert finished(tmp_path, own, force=False, problem=problem_of) is None
    assert json.loads((tmp_path / "result.damaged.json").read_text()) == content
    assert "is damaged ('seconds' should be an object" in caplog.text
    (tmp_path / "result.json").mkdir()
    with pytest.raises(RunDirectoryError, match="it is not a file"):
        finished(tmp_path, own, force=False)

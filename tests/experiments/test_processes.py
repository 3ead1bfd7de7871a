"""``longnn train distributed=...``: one run in several processes, over the loopback."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest
from longnn.experiments.config.processes import asked_for, joined, process_of

from longnn.training.processes import others_there, told, told_arrays
from tests.simulated import flags

SETTINGS = ("model=mlp", "dataset.nodes=60", "dtype=float64", "optim.max_epochs=600",
            "optim.patience=600", "figures=false", "checkpoint_seconds=0")  # fmt: skip


def started(folder: Path, port: int, process: int) -> subprocess.Popen:
    """A process of two, with four devices."""
    work = folder / f"process{process}"
    work.mkdir(exist_ok=True)
    words = [f"distributed=127.0.0.1:{port}", f"hydra.run.dir={folder / 'run'}", *SETTINGS]
    return subprocess.Popen(
        [sys.executable, "-m", "longnn.experiments", "train", *words],
        cwd=work,
        env={**os.environ, **flags(4), "LONGNN_PROCESS": f"{process}/2"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def pair(folder: Path) -> tuple[subprocess.Popen, subprocess.Popen]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return started(folder, port, 0), started(folder, port, 1)


def ended(process: subprocess.Popen) -> tuple[int, list[str]]:
    """Its exit code, and what it said itself."""
    said, _ = process.communicate(timeout=120)
    return process.returncode, [line for line in said.splitlines() if "[Gloo]" not in line]


@pytest.mark.slow
def test_two_processes_of_four_devices_give_the_run_of_one(tmp_path, train):
    """One is killed on the way: the other ends, and the same command goes on."""
    first, other = pair(tmp_path)
    kept = tmp_path / "run" / "checkpoint.npz"
    while first.poll() is None and not kept.exists():
        time.sleep(0.05)
    other.send_signal(signal.SIGTERM)
    assert ended(other)[0] == -signal.SIGTERM
    code, said = ended(first)
    assert code == 1, said
    assert said[-1].startswith("error: another process of this run has ended"), said
    assert kept.exists()
    first, other = pair(tmp_path)
    code, said = ended(first)
    assert code == 0, said
    assert any("goes on from epoch" in line for line in said), said
    assert ended(other) == (0, [])
    assert not any((tmp_path / "process1").iterdir())
    found = train(*SETTINGS, "devices=1", "checkpoint_seconds=null")
    (alone,) = (directory for directory in found if directory != tmp_path / "run")
    assert {file.name for file in alone.iterdir()} == {
        file.name for file in (tmp_path / "run").iterdir() if file.name != "attempt-002.json"
    }
    with np.load(alone / "curves.npz") as one, np.load(tmp_path / "run" / "curves.npz") as two:
        for name in one.files:
            np.testing.assert_allclose(two[name], one[name], rtol=1e-9)


@pytest.mark.parametrize(
    ("words", "told_what"),
    [
        (["distributed=here"], "must be auto, HOST:PORT or null, got 'here'"),
        (["distributed=h:1"], "needs LONGNN_PROCESS=I/N in the environment .*; got ''"),
        (["-m", "distributed=auto"], r"trains one run over several processes; a sweep \(-m\)"),
    ],
)
def test_what_cannot_be_joined_is_refused(words, told_what, monkeypatch, capsys):
    monkeypatch.delenv("LONGNN_PROCESS", raising=False)
    with pytest.raises(SystemExit) as stopped, joined(words):
        pass
    assert stopped.value.code == 2
    assert re.search(told_what, capsys.readouterr().err)


def test_auto_wants_processes_that_something_started():
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM", "OMPI", "JAX_COORD"))}
    done = subprocess.run(
        [sys.executable, "-m", "longnn.experiments", "train", "distributed=auto"],
        env=ours,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: distributed=auto finds no processes to join: start them")
    assert not done.stdout


@pytest.mark.parametrize("said", ["", "2/2", "1", "a/b", "0/0"])
def test_the_number_of_a_process(said):
    with pytest.raises(ValueError, match=f"such as LONGNN_PROCESS=0/2; got '{said}'"):
        process_of({"LONGNN_PROCESS": said})


@pytest.mark.parametrize("words", [[], ["distributed=null"], ["distributed=auto", "--cfg", "job"]])
def test_one_process_joins_nothing(words):
    assert asked_for(words) is None
    with joined(words) as silent:
        assert silent == []


def test_a_config_file_alone_does_not_join(train, tmp_path, capsys):
    file = tmp_path / "conf" / "experiment" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("# @package _global_\ndistributed: auto\n")
    with pytest.raises(SystemExit) as stopped:
        train("--config-dir", str(tmp_path / "conf"), "experiment=mine")
    assert stopped.value.code == 2
    assert "distributed=auto has to stand on the command line" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_what_processes_tell_each_other():
    arrays = {"a.b": np.arange(3), "c": np.array("text")}
    found = told_arrays(arrays)
    assert found is not None
    assert found.keys() == arrays.keys()
    for name, values in arrays.items():
        np.testing.assert_array_equal(found[name], values)
    assert told_arrays(None) is None
    assert (told(True), told(False)) == (True, False)


def test_errors_of_one_process_stay_as_they_are():

    with pytest.raises(jax.errors.JaxRuntimeError, match="Gloo"), others_there():
        raise jax.errors.JaxRuntimeError("Gloo")

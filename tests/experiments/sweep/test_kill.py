"""Killed twenty times at random moments, a sweep ends as if nothing had happened."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

JOBS = 40
SWEEP = (
    "-m",
    "dataset.nodes=60",
    "dataset.features=8",
    "split.count=2",
    "model=mlp",
    "model.hidden=4",
    "optim.max_epochs=100",
    "optim.patience=100",
    "figures=false",
    "compilation_cache=null",
    f"seed=range(0,{JOBS})",
)


def swept(directory: Path, kills: int, *overrides: str) -> str:
    """Runs the sweep with so many kills; gives what was printed."""
    arguments = [str(kills), "0", str(directory), *SWEEP, *overrides]
    command = [sys.executable, "-m", "tests.experiments.sweep.killer", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def scores(directory: Path) -> dict[str, list]:
    """name -> losses and scores of its runs, from whole files."""
    found = {}
    for file in sorted(directory.glob("*/result.json")):
        result = json.loads(file.read_text())
        with np.load(file.parent / "curves.npz") as curves:
            losses = curves["loss"]
        with np.load(file.parent / "predictions.npz") as predicted:
            assert predicted["probabilities"].shape == (2, 60, 2)
        found[file.parent.name] = [result["per_run"], losses]
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    directory = tmp_path_factory.mktemp("undisturbed")
    assert swept(directory, 0).endswith("killed 0, then 0\n")
    return scores(directory)


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["basic", "vmap"])
def test_killed_twenty_times(tmp_path, undisturbed, launcher):
    printed = swept(tmp_path, 20, f"hydra/launcher={launcher}")
    killed = int(printed.splitlines()[-1].split()[1].rstrip(","))
    assert printed.endswith(f"killed {killed}, then 0\n")
    assert killed >= 10, "the sweep was over too soon for this to say anything"
    attempts = [json.loads(file.read_text()) for file in tmp_path.glob("*/attempt-*.json")]
    assert len(attempts) > JOBS, "no kill hit a job"
    got = scores(tmp_path)
    assert got.keys() == undisturbed.keys()
    assert len(got) == JOBS
    for name, (per_run, losses) in got.items():
        # each was completed once: its last attempt ended after its only result was written
        done = [json.loads(f.read_text())["status"] for f in (tmp_path / name).glob("attempt-*")]
        assert done.count("done") <= 1
        expected, other = undisturbed[name]
        if launcher == "basic":
            assert per_run == expected
            np.testing.assert_array_equal(losses, other)
        else:
            np.testing.assert_allclose(losses[:, :20], other[:, :20], rtol=1e-4)
    assert not [f for f in tmp_path.rglob(".partial-*") if f.parent.name not in got]

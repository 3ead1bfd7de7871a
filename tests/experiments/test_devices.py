"""``devices=``: a sweep that trains as one batch over simulated devices, and what doctor says."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.experiments.conftest import SMALL
from tests.simulated import flags

SWEEP = ("-m", "hydra/launcher=vmap", "model=mlp", "model.dropout=0.1,0.2,0.3", "dtype=float64",
         "figures=false", *SMALL)  # fmt: skip


def said(folder, *words: str, devices: int = 4) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "longnn.experiments", *words],
        cwd=folder,
        env={**os.environ, **flags(devices)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_sweep_as_one_batch_is_that_of_one_device(tmp_path):
    for name, devices in (("one", 1), ("all", 4)):
        done = said(tmp_path, "train", *SWEEP, f"hydra.sweep.dir={name}", devices=devices)
        assert "3 jobs in 1 batches" in done.stdout, done.stderr
    found = sorted((tmp_path / "one").glob("*/curves.npz"))
    assert len(found) == 3
    for file in found:
        with np.load(file) as one, np.load(tmp_path / "all" / file.parent.name / file.name) as all_:
            for name in one.files:
                np.testing.assert_allclose(all_[name], one[name], rtol=1e-9)


def test_doctor_counts_devices(tmp_path):
    done = said(tmp_path, "doctor")
    (line,) = [line for line in done.stdout.splitlines() if "devices=all:" in line]
    assert line.endswith("means 4 devices here, over which splits, seeds and trials are spread")


def test_more_devices_than_there_are(tmp_path):
    done = said(tmp_path, "train", "devices=5")
    assert done.returncode == 2
    assert done.stderr.startswith("error: devices=5, but there are 4 cpu devices; leave devices")
    assert not (tmp_path / "runs").exists()

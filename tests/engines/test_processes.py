"""Two tasks of ``srun`` that train one run (``distributed=auto``)."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pytest

from tests.experiments.conftest import SMALL
from tests.simulated import flags

from .engine import ROOT, free_ports, named
from .slurm import Slurm, slurm

pytestmark = pytest.mark.engines

TRAIN = (sys.executable, "-m", "longnn.experiments", "train", *SMALL, "dtype=float64")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Slurm]:
    with slurm() as running:
        yield running


def said(command: Sequence[object], environment: Mapping[str, str]) -> str:
    """What a command prints that succeeds."""
    done = subprocess.run(
        list(map(str, command)),
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("nodes_over", [1, 8])
def test_two_tasks_train_the_run_of_one_process(cluster, tmp_path, nodes_over):
    """The nodes have names that no address belongs to, so that both are told where they are."""
    (port,) = free_ports(1)
    here = cluster.daemons.environment
    there = {"JAX_COORDINATOR_ADDRESS": f"127.0.0.1:{port}", **flags(4)}
    two, one = tmp_path / "two", tmp_path / "one"
    words = ["distributed=auto", f"nodes_over={nodes_over}", f"hydra.run.dir={two}"]
    task = named("localhost", [*TRAIN, *words])
    printed = said(["srun", "--nodes=2", "--ntasks=2", *task], {**here, **there})
    assert printed.count("test accuracy") == 1, printed
    said([*TRAIN, "devices=1", f"hydra.run.dir={one}"], here)
    assert {file.name for file in two.iterdir()} == {file.name for file in one.iterdir()}
    with np.load(one / "curves.npz") as alone, np.load(two / "curves.npz") as together:
        for name in alone.files:
            np.testing.assert_allclose(together[name], alone[name], rtol=1e-9)

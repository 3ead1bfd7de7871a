"""The launcher vmap: which jobs go together, and that each gives what it gives alone."""

import json
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from longnn.experiments.config.cli import CONF, register_resolvers
from longnn.experiments.jobs.job import Job, group_of
from longnn.experiments.sweep.together import grouped

from tests.experiments.conftest import SMALL, result_of

SWEEP = ("-m", *SMALL, "figures=false", "dataset.features=8", "optim.max_epochs=20",
         "model.alpha=0,0.5,1", "optim.groups.mlp.lr=0.01,0.02", "seed=0,3")  # fmt: skip


def job(*overrides: str) -> Job:
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return Job(compose("config", list(overrides)), "longnn", Path("somewhere"))


@pytest.mark.parametrize(
    "override",
    [
        "model.alpha=0.5",
        "model.alpha=1",  # a whole number where the model wants a float
        "model.dropout=0",
        "optim.groups.basis.weight_decay=1",
        "optim.patience=7",
        "seed=4",
        "repeats=2",
    ],
)
def test_together(override):
    assert group_of(job(override)) == group_of(job())


@pytest.mark.slow
@pytest.mark.parametrize(
    "override",
    [
        "model.order=5",
        "model.embedding=linear",
        "dataset.seed=1",
        "split.first_seed=1",
        "graph.degree_exponent=1",
        "graph.order=rcm",
        "precision=mixed",
        "optim.decay=theta",
        "backend=csr",
        "memory_gb=1",
        "devices=1",
        "model=mlp",
        "~optim.groups.coefficients.weight_decay",
    ],
)
def test_apart(override):
    assert group_of(job(override)) != group_of(job())


def test_a_config_that_cannot_be_read_is_alone():
    jobs = [job(), job("model._target_=longnn.models.Nothing"), job("seed=1")]
    assert [len(group) for group in grouped(jobs)] == [2, 1]


@pytest.fixture
def both(train, tmp_path):
    """The same sweep in both ways: name -> (alone, together)."""
    found: dict[str, list[Path]] = {}
    for launcher in ("basic", "vmap"):
        folder = tmp_path / launcher
        train(*SWEEP, f"hydra.sweep.dir={folder}", f"hydra/launcher={launcher}")
        for file in folder.glob("*/result.json"):
            found.setdefault(file.parent.name, []).append(file.parent)
    return found


@pytest.mark.slow
def test_jobs_give_what_they_give_alone(both):
    """Losses to 1e-4 over 20 epochs in float32; the same files, the same identity."""
    assert len(both) == 12
    for alone, together in both.values():
        one, other = result_of(alone), result_of(together)
        assert one.keys() == other.keys()
        assert one["identity"] == other["identity"]
        assert one["config"] == other["config"]
        for run, same in zip(one["per_run"], other["per_run"], strict=True):
            assert run.keys() == same.keys()
            assert (run["split"], run["seed"]) == (same["split"], same["seed"])
        assert {f.name for f in alone.iterdir()} - {".hydra"} == {
            f.name for f in together.iterdir()
        }
        with np.load(alone / "curves.npz") as curves, np.load(together / "curves.npz") as others:
            for name in ("loss", "val_loss", "alpha", "beta"):
                np.testing.assert_allclose(curves[name], others[name], rtol=1e-4, atol=1e-5)
        with (
            np.load(alone / "parameters.npz") as params,
            np.load(together / "parameters.npz") as others,
        ):
            assert {k: v.shape for k, v in params.items()} == {
                k: v.shape for k, v in others.items()
            }
        log = (together / "train.log").read_text()
        assert log.count("files in") == 1, "of the lines about single jobs only its own"
        assert "12 x longnn on csbm" in log
        attempt = json.loads((together / "attempt-001.json").read_text())
        assert attempt["status"] == "done"

"""What makes two runs the same run."""

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from longnn.experiments.config.cli import CONF, register_resolvers
from longnn.experiments.config.identity import run_name, settings
from omegaconf import OmegaConf

from longnn.data.registry import registered_files


def name(*overrides: str) -> str:
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return run_name(compose("config", list(overrides), return_hydra_config=True))


@pytest.mark.parametrize(
    "override",
    [
        "logger=wandb",
        "backend=segment_sum",
        "chunk=7",
        "figures=false",
        "force=true",
        "hydra.run.dir=elsewhere",
        "model.alpha=0.0",  # the default, spelled out
        "tuned=none",  # there are no tuned values for csbm
        "graph.order=given",
        "model.own_basis=false",
        "graph.operator=symmetric",
        "precision=full",
        "dtype=float32",
    ],
)
def test_same_run(override):
    assert name(override) == name()


@pytest.mark.slow
@pytest.mark.parametrize(
    "override",
    [
        "model.alpha=0.5",
        "model.own_basis=true",
        "graph.degree_exponent=1",
        "graph.self_loops=1",
        "graph.keep=largest",
        "graph.order=rcm",
        "graph.operator=magnetic",
        "graph.charge=0.1",
        "precision=mixed",
        "dtype=float64",
        "seed=1",
        "repeats=2",
        "split.count=5",
        "optim.patience=9",
        "dataset.phi=0",
    ],
)
def test_other_run(override):
    assert name(override) != name()
    assert name(override).split("-")[0] == name().split("-")[0] == "csbm_longnn_stratified"


def test_settings_that_came_later_leave_a_run_its_name():
    with initialize_config_dir(str(CONF), version_base="1.3"):
        decided = settings(compose("config", []))
    assert not {"precision", "dtype", "code"} & set(decided)
    assert set(decided["graph"]) == {"keep", "self_loops", "degree_exponent"}


def test_every_graph_has_every_setting():
    files = sorted((CONF / "graph").glob("*.yaml"))
    assert len({frozenset(OmegaConf.load(file)) for file in files}) == 1 < len(files)


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([], "csbm_longnn_stratified-b62d489b"),
        (["dataset=cora", "model=gprgnn"], "cora_gprgnn_per_class-732c03e5"),
    ],
)
def test_runs_of_the_package_alone_keep_their_names(overrides, expected):
    """As they were before code of the user's own and dtype belonged to the identity."""
    assert name(*overrides) == expected


def test_tuned_values_count():
    assert name("dataset=cora") != name("dataset=cora", "tuned=none")


def test_a_file_counts_by_content_not_by_path(tmp_path):
    for file, first in (("a", 0), ("b", 0), ("c", 1)):
        np.save(tmp_path / f"{file}.npy", np.arange(3) + first)
    names = [name("split=file", f"split.path={tmp_path}/{file}.npy") for file in "abc"]
    assert names[0] == names[1] != names[2]


def test_the_checksums_of_a_datasets_files_count(monkeypatch):
    before = name("dataset=cora"), name("dataset=texas")
    known = registered_files()
    changed = {k: s._replace(digest="sha256:0") if "cora.x" in k else s for k, s in known.items()}
    monkeypatch.setattr("longnn.experiments.config.identity.registered_files", lambda: changed)
    assert name("dataset=cora") != before[0]
    assert name("dataset=texas") == before[1]

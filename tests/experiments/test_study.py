"""A study in one file of conf/experiment: what it runs, what overrides it, and how it goes on."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from longnn.experiments.config.cli import CONF, register_resolvers
from longnn.experiments.sweep import manifest
from longnn.experiments.sweep.__main__ import main as sweep_command
from longnn.experiments.sweep.combinations import all_combinations
from omegaconf import OmegaConf

from tests.experiments.conftest import SMALL, result_of

STUDY = """# @package _global_
defaults:
  - override /model: mlp
  - override /graph: self_loops
model: {hidden: 4}
figures: false
hydra:
  mode: MULTIRUN
  sweep: {dir: studied}
  sweeper:
    params: {optim.groups.mlp.lr: [0.01, 0.02], seed: "0,1", model.dropout: 0.25}
"""


@pytest.fixture
def study(tmp_path, train):
    """``study(*overrides)`` runs a file of the user's own and gives its run directories."""
    file = tmp_path / "mine" / "experiment" / "small.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(STUDY)
    return lambda *more: train("--config-dir", "mine", "experiment=small", *SMALL, *more)


def settings(directories: list[Path]) -> set[tuple]:
    configs = [result_of(directory)["config"] for directory in directories]
    return {(c["optim"]["groups"]["mlp"]["lr"], c["seed"], c["model"]["dropout"]) for c in configs}


@pytest.mark.slow
def test_every_combination_without_m(study, tmp_path):
    found = study()
    assert settings(found) == {(lr, seed, 0.25) for lr in (0.01, 0.02) for seed in (0, 1)}
    assert {directory.parent for directory in found} == {tmp_path / "studied"}
    config = result_of(found[0])["config"]
    assert config["model"]["_target_"].endswith("MLP")
    assert (config["model"]["hidden"], config["graph"]["self_loops"]) == (4, 1.0)


@pytest.mark.slow
def test_the_command_line_wins(study):
    found = study("seed=3", "model.dropout=0,0.5", "optim.groups.mlp.lr=0.03", "model.hidden=5")
    assert settings(found) == {(0.03, 3, 0.0), (0.03, 3, 0.5)}
    assert {result_of(directory)["config"]["model"]["hidden"] for directory in found} == {5}


@pytest.mark.slow
def test_status_and_resume(study, capsys):
    first, *others = study("optim.groups.mlp.lr=0.01")
    (first / "result.json").unlink()
    for attempt in first.glob("attempt-*.json"):
        attempt.unlink()
    capsys.readouterr()
    sweep = first.parent
    assert sweep_command(["status", str(sweep)]) == 1
    said = capsys.readouterr().out
    assert "longnn train --config-dir mine experiment=small" in said
    assert "2 jobs: 1 done, 1 missing" in said
    before = (others[0] / "result.json").stat().st_mtime_ns
    assert sweep_command(["resume", str(sweep), "--trust"]) == 0  # its files are the user's own
    assert (first / "result.json").exists()
    assert (others[0] / "result.json").stat().st_mtime_ns == before
    assert len(manifest.read(sweep)) == 1


def test_a_job_of_an_old_name_is_refused_with_the_new_one(study, tmp_path, capsys):
    file = tmp_path / "mine" / "experiment" / "small.yaml"
    file.write_text(STUDY.replace("model.dropout", "model.dpr_con"))
    with pytest.raises(SystemExit):
        study("seed=0")
    assert "it is called model.filter_dropout now" in capsys.readouterr().out
    file.write_text(STUDY.replace("model: {hidden: 4}", "graph: {r: 1.0}"))
    with pytest.raises(SystemExit):
        study("seed=0")
    assert "graph.r is called graph.degree_exponent now" in capsys.readouterr().out


def test_the_studies_of_ours():
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", ["experiment=longnn_vs_mlp"], return_hydra_config=True)
    params = OmegaConf.to_container(config.hydra.sweeper.params)
    jobs = all_combinations(OverridesParser.create(), params, [])
    assert len(jobs) == 6
    assert ["dataset=texas", "model=longnn"] in jobs
    assert config.hydra.mode.name == "MULTIRUN"
    assert config.hydra.sweep.dir == "runs/longnn_vs_mlp"


@pytest.mark.parametrize(
    ("given", "model", "exponent"),
    [([], "GCN", 0.5), (["model=sage", "model.layers=2"], "SAGE", 1)],
)
def test_the_published_block_of_heterophilous_graphs(given, model, exponent):
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", ["experiment=heterophilous", *given])
    block = config.model
    assert (config.dataset.name, block._target_) == ("minesweeper", f"longnn.models.{model}")
    assert (block.hidden, block.feed_forward, block.layers) == (512, 2, 2 if given else 5)
    assert config.graph.degree_exponent == exponent
    assert config.optim.groups.mlp.lr == 3e-5


@pytest.mark.parametrize(
    ("params", "arguments", "jobs"),
    [
        ({}, ["a=1,2", "b=x"], [["a=1", "b=x"], ["a=2", "b=x"]]),
        ({"a": [1, 2.5, True, None]}, [], [["a=1"], ["a=2.5"], ["a=true"], ["a=null"]]),
        ({"a": "range(0,3)"}, [], [["a=0"], ["a=1"], ["a=2"]]),
        ({"a": ["x y", "it's"]}, [], [["a='x y'"], [r"a='it\'s'"]]),
        ({"a": [[1, 2], []]}, [], [["a=[1,2]"], ["a=[]"]]),
        ({"a": 7, "b": [1, 2]}, ["b=3"], [["a=7", "b=3"]]),
        ({"a": [1, 2]}, ["+c=1", "a=5,6"], [["a=5", "+c=1"], ["a=6", "+c=1"]]),
        ({"a": []}, [], []),
    ],
)
def test_combinations(params, arguments, jobs):
    parser = OverridesParser.create()
    assert all_combinations(parser, params, arguments) == jobs
    for job in jobs:
        parser.parse_overrides(job)


@pytest.mark.parametrize(
    ("params", "arguments"), [({"a": {"low": 0, "high": 1}}, []), ({}, ["a=interval(0,1)"])]
)
def test_a_range_is_no_list(params, arguments):
    with pytest.raises(ValueError, match=r"a grid takes a list of values for a, got .*search"):
        all_combinations(OverridesParser.create(), params, arguments)

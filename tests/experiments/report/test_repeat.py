"""The command that repeats a run gives its config, and so the name of its directory."""

import shlex
from dataclasses import replace

import pytest
from hydra import compose, initialize_config_dir
from longnn.experiments.config.cli import CONF, check_command_line, register_resolvers
from longnn.experiments.config.identity import name_of, plain
from longnn.experiments.report.repeat import NotRepeatableError, differences, repeating_command

from tests.experiments.conftest import SMALL, result_of
from tests.experiments.report.made import result, run_of


def composed(*overrides):
    """A config with the name of its run directory."""
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        found = compose("config", overrides=list(overrides), return_hydra_config=True)
    name = name_of(found, found.hydra.runtime.choices)
    config = {key: plain(value) for key, value in found.items() if key != "hydra"}
    return config, name


CASES = [
    ["dataset=cora", "model=longnn"],
    ["dataset=cora", "model=longnn", "tuned=search"],
    ["dataset=texas", "model=mlp", "tuned=none", "seed=3", "repeats=2"],
    ["dataset=cora", "model=gcn", "split=public", "dtype=float64"],
    ["dataset=csbm", "model=longnn", "dataset.name=my own", "optim.groups.mlp.lr=1e-05"],
    ["dataset=npz", "model=gprgnn", r"dataset.path='a b/it\'s.npz'", "dataset.ignore=[x,'1',null]"],
    ["dataset=csbm", "model=mlp", "+optim.groups.mine={lr:0.1,weight_decay:0}", "graph.order=rcm"],
    ["dataset=csbm", "model=jacobiconv", "~optim.groups.basis", "split=random", "split.train=0.5"],
    ["dataset=csbm", "model=longnn", "optim/schedule=cosine", "optim.schedule.floor=0.1"],
    ["dataset=csbm", "model=longnn", "optim.clip=1.0", "optim.class_weights=balanced"],
    ["dataset=csbm", "model=longnn", "model.basis._target_=polybases.modules.Chebyshev"],
    ["dataset=csbm", "model=mlp", "optim/schedule=cosine", "optim.schedule.floor=0.1"],
    ["dataset=csbm", "model=mlp", "optim.transformation={_target_:optax.sgd,learning_rate:0.5}"],
]


@pytest.mark.parametrize("overrides", CASES, ids=" ".join)
def test_the_command_gives_the_config_and_the_name(overrides):
    config, name = composed(*overrides)
    model = overrides[1].partition("=")[2]
    run = run_of(result(dataset=config["dataset"]["name"], model=model) | {"config": config})
    command = repeating_command(run)
    assert command.startswith("longnn train dataset=")
    words = shlex.split(command)[2:]
    check_command_line(words)  # which exits where the command line would be refused
    assert composed(*words)[1] == name


def test_no_word_more_than_needed():
    config, _ = composed("dataset=cora", "model=longnn", "tuned=search", "split=per_class")
    run = run_of(result(dataset="cora") | {"config": config})
    assert repeating_command(run) == "longnn train dataset=cora model=longnn tuned=search"


def test_a_run_of_before_later_settings_is_repeated():
    config, _ = composed("dataset=cora", "model=longnn")
    for key in ("precision", "dtype"):
        del config[key]
    del config["graph"]["order"]
    run = run_of(result(dataset="cora") | {"config": config})
    assert repeating_command(run) == "longnn train dataset=cora model=longnn"


def test_what_cannot_be_repeated_says_why():
    config, _ = composed("dataset=cora", "model=longnn")
    told = result(dataset="cora", model="mine") | {"config": config}
    with pytest.raises(NotRepeatableError, match="model=mine is a config file of your own"):
        repeating_command(run_of(told))
    with pytest.raises(NotRepeatableError, match="no config of dataset and optim"):
        repeating_command(run_of(result()))
    odd = config | {"model": config["model"] | {"name": "${oc.env:HOME}"}}
    with pytest.raises(NotRepeatableError, match="no overrides"):
        repeating_command(replace(run_of(told | {"model": "longnn"}), config=odd))


def test_differences_are_all_kinds_of_overrides():
    wanted = {"same": 1, "flag": True, "inner": {"a": 1e-05, "new": None}, "whole": {"x": [1]}}
    there = {"same": 1, "flag": 1, "inner": {"a": 0.1, "gone": 2}, "whole": None}
    assert differences(wanted, there) == [
        "flag=true",
        "inner.a=1e-05",
        "+inner.new=null",
        "~inner.gone",
        "whole={x:[1]}",
    ]


@pytest.mark.slow
def test_the_command_trains_the_run_again(train, tmp_path):
    (first,) = train(*SMALL, "model=gprgnn", "figures=false")
    record = result_of(first)
    words = shlex.split(repeating_command(run_of(record)))[2:]
    first.rename(tmp_path / "before")
    again = train(*words)
    assert first in again
    assert result_of(first)["identity"] == record["identity"]
    assert result_of(first)["test"] == record["test"]

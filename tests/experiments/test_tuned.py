"""Tuned values: what the files say reaches the run, and searches write them."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from longnn.experiments.config.cli import CONF, register_resolvers
from longnn.experiments.sweep import manifest
from longnn.experiments.sweep.manifest import Manifest
from longnn.experiments.tuned import Entry, entry_of, main, write
from omegaconf import DictConfig, OmegaConf

from longnn.runs.directory import SCHEMA

FILES = sorted((CONF / "tuned").glob("*/*.yaml"))
IDS = [f"{file.parent.name}/{file.stem}" for file in FILES]


@cache
def composed(*overrides: str) -> DictConfig:
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", list(overrides))


def chosen(file: Path) -> list[str]:
    model, _, dataset = file.stem.partition("_")
    return [f"model={model}", f"dataset={dataset}", f"tuned={file.parent.name}"]


def test_published_and_searched_pairs_are_all_there():
    count = {kind: len(list((CONF / "tuned" / kind).iterdir())) for kind in ("published", "search")}
    assert count == {"published": 53, "search": 19}


@pytest.mark.parametrize("file", FILES, ids=IDS)
def test_every_tuned_value_reaches_a_setting_that_exists(file):
    values = OmegaConf.load(file)
    config, plain = composed(*chosen(file)), composed(chosen(file)[0], "tuned=none")
    for part in ("model", "optim"):
        assert OmegaConf.merge(config[part], values[part]) == config[part]
        assert _keys(config[part]) == _keys(plain[part]), "a tuned value of no setting"


def _keys(node: object) -> object:
    return {k: _keys(v) for k, v in node.items()} if isinstance(node, DictConfig) else None


@pytest.mark.parametrize("file", FILES, ids=IDS)
def test_every_file_says_how_its_values_were_chosen(file):
    tuned = composed(*chosen(file)).tuned
    assert tuned.source == file.parent.name
    if tuned.source == "search":
        search = tuned.search
        assert search.command.startswith("longnn train -m ")
        assert f" sweep={file.stem.partition('_')[0]} " in search.command
        assert sum(search.trials.values()) >= 100
        assert "seeds 1000 to" in search.splits, "others than the reported ones"
        assert 0 < search.validation <= 100


@pytest.mark.parametrize(
    ("overrides", "model", "rates"),
    [
        (
            ["model=longnn", "dataset=cora"],
            {"alpha": -0.25, "beta": -0.5, "gamma0": 0.75, "dropout": 0.0, "filter_dropout": 0.7},
            {"mlp": (0.05, 1e-3), "decomposition": (5e-4, 0.0), "coefficients": (5e-3, 1e-4)}
            | {"basis": (1e-3, 0.0)},
        ),
        (
            ["model=jacobiconv", "dataset=texas"],
            {"convention": "jacobiconv", "alpha": -0.5, "beta": 0.0, "gamma0": 0.5}
            | {"dropout": 0.8, "filter_dropout": 0.7},
            {"mlp": (0.05, 1e-3), "decomposition": (5e-3, 5e-4), "coefficients": (0.01, 5e-4)}
            | {"basis": (0.01, 0.0)},
        ),
        (
            ["model=bernnet", "dataset=chameleon", "tuned=search"],
            {"dropout": 0.3, "filter_dropout": 0.6, "order": 10},
            {"mlp": (0.0552213, 5.65781e-07), "coefficients": (0.0525399, 1.02833e-08)},
        ),
        (
            ["model=longnn", "dataset=cora", "tuned=none"],
            {"alpha": 0.0, "beta": 0.0, "gamma0": 1.0, "dropout": 0.5, "filter_dropout": 0.2},
            {"mlp": (0.01, 5e-4), "basis": (0.01, 0.0)},
        ),
        (
            ["model=longnn", "dataset=cora", "model.alpha=1.5", "optim.groups.mlp.lr=0.2"],
            {"alpha": 1.5, "beta": -0.5},
            {"mlp": (0.2, 1e-3)},
        ),
        (["sweep=bernnet", "dataset=texas"], {"dropout": 0.5, "order": 10}, {"mlp": (0.05, 5e-4)}),
    ],
)
def test_values_as_they_were_published(overrides, model, rates):
    config = composed(*overrides)
    assert {name: config.model[name] for name in model} == model
    for name, pair in rates.items():
        group = config.optim.groups[name]
        assert (group.lr, group.weight_decay) == pair


@pytest.fixture
def searched(tmp_path) -> Path:
    """The files that a finished search leaves, as far as they are read."""
    directory = tmp_path / "cora"
    (directory / "best").mkdir(parents=True)
    params = {"model.alpha": 0.123456789, "model.order": 20, "optim.groups.mlp.lr": 0.01}
    record = {"directory": "best", "params": params, "trials": {"complete": 7}, "validation": 81.25}
    (directory / "search-0.json").write_text(json.dumps(record))
    row = {"split": 0, "seed": 0, "val": 81.25, "test": 81.25, "best_epoch": 1, "epochs": 1}
    score = {"mean": 81.25, "std": None, "ci95": None, "n": 1}
    words = ("identity", "dataset_checksum", "split_hash", "backend", "device")
    result = {
        **dict.fromkeys(words, "0" * 64),
        **{"schema": SCHEMA, "dataset": "cora", "model": "longnn", "metric": "accuracy"},
        **{"split": "per_class", "config": {"split": {"first_seed": 1000, "count": 3}}},
        **{"test": score, "val": score, "per_run": [row | {"diverged": False}], "diverged": 0},
        **{name: {} for name in ("seconds", "memory", "versions", "dataset_files")},
    }
    (directory / "best" / "result.json").write_text(json.dumps(result))
    command = ["-m", "sweep=longnn", "dataset=cora", f"hydra.sweep.dir={directory}"]
    manifest.write(directory, Manifest(command, {}, 7), "search-0")
    return directory


def test_entry_of_a_search(searched):
    assert entry_of(searched) == Entry(
        "longnn_cora",
        {
            "tuned": {
                "source": "search",
                "search": {
                    "command": "longnn train -m sweep=longnn dataset=cora",
                    "trials": {"complete": 7},
                    "splits": "per_class, seeds 1000 to 1002",
                    "validation": 81.25,
                },
            },
            "model": {"alpha": 0.123457, "order": 20},
            "optim": {"groups": {"mlp": {"lr": 0.01}}},
        },
    )


def test_what_a_search_wrote_is_used_and_recorded(searched, tmp_path, train, capsys):
    mine = tmp_path / "mine" / "tuned" / "first"
    main([str(searched), "--into", str(mine)])
    assert str(mine / "longnn_cora.yaml") in capsys.readouterr().out
    train("--config-dir", "mine", "dataset=cora", "tuned=first", "--cfg", "job", "--resolve")
    shown = OmegaConf.create(capsys.readouterr().out)
    assert (shown.model.alpha, shown.model.order) == (0.123457, 20)
    assert shown.optim.groups.mlp == {"lr": 0.01, "weight_decay": 0.0005}
    assert shown.tuned.source == "search"
    # of another dataset there is nothing
    train("--config-dir", "mine", "tuned=first", "--cfg", "job", "--resolve")
    shown = OmegaConf.create(capsys.readouterr().out)
    assert shown.model.alpha == 0.0
    assert shown.tuned.source == "none: defaults of model and optim"


def test_an_entry_replaces_the_earlier_one_and_leaves_the_option(tmp_path):
    folder = tmp_path / "tuned" / "mine"
    write(folder, Entry("mlp_texas", {"model": {"dropout": 0.1}}))
    option = folder.with_suffix(".yaml")
    option.write_text("# why\ndefaults: [none]\n")
    file = write(folder, Entry("mlp_texas", {"model": {"dropout": 0.2}}))
    assert OmegaConf.load(file) == {"model": {"dropout": 0.2}}
    assert file.read_text().startswith("# @package _global_\n")
    assert option.read_text().startswith("# why")


def test_what_is_no_search_is_refused(searched, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--into", str(tmp_path / "x")])
    assert "no finished search" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
    file = searched / "search-0.json"
    record = json.loads(file.read_text())
    record["params"]["seed"] = 3
    file.write_text(json.dumps(record))
    with pytest.raises(ValueError, match="seed was searched, but tuned values are of"):
        entry_of(searched)
    (searched / "search-1.json").write_text("{}")
    with pytest.raises(ValueError, match="holds 2 searches"):
        entry_of(searched)


@pytest.mark.slow
def test_sources_are_recorded_with_the_run(train: Callable[..., list[Path]]):
    small = ("dataset.nodes=60", "dataset.features=8", "split.count=1", "optim.max_epochs=1")
    (directory,) = train(*small, "figures=false")
    recorded = json.loads((directory / "result.json").read_text())["config"]
    assert recorded["tuned"]["source"] == "none: defaults of model and optim"

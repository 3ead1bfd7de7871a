"""Tuned files: what they say reaches the run, and searches write them."""

import json
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from longnn.experiments.cli import CONF, register_resolvers
from longnn.experiments.sweep import manifest
from longnn.experiments.sweep.manifest import Manifest
from longnn.experiments.tuned import entry_of, main, put
from omegaconf import OmegaConf

FILES = {f.stem: OmegaConf.to_container(OmegaConf.load(f)) for f in (CONF / "tuned").glob("*.yaml")}
ENTRIES = [(name, dataset) for name, entries in sorted(FILES.items()) for dataset in entries]


@pytest.mark.parametrize(("name", "dataset"), ENTRIES)
def test_every_tuned_value_reaches_the_config(name, dataset):
    entry = FILES[name][dataset]
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        model = name.removesuffix("_search")
        chosen = [f"dataset={dataset}", f"model={model}", f"tuned={name}"]
        config = compose("config", overrides=chosen)
    for key, value in entry["model"].items():
        assert config.model[key] == value, key
    for group, rates in entry["optim"].items():
        for key, value in rates.items():
            assert config.optim.groups[group][key] == value, (group, key)


@pytest.mark.parametrize(("name", "dataset"), ENTRIES)
def test_every_entry_says_how_it_was_chosen(name, dataset):
    entry = FILES[name][dataset]
    assert entry["source"] in ("published", "search")
    if entry["source"] == "search":
        search = entry["search"]
        assert search["command"].startswith("longnn train -m ")
        assert f" sweep={name.removesuffix('_search')} " in search["command"]
        assert sum(search["trials"].values()) >= 100
        assert "seeds 1000 to" in search["splits"], "others than the reported ones"
        assert 0 < search["validation"] <= 100


@pytest.fixture
def searched(tmp_path) -> Path:
    """The files that a finished search leaves, as far as they are read."""
    directory = tmp_path / "cora"
    (directory / "best").mkdir(parents=True)
    params = {"model.alpha": 0.123456789, "model.order": 20, "optim.groups.mlp.lr": 0.01}
    record = {"directory": "best", "params": params, "trials": {"complete": 7}, "validation": 81.25}
    (directory / "search-0.json").write_text(json.dumps(record))
    split = {"first_seed": 1000, "count": 3}
    result = {"identity": "", "dataset": "cora", "split": "per_class", "config": {"split": split}}
    (directory / "best" / "result.json").write_text(json.dumps(result))
    command = ["-m", "sweep=longnn", "dataset=cora", f"hydra.sweep.dir={directory}"]
    manifest.write(directory, Manifest(command, {}, 7), "search-0")
    return directory


def test_entry_of_a_search(searched):
    dataset, entry = entry_of(searched)
    assert dataset == "cora"
    assert entry == {
        "source": "search",
        "search": {
            "command": "longnn train -m sweep=longnn dataset=cora",
            "trials": {"complete": 7},
            "splits": "per_class, seeds 1000 to 1002",
            "validation": 81.25,
        },
        "model": {"alpha": 0.123457, "order": 20},
        "optim": {"mlp": {"lr": 0.01}},
    }


def test_other_entries_and_the_comment_stay(searched, tmp_path, capsys):
    file = tmp_path / "mine.yaml"
    file.write_text("# why\ntexas:\n  source: published\n")
    main([str(searched), "--into", str(file)])
    assert "cora" in capsys.readouterr().out
    assert file.read_text().startswith("# why\n")
    content = OmegaConf.to_container(OmegaConf.load(file))
    assert list(content) == ["cora", "texas"]
    assert content["texas"] == {"source": "published"}
    put(file, {"cora": {"source": "published"}})
    assert OmegaConf.load(file).cora == {"source": "published"}


def test_what_is_no_search_is_refused(searched, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--into", str(tmp_path / "x.yaml")])
    assert "no finished search" in capsys.readouterr().err
    assert not (tmp_path / "x.yaml").exists()
    file = searched / "search-0.json"
    record = json.loads(file.read_text())
    record["params"]["seed"] = 3
    file.write_text(json.dumps(record))
    with pytest.raises(ValueError, match="seed was searched, but tuned values are of"):
        entry_of(searched)
    (searched / "search-1.json").write_text("{}")
    with pytest.raises(ValueError, match="holds 2 searches"):
        entry_of(searched)

"""Datasets by name: the catalogue is complete, and what it says reaches the loaders."""

import inspect
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from longnn.experiments.config.cli import CONF
from longnn.experiments.config.identity import dataset_files
from omegaconf import OmegaConf

import longnn
from longnn.data.catalogue import Entry, Shares, entries, entry_of, function_of
from longnn.data.recorded import differences
from longnn.data.registry import matching, registered_files

SMALL = longnn.data.csbm.generate(nodes=50)

OWN = {"npz", "edgelist"}
"""Loaders of files that the user names."""

CONFIGS = {
    path.stem: OmegaConf.to_container(OmegaConf.load(path))
    for path in (CONF / "dataset").glob("*.yaml")
}


def test_configs_and_catalogue_name_the_same_datasets():
    assert set(CONFIGS) - OWN == set(longnn.data.names())
    assert all("about" not in config for config in CONFIGS.values())


@pytest.mark.parametrize("name", longnn.data.names())
def test_config_agrees_with_the_catalogue(name):
    """An upstream dataset is loaded by name, a generated one by its function and equal values."""
    entry, config = entries()[name], CONFIGS[name] | {}
    config.pop("defaults")
    target = config.pop("_target_")
    assert config.pop("name") == name
    if not entry.generated:
        pickled = entry.loader == "graphdata.load"
        asks = pickled and not all(registered_files()[file].pinned for file in entry.files)
        trust = {"trust": False} if asks else {}
        assert (target, config) == ("longnn.data.load", {"metric": entry.metric} | trust)
        return
    assert target == f"longnn.data.{entry.loader}"
    parameters = inspect.signature(function_of(entry)).parameters
    effective = {key: parameter.default for key, parameter in parameters.items()} | entry.arguments
    assert config == {key: effective[key] for key in config}


@pytest.mark.parametrize("name", longnn.data.names())
def test_entry_is_complete(name):
    entry = entries()[name]
    module, function = entry.loader.split(".")
    assert getattr(getattr(longnn.data, module), function) is function_of(entry)
    assert entry.generated == (entry.metric is None)
    if entry.generated:
        assert entry == Entry(entry.loader, entry.arguments)
        return
    assert entry.upstream
    assert entry.licence
    sizes = (entry.nodes, entry.edges, entry.features)
    assert all(sizes) or not any(sizes)
    assert (entry.homophily is None) == (entry.classes is None)
    assert (entry.correlation is not None) == (entry.nodes is not None and entry.metric == "r2")


def test_every_registered_file_is_of_a_dataset_or_known_for_another_use():
    used = {file for entry in entries().values() for file in entry.files}
    others = {name.split("/")[0] for name in set(registered_files()) - used}
    assert others == {"geom-gcn", "image-filters"}


def test_patterns_name_files_in_their_order():
    assert len(entries()["cora"].files) == 8
    assert matching(["b/?", "a/x y"], ["a/x y", "b/1", "b/22", "b/3"]) == ("b/1", "b/3", "a/x y")
    assert matching(["none"], ["a"]) == ()


def test_load_gives_what_the_function_gives_with_the_settings():
    made = longnn.data.load("csbm", nodes=80, seed=3)
    same = longnn.data.csbm.generate(nodes=80, features=100, seed=3)
    assert (made.name, made.checksum) == ("csbm", same.checksum)
    assert longnn.data.load("csbm", nodes=80, features=7).features.shape == (80, 7)


def test_metric_and_arguments_of_the_catalogue_reach_the_loader(monkeypatch):
    def loader(name="?", metric="accuracy", normalize="row", target="mature"):
        return replace(SMALL, name=f"{name} {normalize} {target}", metric=metric)

    monkeypatch.setattr(longnn.data.heterophilous, "load", loader)
    monkeypatch.setattr(longnn.data.musae, "load", loader)
    made = longnn.data.load("minesweeper", normalize="none")
    assert (made.name, made.metric) == ("minesweeper none mature", "roc_auc")
    assert longnn.data.load("minesweeper", metric="macro_f1").metric == "macro_f1"
    made = longnn.data.load("twitch_de_views", metric="accuracy")
    assert (made.name, made.metric) == ("twitch_de_views row views", "accuracy")


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("coral", {}, "unknown dataset 'coral'; did you mean cora"),
        ("npz", {}, "unknown dataset 'npz'"),
        ("csbm", {"node": 9}, "unknown setting of dataset 'csbm': 'node'; did you mean nodes"),
        ("texas", {"seed": 0}, "'seed'; known: metric, normalize"),
        ("csbm", {"nodes": 3}, "csbm needs nodes >= 4, got 3"),
        ("csbm", {"nodes": "x"}, "nodes of dataset 'csbm' must be a whole number, got 'x'.*1000"),
        ("csbm", {"nodes": 99.5}, "must be a whole number, got 99.5"),
        ("csbm", {"phi": "x"}, "phi of dataset 'csbm' must be a number, got 'x'"),
        ("csbm", {"phi": True}, "must be a number, got True"),
        ("grid", {"periodic": 1}, "periodic of dataset 'grid' must be True or False, got 1"),
        ("ring", {"response": 1}, "response of dataset 'ring' must be a word, got 1"),
        (3, {}, "named by a word such as 'cora', got 3"),
    ],
)
def test_load_says_what_is_wrong(name, settings, words):
    with pytest.raises(ValueError, match=words):
        longnn.data.load(name, **settings)


def test_a_loader_knows_its_own_datasets():
    assert entry_of("photo", "graphdata.load").files == ("graphdata/amazon_photo.npz",)
    with pytest.raises(
        ValueError, match="unknown planetoid dataset 'texas'; known: citeseer, cora"
    ):
        entry_of("texas", "planetoid.load")
    with pytest.raises(ValueError, match="unknown musae dataset 'twitch_de_views'"):
        entry_of("twitch_de_views", "musae.load")


@pytest.mark.parametrize(
    ("node", "files"),
    [
        ({"_target_": "longnn.data.load", "name": "texas"}, ("heterophilous-graphs/texas.npz",)),
        (
            {"_target_": "longnn.data.heterophilous.load", "name": "texas"},
            ("heterophilous-graphs/texas.npz",),
        ),
        ({"_target_": "longnn.data.npz.load", "name": "texas", "path": "mine.npz"}, ()),
        ({"_target_": "mine.load", "name": "texas"}, ()),
        ({"_target_": "longnn.data.csbm.generate", "name": "csbm"}, ()),
        ({"_target_": "mine.load"}, ()),
    ],
)
def test_files_that_a_configs_dataset_is_read_from(node, files):
    assert dataset_files(node) == files


def test_names_need_neither_numpy_nor_jax():
    code = (
        "import sys, longnn; print(len(longnn.data.names())); "
        "assert not {'numpy', 'jax', 'pooch'} & set(sys.modules), sorted(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(entries())


@pytest.mark.parametrize(
    "name",
    [
        *("load", "names", "fetch", "from_pyg", "own_dataset", "own.own_dataset", "Dataset"),
        *("images.load", "csbm.generate", "lattices.ring", "npz.load", "edgelist.load"),
        *("splits.per_class", "splits.file", "Splits", "statistics.describe", "DataFileError"),
    ],
)
def test_documented_name_is_an_attribute_and_listed(name):
    found = longnn.data
    for part in name.split("."):
        assert part in dir(found)
        found = getattr(found, part)
    assert callable(found)


def test_a_dataset_and_its_splits_fit_one_line():
    data = longnn.data.load("csbm", nodes=100)
    assert repr(data).startswith("Dataset('csbm', N=100, E=")
    assert repr(data).endswith("F=100, C=2, metric='accuracy', shipped=[])")
    splits = longnn.data.splits.stratified(data, count=3)
    assert repr(splits) == "Splits('stratified', 3 of 100 nodes: train 60, val 20, test 20)"
    uneven = longnn.data.Splits("mine", np.array([[0, 1, 2, 2], [0, 0, 1, 2]]))
    assert repr(uneven) == "Splits('mine', 2 of 4 nodes: train 1-2, val 1, test 1-2)"


def test_differences_from_what_is_recorded():
    data = longnn.data.load("sbm", nodes=60)
    share = longnn.data.statistics.homophily(data)
    right = Entry("", nodes=60, classes=4, homophily=Shares(*share))
    assert differences(data, right) == []
    wrong = replace(right, features=17, homophily=Shares(share.edge + 1e-3, *share[1:]))
    found = differences(data, wrong)
    assert [line.partition(" is ")[0] for line in found] == ["features", "homophily, edge"]
    assert found[0] == "features is 16, expected 17"
    undefined = replace(data, labels=np.zeros(60, np.int64))
    assert any("adjusted is nan" in line for line in differences(undefined, right))

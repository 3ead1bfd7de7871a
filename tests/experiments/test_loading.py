"""From a config to a dataset: files, bars, warnings as log lines, nodes as asked for."""

import logging

import pytest
from longnn.experiments.jobs import downloads, loading
from omegaconf import OmegaConf
from rich.progress import Progress

from longnn.data import DataFileError
from longnn.data.splits import stratified


def config(keep="all", **dataset):
    return OmegaConf.create({"dataset": dataset, "graph": {"keep": keep}})


def test_nodes_are_those_asked_for():
    dataset = {"_target_": "longnn.data.csbm.generate", "nodes": 1000}
    assert loading.load(config(**dataset)).graph.num_nodes == 1000
    largest = loading.load(config("largest", **dataset))
    assert largest.graph.components().max() == 0
    assert largest.graph.num_nodes < 1000


def test_files_of_an_upstream_dataset_are_fetched_before_it_is_read(monkeypatch):
    calls = []
    monkeypatch.setattr(loading, "download", lambda names: calls.append(tuple(names)))
    monkeypatch.setattr(loading, "instantiate", lambda node, _: calls.append(node["name"]))
    monkeypatch.setattr(loading, "reduced", lambda dataset, keep: dataset)
    loading.load(config(_target_="longnn.data.load", name="texas", metric="accuracy"))
    assert calls == [("heterophilous-graphs/texas.npz",), "texas"]


def test_only_missing_files_are_fetched(monkeypatch, tmp_path):
    fetched = []
    monkeypatch.setattr(downloads, "fetch", lambda name, bar: fetched.append(name))
    monkeypatch.setenv("LONGNN_DATA_DIR", str(tmp_path))
    (tmp_path / "here").touch()
    downloads.download(["here", "there"])
    assert fetched == ["there"]


def test_missing_file_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("LONGNN_DATA_DIR", str(tmp_path))
    with pytest.raises(DataFileError, match="LONGNN_DATA_DIR is"):
        downloads.download(["ogb/arxiv.zip"])


def test_bar_follows_a_download():
    with Progress(disable=True) as progress:
        bar = downloads.Bar(progress, progress.add_task("file", total=None))
        bar.total = 100
        bar.update(60)
        assert (progress.tasks[0].total, progress.tasks[0].completed) == (100, 60)
        bar.reset()
        bar.update(100)
        bar.close()
        assert progress.tasks[0].finished


def test_a_sweep_says_it_once(caplog, tmp_path):
    made = loading.load(config(_target_="longnn.data.csbm.generate", nodes=60))
    made.labels[:] = 0
    made.labels[0] = 1
    with caplog.at_level(logging.WARNING):
        for sweep in (tmp_path, tmp_path, None, None, tmp_path / "other"):
            with downloads.logged_warnings(sweep):
                stratified(made, count=1)
    assert caplog.text.count("lacks class 1 (1 nodes) in 1 of 1") % 4 == 0
    assert len(caplog.records) == 4


def test_our_warnings_become_log_lines(caplog):
    dataset = {"_target_": "longnn.data.csbm.generate", "nodes": 60}
    made = loading.load(config(**dataset))
    made.labels[:] = 0
    made.labels[0] = 1
    with caplog.at_level(logging.WARNING), downloads.logged_warnings():
        stratified(made, count=1)
    assert "lacks class 1 (1 nodes) in 1 of 1" in caplog.text
    assert ".py" not in caplog.records[0].message

"""Counts of the real datasets; they need LONGNN_DATA_DIR."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from scipy import sparse

from longnn.data import (
    DataFileError,
    entries,
    fetch,
    heterophilous,
    images,
    load,
    musae,
    reduced,
    splits,
)
from longnn.data.statistics import describe

# name: N, E, F, edge homophily, class counts, nodes without a label, isolated nodes
TABLE = {
    "cora": (2708, 5278, 1433, 0.8100, (351, 217, 418, 818, 426, 298, 180), 0, 0),
    "citeseer": (3327, 4552, 3703, 0.7377, (249, 590, 668, 701, 596, 508), 15, 48),
    "chameleon": (2277, 31371, 2325, 0.2299, (456, 460, 453, 521, 387), 0, 0),
    "chameleon_filtered": (890, 8854, 2325, 0.2361, (242, 134, 209, 164, 141), 0, 0),
    "chameleon_filtered_directed": (890, 8854, 2325, 0.2361, (242, 134, 209, 164, 141), 0, 0),
    "squirrel": (5201, 198353, 2089, 0.2221, (1042, 1040, 1039, 1040, 1040), 0, 0),
    "squirrel_filtered": (2223, 46998, 2089, 0.2072, (756, 516, 397, 321, 233), 0, 0),
    "squirrel_filtered_directed": (
        *(2223, 46998, 2089, 0.2072),
        *((756, 516, 397, 321, 233), 0, 0),
    ),
    "actor": (7600, 26659, 932, 0.2167, (853, 1337, 1630, 1815, 1965), 0, 0),
    "texas": (183, 279, 1703, 0.0609, (33, 1, 18, 101, 30), 0, 0),
    "cornell": (183, 277, 1703, 0.1227, (38, 16, 30, 82, 17), 0, 0),
    "minesweeper": (10000, 39402, 7, 0.6828, (8000, 2000), 0, 0),
    "photo": (7650, 119081, 745, 0.8272, (369, 1686, 703, 915, 882, 823, 1941, 331), 0, 115),
    "computers": (
        *(13752, 245861, 767, 0.7772),
        (436, 2142, 1414, 542, 5158, 308, 487, 818, 2156, 291),
        *(0, 281),
    ),
    "coauthor_physics": (
        *(34493, 247962, 8415, 0.9314),
        (5750, 5045, 17426, 2753, 3519),
        *(0, 0),
    ),
    "twitch_de": (9498, 153138, 3170, 0.6322, (3756, 5742), 0, 0),
    "cornell5": (18660, 790777, 4735, 0.5464, (8135, 8687), 1838, 0),
    "johns_hopkins55": (5180, 186586, 2406, 0.5488, (2153, 2609), 418, 0),
}
LARGEST = {"cora": 2485, "citeseer": 2120, "photo": 7487, "computers": 13381}
LARGEST |= {"cornell5": 18621, "johns_hopkins55": 5157}
# Sizes of train, validation, test; the filtered ones vary from split to split.
SHIPPED = {
    "cora": ("public", 1, (140, 500, 1000)),
    "citeseer": ("public", 1, (120, 500, 1000)),
    "chameleon": ("fixed", 10, (1092, 729, 456)),
    "squirrel": ("fixed", 10, (2496, 1664, 1041)),
    "actor": ("fixed", 10, (3648, 2432, 1520)),
    "texas": ("fixed", 10, (87, 59, 37)),
    "cornell": ("fixed", 10, (87, 59, 37)),
    "minesweeper": ("fixed", 10, (5000, 2500, 2500)),
    "twitch_de": ("fixed", 5, (4749, 2374, 2375)),
}
CITESEER_MISSING = (
    *(2407, 2489, 2553, 2682, 2781, 2953, 3042, 3063),
    *(3212, 3214, 3250, 3292, 3305, 3306, 3309),
)


HETEROPHILOUS = [n for n in TABLE if entries()[n].loader == "heterophilous.load"]
BAGS = [n for n in TABLE if entries()[n].loader == "planetoid.load" or n in HETEROPHILOUS]


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("name", TABLE)
def test_counts(name):
    nodes, edges, features, homophily, counts, unlabelled, isolated = TABLE[name]
    dataset = load(name)
    assert dataset.graph.num_nodes == nodes
    assert len(dataset.graph.senders) == 2 * edges
    assert dataset.features.shape == (nodes, features)
    assert dataset.classes == len(counts)
    assert tuple(np.bincount(dataset.labels[dataset.labels >= 0])) == counts
    assert (dataset.labels == -1).sum() == unlabelled
    found = describe(dataset)
    assert found["homophily, edge"] == pytest.approx(homophily, abs=5e-5)
    assert nodes - len(np.unique(dataset.graph.senders)) == found["isolated"] == isolated
    assert found["largest component"] == LARGEST.get(name, nodes)


@pytest.mark.data
@pytest.mark.parametrize("name", BAGS)
def test_features_are_sparse_rows_of_sum_one_or_zero(name):
    features = load(name).features
    assert isinstance(features, sparse.csr_array)
    assert features.has_canonical_format
    sums = features.sum(axis=1)
    np.testing.assert_allclose(sums[sums > 0], 1, rtol=1e-5)
    binary = load(name, normalize="none").features
    assert set(np.unique(binary.data)) == {1}
    zero_rows = {"chameleon": 233, "chameleon_filtered": 94, "squirrel": 165}
    zero_rows |= {"squirrel_filtered": 113, "citeseer": 15}
    if name in zero_rows:
        assert (binary.sum(axis=1) == 0).sum() == zero_rows[name]


@pytest.mark.data
def test_citeseer_nodes_without_features_and_label():
    dataset = load("citeseer")
    missing = np.array(CITESEER_MISSING)
    np.testing.assert_array_equal(np.flatnonzero(dataset.labels < 0), missing)
    assert dataset.features[missing].nnz == 0
    assert (dataset.shipped["public"][0, missing] == -1).all()
    ends = np.isin(dataset.graph.senders, missing) | np.isin(dataset.graph.receivers, missing)
    assert ends.sum() == 2 * 16


@pytest.mark.data
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_split_sizes(name):
    protocol, count, sizes = SHIPPED[name]
    made = getattr(splits, protocol)(load(name))
    for masks, size in zip((made.train, made.val, made.test), sizes, strict=True):
        np.testing.assert_array_equal(masks.sum(axis=1), [size] * count)


@pytest.mark.data
def test_public_split_of_cora_is_planetoids():
    part = load("cora").shipped["public"][0]
    np.testing.assert_array_equal(np.flatnonzero(part == 0), np.arange(140))
    np.testing.assert_array_equal(np.flatnonzero(part == 1), np.arange(140, 640))
    np.testing.assert_array_equal(np.flatnonzero(part == 2), np.arange(1708, 2708))


@pytest.mark.data
def test_checksums_tell_datasets_apart():
    assert len({load(name).checksum for name in TABLE}) == len(TABLE)
    assert load("texas").checksum == load("texas", normalize="none").checksum


@pytest.mark.data
@pytest.mark.parametrize(
    "name",
    [
        *("actor", "chameleon", "citeseer", "computers", "cora"),
        *("cornell", "photo", "squirrel", "texas"),
    ],
)
def test_per_class_has_the_counts_of_the_published_routine(name):
    """The reference's own index sets lie beside the data; draws differ, counts must not."""
    folder = Path(os.environ["LONGNN_DATA_DIR"]).parent / "reference" / "splits"
    dataset = load(name)
    reference = splits.file(dataset, folder / f"{name}_60_20_20.npz").part
    ours = splits.per_class(dataset).part
    for one, other in zip(ours, reference, strict=True):
        np.testing.assert_array_equal(
            np.bincount(one + 1, minlength=4), np.bincount(other + 1, minlength=4)
        )
        np.testing.assert_array_equal(
            np.bincount(dataset.labels[one == 0], minlength=dataset.classes),
            np.bincount(dataset.labels[other == 0], minlength=dataset.classes),
        )


@pytest.mark.data
@pytest.mark.parametrize("name", HETEROPHILOUS)
def test_fixed_equals_the_masks_of_the_file(name):
    made = splits.fixed(load(name))
    with np.load(fetch(f"heterophilous-graphs/{name}.npz")) as arrays:
        for part in ("train", "val", "test"):
            np.testing.assert_array_equal(getattr(made, part), arrays[f"{part}_masks"])


@pytest.mark.data
def test_missing_labels_are_in_no_part():
    for name in ("citeseer", "johns_hopkins55"):
        dataset = load(name)
        for draw in (splits.per_class, splits.stratified, splits.random):
            part = draw(dataset, count=2).part
            assert (part[:, dataset.labels < 0] == -1).all()
            assert (part[:, dataset.labels >= 0] >= 0).all()


@pytest.mark.data
@pytest.mark.parametrize("name", ["chameleon", "squirrel", "actor", "texas", "cornell"])
def test_geom_gcn_splits_equal_the_masks_of_the_file(name):
    dataset = load(name)
    geom = splits.geom_gcn(dataset)
    assert geom.protocol == "geom_gcn"
    assert geom.hash == splits.fixed(dataset).hash


@pytest.mark.data
def test_geom_gcn_splits_of_the_citation_graphs():
    cora = splits.geom_gcn(load("cora"))
    sizes = [mask.sum(axis=1) for mask in (cora.train, cora.val, cora.test)]
    np.testing.assert_array_equal(np.unique(sizes, axis=1)[:, 0], (1192, 796, 497))
    assert ((cora.part == -1).sum(axis=1) == 223).all()
    dataset = load("citeseer")
    citeseer = splits.geom_gcn(dataset).part
    assert (citeseer[:, dataset.labels < 0] == -1).all()
    small = [number for number, part in enumerate(citeseer) if (part >= 0).sum() < 2121]
    assert small == [4, 5]
    with pytest.raises(ValueError, match="no geom_gcn splits for dataset 'minesweeper'"):
        splits.geom_gcn(load("minesweeper"))
    with pytest.raises(ValueError, match=r"expected \[S, 2485\]"):
        splits.geom_gcn(reduced(load("cora"), "largest"))


@pytest.mark.data
def test_facebook_features_are_one_hot_blocks():
    features = load("johns_hopkins55", normalize="none").features
    assert set(features.data) == {1}
    np.testing.assert_array_equal(features.sum(axis=1), np.full(5180, 6))


@pytest.mark.data
def test_twitch_views():
    """Against the column itself; features, edges and index sets are those of twitch_de."""
    made, mature = load("twitch_de_views"), load("twitch_de")
    table = np.genfromtxt(
        fetch("musae/DE_target.csv"), delimiter=",", names=True, usecols=("views", "new_id")
    )
    views = np.zeros(9498)
    views[table["new_id"].astype(int)] = np.log(1 + table["views"])
    known = (made.name, made.metric, made.classes, made.labels.dtype)
    assert known == ("twitch_de_views", "r2", 1, np.float32)
    assert made.labelled.all()
    assert made.labels.mean(dtype=float) == pytest.approx(0, abs=1e-6)
    assert made.labels.var(dtype=float) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(np.polyfit(made.labels, views, 1), (views.std(), views.mean()), 1e-5)
    np.testing.assert_allclose(np.corrcoef(made.labels, views)[0, 1], 1, atol=1e-12)
    assert (made.features != mature.features).nnz == 0
    np.testing.assert_array_equal(made.graph.senders, mature.graph.senders)
    np.testing.assert_array_equal(splits.fixed(made).part, splits.fixed(mature).part)
    for name in ("twitch_de", "twitch_de_views"):
        assert musae.load(name, target="views").checksum == made.checksum


def test_twitch_arguments():
    with pytest.raises(ValueError, match="unknown target 'days'; choose one of mature, views"):
        musae.load(target="days")
    with pytest.raises(ValueError, match="unknown musae dataset 'twitch_de_views'"):
        musae.load("twitch_de_views")


@pytest.mark.data
def test_grid_images(tmp_path):
    found = images.load()
    assert (found.graph.num_nodes, found.graph.num_edges, found.mask.sum()) == (10000, 19800, 9216)
    assert found.signals.shape == (10000, 50)
    assert 0 <= found.signals.min() <= found.signals.max() == 1
    a = scipy.io.loadmat(fetch(images.FILE), variable_names=["A"], spmatrix=False)["A"]
    receivers, senders = np.nonzero(a)
    np.testing.assert_array_equal(found.graph.senders, senders)
    np.testing.assert_array_equal(found.graph.receivers, receivers)
    inner = np.zeros((100, 100), bool)
    inner[2:-2, 2:-2] = True
    np.testing.assert_array_equal(found.mask.reshape(100, 100), inner)


@pytest.mark.data
def test_physics_stays_sparse_and_small():
    """Dense it would be 1.16 GB; the rise of the peak over the import of jax is bounded."""
    code = (
        "import re, jax; from longnn.data import graphdata\n"
        "status = lambda: open('/proc/self/status').read()\n"
        "peak = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', status())[1]) / 1024\n"
        "before = peak(); graphdata.load('coauthor_physics'); print(peak() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 600


def test_unknown_name_has_near_misses():
    with pytest.raises(ValueError, match=r"'chamelion'; did you mean chameleon"):
        heterophilous.load("chamelion")


def test_missing_file_is_an_error_without_network(monkeypatch, tmp_path):
    monkeypatch.setenv("LONGNN_DATA_DIR", str(tmp_path))
    with pytest.raises(DataFileError, match=r"texas\.npz is missing"):
        heterophilous.load("texas")


# name: edges without loops, those of them that go back, too
DIRECTED = {
    "chameleon_filtered_directed": (13534, 9360),
    "squirrel_filtered_directed": (65578, 37160),
}


@pytest.mark.data
@pytest.mark.parametrize("name", DIRECTED)
def test_directions_are_kept(name):
    """Undirected, they are the graph of the file without directions."""
    directed, plain = load(name), load(name.removesuffix("_directed"))
    edges = set(map(tuple, directed.digraph.edges.tolist()))
    back = sum((j, i) in edges for i, j in edges)
    assert (len(edges), back) == DIRECTED[name]
    np.testing.assert_array_equal(directed.graph.senders, plain.graph.senders)
    np.testing.assert_array_equal(directed.graph.receivers, plain.graph.receivers)
    np.testing.assert_array_equal(directed.shipped["fixed"], plain.shipped["fixed"])
    assert plain.digraph is None


@pytest.mark.data
def test_directions_of_photo():
    data = load("photo")
    assert entries()["photo"].directed
    assert len(data.digraph.edges) == 143_662  # and a loop
    both = np.unique(np.sort(data.digraph.edges, axis=1), axis=0)
    np.testing.assert_array_equal(both, np.unique(np.sort(data.graph.pairs(), axis=1), axis=0))

"""Counts of the real datasets; they need LONGNN_DATA_DIR."""

import numpy as np
import pytest
from scipy import sparse

from longnn.data import DataFileError, heterophilous, planetoid, splits

# name: N, E, F, edge homophily, class counts, nodes without a label, isolated nodes
TABLE = {
    "cora": (2708, 5278, 1433, 0.8100, (351, 217, 418, 818, 426, 298, 180), 0, 0),
    "citeseer": (3327, 4552, 3703, 0.7377, (249, 590, 668, 701, 596, 508), 15, 48),
    "chameleon": (2277, 31371, 2325, 0.2299, (456, 460, 453, 521, 387), 0, 0),
    "chameleon_filtered": (890, 8854, 2325, 0.2361, (242, 134, 209, 164, 141), 0, 0),
    "squirrel": (5201, 198353, 2089, 0.2221, (1042, 1040, 1039, 1040, 1040), 0, 0),
    "squirrel_filtered": (2223, 46998, 2089, 0.2072, (756, 516, 397, 321, 233), 0, 0),
    "actor": (7600, 26659, 932, 0.2167, (853, 1337, 1630, 1815, 1965), 0, 0),
    "texas": (183, 279, 1703, 0.0609, (33, 1, 18, 101, 30), 0, 0),
    "cornell": (183, 277, 1703, 0.1227, (38, 16, 30, 82, 17), 0, 0),
    "minesweeper": (10000, 39402, 7, 0.6828, (8000, 2000), 0, 0),
}
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
}
CITESEER_MISSING = (
    *(2407, 2489, 2553, 2682, 2781, 2953, 3042, 3063),
    *(3212, 3214, 3250, 3292, 3305, 3306, 3309),
)


def load(name, **options):
    loader = planetoid if name in planetoid.NAMES else heterophilous
    return loader.load(name, **options)


def edge_homophily(dataset):
    sender, receiver = (
        dataset.labels[end] for end in (dataset.graph.senders, dataset.graph.receivers)
    )
    known = (sender >= 0) & (receiver >= 0)
    return (sender == receiver)[known].mean()


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
    assert edge_homophily(dataset) == pytest.approx(homophily, abs=5e-5)
    assert nodes - len(np.unique(dataset.graph.senders)) == isolated


@pytest.mark.data
@pytest.mark.parametrize("name", TABLE)
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


def test_unknown_name_has_near_misses():
    with pytest.raises(ValueError, match=r"'chamelion'; did you mean chameleon"):
        heterophilous.load("chamelion")


def test_missing_file_is_an_error_without_network(monkeypatch, tmp_path):
    monkeypatch.setenv("LONGNN_DATA_DIR", str(tmp_path))
    with pytest.raises(DataFileError, match=r"texas\.npz is missing"):
        heterophilous.load("texas")

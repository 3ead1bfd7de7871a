"""Nodes with any number of labels: every source gives the same dataset, and what is refused."""

import types

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from longnn.data import edgelist, npz, splits
from longnn.data.classes import Owner
from longnn.data.errors import MissingClassWarning
from longnn.data.given import labelled_only
from longnn.data.multilabel import read_multilabel
from longnn.data.own import Options, own_dataset
from longnn.data.pyg import from_pyg
from longnn.data.reduce import reduced
from longnn.data.statistics import describe, homophily, label_agreement, mixing

N, C = 40, 3
RNG = np.random.default_rng(0)
EDGES = RNG.integers(0, N, (120, 2))
FEATURES = RNG.normal(size=(N, 4)).astype(np.float32)
LABELS = RNG.integers(0, 2, (N, C))
LABELS[0] = -1  # nothing is known
LABELS[1, 2] = -1
METRIC = "multilabel_roc_auc"


def by_array(_, **options):
    return own_dataset("mine", EDGES, FEATURES, LABELS, options=Options(metric=METRIC, **options))


def by_float(_, **options):
    given = np.where(LABELS < 0, np.nan, LABELS)
    return own_dataset("mine", EDGES, FEATURES, given, options=Options(metric=METRIC, **options))


def by_mask(_, **options):
    given = np.ma.masked_less(LABELS, 0)
    return own_dataset("mine", EDGES, FEATURES, given, options=Options(metric=METRIC, **options))


def by_npz(folder, **options):
    np.savez(folder / "mine.npz", edges=EDGES, features=FEATURES, labels=LABELS)
    return npz.load(folder / "mine.npz", metric=METRIC, **options)


def by_pyg(_, **options):
    data = types.SimpleNamespace(edge_index=EDGES.T, x=FEATURES, y=LABELS)
    return from_pyg(data, "mine", metric=METRIC, **options)


def by_csv(folder, **options):
    return _tables(folder, "csv", _write_csv, options)


def by_parquet(folder, **options):
    return _tables(folder, "parquet", _write_parquet, options)


def _tables(folder, end, write, options):
    """Node 0, of which nothing is known, is not listed, and the others stand backwards."""
    node = {"node": np.arange(N)}
    order = np.arange(N)[:0:-1]
    tables = {
        "edges": {"source": EDGES[:, 0], "target": EDGES[:, 1]},
        "features": node | {f"f{i}": column for i, column in enumerate(FEATURES.T)},
        "labels": {"node": order} | {n: LABELS[order, i] for i, n in enumerate(("x", "y", "z"))},
    }
    paths = {name: folder / f"{name}.{end}" for name in tables}
    for name, columns in tables.items():
        write(paths[name], columns)
    return edgelist.load(**paths, name="mine", metric=METRIC, **options)


def _write_csv(path, columns):
    rows = [",".join(map(str, row)) for row in zip(*columns.values(), strict=True)]
    path.write_text("\n".join([",".join(columns), *rows]) + "\n")


def _write_parquet(path, columns):
    pyarrow.parquet.write_table(pyarrow.table(columns), path)


SOURCES = [by_array, by_float, by_mask, by_npz, by_pyg, by_csv, by_parquet]


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_gives_the_same(tmp_path, source):
    data = source(tmp_path)
    np.testing.assert_array_equal(data.labels, LABELS)
    assert (data.labels.dtype, data.classes, data.metric) == (np.int8, C, METRIC)
    assert (data.multilabel, data.regression) == (True, False)
    tabular = source in (by_csv, by_parquet)
    assert data.class_names == (("x", "y", "z") if tabular else ("0", "1", "2"))
    assert data.labelled.tolist() == [False] + [True] * (N - 1)
    np.testing.assert_array_equal(data.with_label(1), LABELS[:, 1] == 1)


@pytest.mark.parametrize("source", SOURCES)
def test_the_number_of_labels_may_be_stated(tmp_path, source):
    assert source(tmp_path, classes=C).classes == C
    with pytest.raises(ValueError, match="3 columns of labels, but classes=2; leave it out"):
        source(tmp_path, classes=2)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1, 1], r"int64 of shape \(3,\), expected 0 or 1 for each of C labels"),
        ([["a", "b"]], "expected 0 or 1 for each"),
        ([[0, 1], [2, 0]], "node 1 of pets is 2 in column 0, expected 1"),
        ([[0.0, 0.5], [1, 0]], "node 0 of pets is 0.5 in column 1"),
        ([[0, -2], [1, 0]], "node 0 of pets is -2 in column 1"),
        ([[0, 1], [0, 1]], "no label of pets differs between nodes"),
        ([[0, 1], [1]], "cannot be read as an array"),
        (np.zeros((3, 0)), r"shape \(3, 0\)"),
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\)"),
    ],
)
def test_other_labels_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        read_multilabel(labels, Owner("pets"))


def test_truth_values_are_taken():
    assert read_multilabel([[True, False], [False, True]], Owner("p")).labels.sum() == 2


def test_one_class_a_node_refuses_several():
    with pytest.raises(ValueError, match="need metric multilabel_micro_f1 or multilabel_roc_auc"):
        own_dataset("mine", EDGES, FEATURES, np.abs(LABELS))


def test_a_node_of_which_nothing_is_known_is_in_no_part(tmp_path):
    data = by_array(None)
    drawn = splits.random(data, count=5)
    assert (drawn.part[:, 0] == -1).all()
    assert (drawn.part[:, 1:] >= 0).all()
    part = np.arange(N)[None] % 3
    np.savez(tmp_path / "part.npz", part=part)
    given = splits.file(data, tmp_path / "part.npz")
    assert given.part[0].tolist() == [-1, *part[0, 1:]]


@pytest.mark.parametrize("protocol", [splits.stratified, splits.per_class])
def test_protocols_of_classes_say_what_to_do(protocol):
    with pytest.raises(ValueError, match=r"one class a node.*several a node.*use split=random"):
        protocol(by_array(None))


def test_shipped_splits_that_are_missing():
    with pytest.raises(ValueError, match=r"it ships none\); use one of random, file"):
        splits.fixed(by_array(None))


def test_a_label_that_a_part_lacks_is_told():
    labels = LABELS.copy()
    labels[1:, 0] = np.arange(1, N) == 1
    data = own_dataset("rare", EDGES, FEATURES, labels, options=Options(metric=METRIC))
    with pytest.warns(MissingClassWarning, match=r"train lacks class 0 \(1 nodes\) in 1 of 1"):
        labelled_only(data, "mine", np.arange(N)[None] % 3, "part")


def test_statistics_against_loops():
    data = by_array(None)
    pairs = zip(np.asarray(data.graph.senders), np.asarray(data.graph.receivers), strict=True)
    joined = [(LABELS[i] == 1, LABELS[j] == 1) for i, j in pairs if i != j and 0 not in (i, j)]
    alike = [(a & b).sum() / (a | b).sum() for a, b in joined if (a | b).any()]
    assert label_agreement(data) == pytest.approx(np.mean(alike))
    shares = [[np.mean([b[d] for a, b in joined if a[c]]) for d in range(C)] for c in range(C)]
    np.testing.assert_allclose(mixing(data), shares, rtol=1e-6)
    said = describe(data)
    held = LABELS == 1
    assert (said["labels"], said["unlabelled"]) == (C, 1)
    assert said["nodes with label 1"] == held[:, 1].sum()
    assert said["labels a node"] == pytest.approx(held[1:].sum(1).mean())
    with pytest.raises(ValueError, match=r"several labels a node; use longnn\.data.statistics"):
        homophily(data)


def test_some_of_the_nodes():
    data = reduced(by_array(None), "largest")
    kept = np.flatnonzero(by_array(None).graph.components() == 0)
    np.testing.assert_array_equal(data.labels, LABELS[kept])

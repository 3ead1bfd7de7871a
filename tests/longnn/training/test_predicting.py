"""Trained models on graphs that they have not seen: grown, other, and wrong ones."""

import csv
from dataclasses import replace

import networkx
import numpy as np
import pandas
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

import longnn
from longnn.data import Dataset, csbm, splits
from longnn.training import Predictions, problem_of

NODES, FEATURES = 50, 6
NAMES = np.array([f"node {i}" for i in range(NODES)])
COLUMNS = tuple("abcdef")


def made(how: str = "standard", seed: int = 0) -> Dataset:
    data = csbm.generate(nodes=NODES, features=FEATURES, normalize=how, seed=seed)
    return replace(data, node_names=NAMES, feature_names=COLUMNS, class_names=("cat", "dog"))


@pytest.fixture(scope="module")
def data() -> Dataset:
    return made()


@pytest.fixture(scope="module")
def fit(data):
    few = longnn.Optim(max_epochs=4)
    drawn = splits.stratified(data, count=2)
    return longnn.fit("longnn", data, drawn, seeds=2, optim=few, settings={"order": 3})


@pytest.fixture(scope="module")
def raw() -> Dataset:
    return made("none")


def matrix_of(graph: longnn.Graph) -> sparse.csr_array:
    ends = np.asarray(graph.senders), np.asarray(graph.receivers)
    return sparse.csr_array((np.ones(len(ends[0])), ends), shape=(graph.num_nodes,) * 2)


def test_its_own_graph_in_every_form(fit, data, raw):
    joined = networkx.from_scipy_sparse_array(matrix_of(data.graph))
    pairs = np.argwhere(matrix_of(data.graph).toarray())
    for graph, features in (
        (data, None),
        (raw, None),
        (raw.graph, raw.features),
        (matrix_of(raw.graph), sparse.csr_matrix(raw.features)),
        (joined, raw.features.tolist()),
        (pairs, raw.features),
    ):
        assert_allclose(fit.predict(graph, features).outputs, fit.outputs, atol=1e-5)


def test_the_mean_of_the_models(fit, data):
    found = fit.predict(data)
    mean = np.exp(fit.outputs.astype(np.float64)).mean(axis=0)
    assert_allclose(np.asarray(found), mean, atol=1e-5)
    assert_allclose(found.confidence, mean.max(axis=1), atol=1e-5)
    assert_array_equal(found.predicted, np.array(["cat", "dog"])[mean.argmax(axis=1)])
    assert_array_equal(found.nodes, NAMES)
    assert np.asarray(found, np.float32).dtype == np.float32
    some = fit.predict(data, runs=[2, 0])
    assert_allclose(some.outputs, fit.outputs[[2, 0]], atol=1e-5)
    assert_allclose(fit.predict(data, runs=1).outputs, fit.outputs[[1]], atol=1e-5)


def test_some_nodes_by_name_in_the_order_asked(fit, data, raw):
    found = fit.predict(data, nodes=["node 7", "node 3"])
    assert_array_equal(found.nodes, ["node 7", "node 3"])
    assert_allclose(found.outputs, fit.outputs[:, [7, 3]], atol=1e-5)
    assert_array_equal(fit.predict(raw.graph, raw.features, nodes=np.array([4])).nodes, [4])


def test_columns_in_another_order_are_put_right(fit, raw):
    order = [3, 0, 5, 1, 2, 4]
    names = tuple(COLUMNS[i] for i in order)
    turned = replace(raw, features=raw.features[:, order], feature_names=names)
    assert_allclose(fit.predict(turned).outputs, fit.outputs, atol=1e-5)
    table = pandas.DataFrame(turned.features, columns=names)
    assert_allclose(fit.predict(raw.graph, table).outputs, fit.outputs, atol=1e-5)
    assert longnn.data.own_dataset("mine", raw.graph, table).feature_names == names
    rows = sparse.csr_array(turned.features)
    assert_allclose(fit.predict(replace(turned, features=rows)).outputs, fit.outputs, atol=1e-5)


def test_another_component_changes_nothing(fit, raw):
    """Of a polynomial of S, whatever the scale of the new features: those of training hold."""
    other = csbm.generate(nodes=30, features=FEATURES, seed=5)
    both = sparse.block_diag([matrix_of(raw.graph), matrix_of(other.graph)], format="csr")
    found = fit.predict(both, np.concatenate([raw.features, 100 + other.features]))
    assert_allclose(found.outputs[:, :NODES], fit.outputs, atol=1e-5)
    assert len(found) == NODES + 30


@pytest.mark.parametrize("model", ["gcn", "mlp"])
def test_other_models_and_loops(model, data, raw):
    few = longnn.Optim(max_epochs=2)
    fit = longnn.fit(model, data, splits.stratified(data, count=1), optim=few, self_loops=2.0)
    assert_allclose(fit.predict(raw.graph, raw.features).outputs, fit.outputs, atol=1e-5)


def test_labels_are_not_looked_at(fit, data):
    nobody = replace(data, labels=np.full(NODES, -1), classes=5, class_names=())
    assert_allclose(fit.predict(nobody).outputs, fit.outputs, atol=1e-5)


def test_values(data):
    valued = replace(
        data, labels=data.features[:, 0], classes=1, class_names=(), metric="r2", node_names=None
    )
    fit = longnn.fit(
        "mlp", valued, splits.random(valued, count=2), optim=longnn.Optim(max_epochs=2)
    )
    found = fit.predict(valued)
    assert_allclose(np.asarray(found), fit.outputs[..., 0].mean(axis=0), rtol=1e-4)
    assert list(found.columns()) == ["node", "value"]
    with pytest.raises(ValueError, match="MLP on csbm predicts real values, which have no prob"):
        fit.predict(valued).abstain(0.5)
    assert "values, mean of 2 models" in repr(found)


OUTPUTS = np.log(np.array([[[0.9, 0.1], [0.4, 0.6]], [[0.7, 0.3], [0.5, 0.5]]]))
FOUND = Predictions(np.array([20, 10]), OUTPUTS, ("cat", "dog"), "mlp on pets")


def test_below_a_threshold_there_is_no_class():
    assert FOUND.abstain(0.7).tolist() == ["cat", None]
    assert FOUND.abstain(0.0).tolist() == ["cat", "dog"]
    with pytest.raises(ValueError, match=r"threshold must lie in \[0, 1\], got 70"):
        FOUND.abstain(70)
    with pytest.raises(ValueError, match=r"predicts classes; use .probabilities"):
        _ = FOUND.values


def test_the_table_in_pandas_csv_and_parquet(tmp_path):
    frame = FOUND.to_frame()
    assert frame.columns.tolist() == ["node", "class", "probability", "P(cat)", "P(dog)"]
    FOUND.save(tmp_path / "p.csv")
    FOUND.save(tmp_path / "p.parquet")
    for read in (pandas.read_csv(tmp_path / "p.csv"), pandas.read_parquet(tmp_path / "p.parquet")):
        pandas.testing.assert_frame_equal(read, frame, check_exact=True, check_dtype=False)
    FOUND.save(tmp_path / "p.csv", threshold=0.7)
    with (tmp_path / "p.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["node"], row["class"]) for row in rows] == [("20", "cat"), ("10", "")]
    values = Predictions(np.array(["a"]), np.array([[[0.5]], [[1.5]]]), ())
    several = Predictions(np.array([7]), np.log([[[3.0, 1.0]]]), ("x", "y"), multilabel=True)
    for found, text in (
        (values, "node,value\na,1.0\n"),
        (several, "node,P(x),P(y)\n7,0.75,0.5\n"),
    ):
        found.save(tmp_path / "p.csv")
        assert (tmp_path / "p.csv").read_text() == text
    with pytest.raises(ValueError, match=r"p.txt ends in '.txt', expected .csv or .parquet"):
        FOUND.save(tmp_path / "p.txt")


def test_it_shows_itself_in_a_line():
    assert repr(FOUND).startswith(
        "Predictions of mlp on pets: 2 nodes, 2 classes, mean of 2 models"
    )


X = np.ones((NODES, FEATURES))
WRONG = {
    "no features": (lambda f, d: f.predict(d.graph), "takes 6 features of each node, none came"),
    "two features": (lambda f, d: f.predict(d, X), "a dataset has features of its own"),
    "few columns": (
        lambda f, d: f.predict(d.graph, X[:, :5]),
        "LonGNN on csbm takes 6 features of each node, what came has 5 features",
    ),
    "a vector": (lambda f, d: f.predict(d.graph, X[0]), r"has features of shape \(6,\)"),
    "few rows": (
        lambda f, d: f.predict(d.graph, X[:9]), "a graph of 50 nodes and 9 rows of features"
    ),
    "not finite": (lambda f, d: f.predict(d.graph, X * np.nan), "300 values are NaN or infinite"),
    "unknown node": (
        lambda f, d: f.predict(d, nodes=["node 3", "Ann"]), "has no node 'Ann'.*'node 0', 'node 1'"
    ),
    "place of a named node": (lambda f, d: f.predict(d, nodes=[3]), "has no node '3'"),
    "unknown run": (lambda f, d: f.predict(d, runs=4), "different numbers from 0 to 3.*got 4"),
    "a run twice": (lambda f, d: f.predict(d, runs=[1, 1]), "different numbers from 0 to 3"),
    "prepared otherwise": (
        lambda f, d: f.predict(made("row")),
        "prepared with normalize='row', .* with normalize='standard'; load it",
    ),
    "other names": (
        lambda f, d: f.predict(replace(d, feature_names=tuple("abcdeg"))),
        "lacks the features 'f' and has the features 'g'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_refused_says_why(fit, data, case):
    call, message = WRONG[case]
    with pytest.raises(ValueError, match=message):
        call(fit, data)


def test_a_problem_says_nothing_of_graphs(data):
    few = longnn.Optim(max_epochs=1)
    drawn = splits.stratified(data, count=1)
    fit = longnn.fit("mlp", problem_of(data), drawn, classes=2, optim=few)
    with pytest.raises(ValueError, match="trained on a Problem, which says nothing of graphs"):
        fit.predict(data)

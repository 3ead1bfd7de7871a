import numpy as np
import pytest
from scipy import sparse

from longnn.data import Dataset, labels, normalize
from longnn.data.reduce import reduced
from longnn.data.statistics import describe
from longnn.graphs.graph import Graph
from longnn.training import metrics

NODES = 4


def make(**changes):
    fields = {
        "name": "toy",
        "graph": Graph.from_edges(np.array([[0, 1], [1, 2], [2, 3]]), NODES),
        "features": np.eye(NODES, dtype=np.float32),
        "labels": np.array([0, 1, -1, 1]),
        "classes": 2,
    }
    return Dataset(**(fields | changes))


def spoiled(value):
    features = np.eye(NODES, dtype=np.float32)
    features[2, 1] = features[2, 2] = features[3, 0] = value
    return features


def valued(*values, **changes):
    """The dataset with real-valued labels."""
    labels = np.array(values or (0.5, np.nan, -2.0, 0.5), np.float32)
    return make(**{"labels": labels, "classes": 1, "metric": "r2"} | changes)


def test_metrics_are_those_of_training():
    assert set(metrics.METRICS) == {*labels.METRICS, *labels.LESS_IS_BETTER}
    assert set(labels.REGRESSION_METRICS) < set(labels.METRICS)


def test_names_of_classes():
    assert make().class_names == ("0", "1")
    named = make(class_names=("cat", "dog"))
    assert "C=2 ['cat', 'dog'], metric" in repr(named)
    assert describe(named)["nodes of class dog"] == 2
    assert reduced(named, "largest").class_names == ("cat", "dog")
    assert valued().class_names == ()


def test_labelled():
    assert make().labelled.tolist() == [True, True, False, True]
    assert valued().labelled.tolist() == [True, False, True, True]
    assert (make().regression, valued().regression) == (False, True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"metric": "accuracy"},
            "float32 .* expected int64 .* accuracy.*real values need metric r",
        ),
        ({"metric": "macro_f1", "classes": 2}, "float32 .* expected int64"),
        (
            {"labels": np.array([0, 1, -1, 1])},
            r"int64 .* expected float32.*\.astype\(numpy\.float32",
        ),
        (
            {"labels": np.array([0.5, 1, 2, 3])},
            r"float64 .* expected float32.*\.astype\(numpy\.flo",
        ),
        ({"labels": np.zeros(3, np.float32)}, r"of shape \(3,\), expected float32 of shape \(4,\)"),
        ({"labels": np.array([0, 1, -np.inf, 0], np.float32)}, "label of node 2 .* is -inf"),
        ({"classes": 2}, "r2 is of one real value per node.* dataset 'toy' has 2"),
    ],
)
def test_real_values_are_checked(changes, words):
    with pytest.raises(ValueError, match=words):
        valued(**changes)


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "roc_auc"])
def test_accepts_sparse_and_dense(metric):
    assert make(metric=metric).shipped == {}
    assert make(metric=metric, features=sparse.csr_array(np.eye(NODES, dtype=np.float32)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"features": np.zeros((3, 2), np.float32)}, r"\(3, 2\), expected \[4, F\]"),
        ({"features": np.zeros((4, 0), np.float32)}, r"\(4, 0\), expected \[4, F\]"),
        ({"features": np.eye(4)}, "float64, expected float32"),
        ({"features": spoiled(np.nan)}, "3 values are NaN or infinite, the first in row 2"),
        ({"features": spoiled(np.inf)}, "3 values are NaN or infinite, the first in row 2"),
        ({"features": sparse.csr_array(spoiled(np.nan))}, "3 values .* the first in row 2"),
        ({"labels": np.array([0, 1, 0])}, r"int64 of shape \(3,\), expected int64 of shape \(4,\)"),
        ({"labels": np.array([0.0, 1, 0, 1])}, "float64 of shape"),
        ({"labels": np.array([0, 1, 2, 1])}, "label of node 2 in dataset 'toy' is 2, .* 0 to 1"),
        ({"labels": np.array([0, 1, 0, -2])}, "label of node 3 in dataset 'toy' is -2"),
        ({"metric": "f1"}, "one of accuracy, .*multilabel_roc_auc, got 'f1'"),
        ({"metric": "ece"}, "cannot be scored by ece, of which less is better: record it beside"),
        ({"class_names": ("a",)}, "has 1 different class_names, expected 2"),
        ({"class_names": ("a", "a")}, "has 1 different class_names, expected 2"),
        ({"classes": 100_001}, "has 100001 classes, expected at most 100000: are its labels ids"),
        ({"shipped": {"fixed": np.zeros((2, 3), np.int8)}}, r"'fixed' .* \(2, 3\), .*\[S, 4\]"),
    ],
)
def test_says_what_is_wrong(changes, words):
    with pytest.raises(ValueError, match=words):
        make(**changes)


ROW = [[0, 0, 0], [1, 0, 3], [0.5, 0, 0]]


@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize(
    ("features", "expected"),
    [
        (ROW, [[0, 0, 0], [0.25, 0, 0.75], [0.5, 0, 0]]),
        ([[-1, 1], [0, 0]], [[0, 1], [0.5, 0.5]]),
        ([[2, 3], [2, 5]], [[0, 1], [0, 1]]),
    ],
)
def test_row(features, expected, convert):
    result = normalize(convert(np.array(features, np.float32)), "row")
    assert result.dtype == np.float32
    dense = result.toarray() if sparse.issparse(result) else result
    np.testing.assert_allclose(dense, expected, rtol=1e-6)


def test_row_keeps_sparse_features_sparse():
    result = normalize(sparse.csr_array(np.array(ROW, np.float32)), "row")
    assert isinstance(result, sparse.csr_array)
    assert result.nnz == 3


@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array])
def test_standard(convert):
    rng = np.random.default_rng(0)
    features = rng.normal(3, 2, (50, 4)).astype(np.float32)
    features[:, 2] = 0.1
    result = normalize(convert(features), "standard")
    assert result.dtype == np.float32
    np.testing.assert_allclose(result.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(result.std(0), [1, 1, 0, 1], atol=1e-6)
    np.testing.assert_array_equal(result[:, 2], 0)


def test_none_changes_nothing():
    features = np.array(ROW, np.float32)
    assert normalize(features, "none") is features


def test_unknown_normalization_names_the_choices():
    with pytest.raises(ValueError, match="one of row, none, standard, got 'rows'"):
        normalize(np.eye(2, dtype=np.float32), "rows")


def test_not_finite_is_found_before_it_spreads():
    with pytest.raises(ValueError, match="3 values are NaN or infinite, the first in row 2"):
        normalize(spoiled(np.nan), "row")

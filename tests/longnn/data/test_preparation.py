"""Features of other nodes are scaled by the numbers of training, against scikit-learn."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.preprocessing import StandardScaler

from longnn.data import csbm, normalize, reduced
from longnn.data.named import as_names, check_named, columns_as, places_of
from longnn.data.preparation import NORMALIZE, Preparation, fitted

RNG = np.random.default_rng(0)
TRAIN, OTHER = (RNG.normal(3, 2, (n, 5)).astype(np.float32) for n in (30, 7))


def test_standard_is_that_of_scikit_learn():
    scaler = StandardScaler().fit(TRAIN.astype(np.float64))
    np.testing.assert_allclose(
        fitted(TRAIN, "standard")(OTHER), scaler.transform(OTHER.astype(np.float64)), rtol=1e-5
    )


def test_a_column_that_was_constant_stays_zero():
    constant = TRAIN.copy()
    constant[:, 2] = 7
    found = fitted(constant, "standard")(OTHER)
    assert not found[:, 2].any()
    assert found[:, 1].any()


def test_rows_by_the_minimum_of_training():
    shifted = OTHER.astype(np.float64) - TRAIN.min()
    expected = shifted / np.maximum(shifted.sum(1), 1)[:, None]
    np.testing.assert_allclose(fitted(TRAIN, "row")(OTHER), expected, rtol=1e-5)


@pytest.mark.parametrize("how", NORMALIZE)
def test_sparse_and_dense_agree(how):
    train = np.where(TRAIN > 4, TRAIN, 0)
    other = np.where(OTHER > 4, OTHER, 0)
    found = fitted(sparse.csr_array(train), how)(sparse.csr_array(other))
    stays = how != "standard"
    assert sparse.issparse(found) == stays
    np.testing.assert_allclose(
        found.toarray() if stays else found, fitted(train, how)(other), rtol=1e-6
    )


@pytest.mark.parametrize("how", NORMALIZE)
def test_a_dataset_remembers(how):
    raw = csbm.generate(nodes=40, features=6)
    done = csbm.generate(nodes=40, features=6, normalize=how)
    assert done.preparation.normalize == how
    np.testing.assert_array_equal(done.preparation(raw.features), done.features)
    np.testing.assert_array_equal(normalize(raw.features, how), done.features)
    assert reduced(done, "largest").preparation is done.preparation
    assert raw.preparation.normalize == Preparation().normalize == "none"


def test_names_of_nodes_and_features():
    np.testing.assert_array_equal(as_names(["3", "-4"]), [3, -4])
    for texts in (["3", "x"], ["3", "3.0"], ["03"], [str(2**70)]):
        assert as_names(texts).tolist() == texts
    names = np.array(["b", "a", "c"])
    np.testing.assert_array_equal(places_of(names, ["c", "b"], "pets"), [2, 0])
    np.testing.assert_array_equal(places_of(np.array([10, 20]), ["20", 10], "pets"), [1, 0])
    assert columns_as(["x", "y"], [], "pets") is columns_as(["x"], ["x"], "pets") is None
    np.testing.assert_array_equal(columns_as(["x", "y", "z"], ["z", "x", "y"], "pets"), [1, 2, 0])


WRONG = {
    "unknown": (
        lambda: places_of(np.arange(9), [3, 12, 15], "pets"),
        r"pets has no node '12' \(2 such\); its nodes are 0, 1, 2, ..., 8",
    ),
    "none": (lambda: places_of(np.arange(2), [], "pets"), "no node of pets was asked for"),
    "mask": (lambda: places_of(np.arange(2), np.array([True, False]), "pets"), "flatnonzero"),
    "missing": (
        lambda: columns_as(["x", "y"], ["x", "w", "v"], "pets"),
        r"pets lacks the features 'y' and has the features 'v', 'w', which the model does not",
    ),
    "twice": (
        lambda: check_named("names", np.array(["a", "b", "a"]), (3,), "node"),
        r"names hold 'a' more than once \(1 such names\); give each node a name of its own",
    ),
    "short": (
        lambda: check_named("names", np.arange(2), (3,), "node"),
        r"names are int64 of shape \(2,\), expected .* shape \(3,\)",
    ),
    "objects": (lambda: check_named("names", ["a"], (1,), "node"), "names are list, expected"),
    "floats": (lambda: check_named("names", np.ones(1), (1,), "node"), "are float64 of shape"),
    "word": (lambda: fitted(TRAIN, "rows"), "normalize must be one of row, none, standard"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_refused(case):
    call, message = WRONG[case]
    with pytest.raises(ValueError, match=message):
        call()

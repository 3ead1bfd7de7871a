"""Bits of each order: errors are those of the output, and no other choice leaves less."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import longnn
import polybases
from longnn.models.propagated import Propagated, filter_of
from longnn.stores import Calibration, StoredTerms, calibrate, compress, power_law, propagate
from longnn.stores.rounding import BITS

NODES, ORDER, FEATURES, HIDDEN = 400, 4, 70, 5
BASIS = polybases.jacobi(ORDER, np.float64(0.5), np.float64(-0.25))


@pytest.fixture
def terms(tmp_path):
    graph = power_law(tmp_path / "graph", NODES, 6.0, seed=2)
    x = (np.random.default_rng(0).random((NODES, FEATURES)) < 0.2).astype(np.float64)
    return propagate(tmp_path / "terms", graph, x, BASIS)


def drawn(seed=0):
    rng = np.random.default_rng(seed)
    theta = rng.standard_normal((ORDER + 1, HIDDEN)) * np.array([1, 3, 1, 0.1, 0.01])[:, None]
    return theta, rng.standard_normal((FEATURES, HIDDEN))


def output(terms, nodes, theta, weight):
    return np.einsum("kh,knf,fh->nh", theta, terms.take(nodes).astype(np.float64), weight)


def test_errors_are_those_of_the_output_of_stores_in_few_bits(tmp_path, terms):
    theta, weight = drawn()
    nodes = np.arange(0, NODES, 3)
    found = calibrate(terms, nodes, theta, weight)
    exact = output(terms, nodes, theta, weight)
    for k, bits in itertools.product((0, 1, 4), (8, 2)):
        few = compress(tmp_path / f"{k}-{bits}", terms, [bits if j == k else 16 for j in range(5)])
        error = output(few, nodes, np.eye(5)[:, [k]] * theta, weight)
        error -= output(terms, nodes, np.eye(5)[:, [k]] * theta, weight)
        expected = (error**2).sum() / (exact**2).sum()
        np.testing.assert_allclose(found.errors[k, BITS.index(bits)], expected, rtol=1e-6)
    assert (found.errors[0, 1:] < 1e-13).all()  # two values in each row
    assert found.nodes == len(nodes)
    bits = found.choose(0.2)
    few = compress(tmp_path / "few", terms, bits)
    assert few.bytes / terms.bytes == found.share(bits) <= 0.2
    error = output(few, nodes, theta, weight) - exact
    relative = np.sqrt((error**2).sum() / (exact**2).sum())
    assert relative / found.error(bits) == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.25, 0.4, 1.0])
def test_no_other_bits_leave_less_error(share):
    rng = np.random.default_rng(int(100 * share))
    errors = np.sort(rng.random((3, 5)) * 10.0 ** rng.integers(-6, 3, (3, 1)), axis=1)
    found = Calibration(errors, np.array([2100, 1080, 570, 310, 180]), 4000, 10)
    bits = found.choose(share)
    assert found.share(bits) <= share
    each = itertools.product(BITS, repeat=3)
    best = min((found.error(b), found.share(b)) for b in each if found.share(b) <= share)
    assert (found.error(bits), found.share(bits)) == best


def test_what_the_output_does_not_see_gets_one_bit(terms):
    theta, weight = drawn()
    theta[[1, 3]] = 0
    found = calibrate(terms, np.arange(NODES), theta, weight)
    bits = found.choose()
    assert [bits[k] for k in (0, 1, 3)] == [1, 1, 1]
    assert min(bits[2], bits[4]) >= 8
    assert found.share(bits) <= 0.25


def test_other_nodes_are_not_looked_at(tmp_path, terms):
    half = np.arange(NODES // 2)
    taken = []
    for files in terms.files:
        for file in files:
            file.take = lambda nodes, out, _take=file.take: (taken.extend(nodes), _take(nodes, out))
    calibrate(terms, half, sample=50, seed=3)
    assert set(taken) <= set(half)
    assert len(set(taken)) == 50


def test_the_default_policy_needs_no_model(terms):
    found = calibrate(terms, np.arange(NODES))
    bits = found.choose()
    assert bits[0] == 1
    assert found.share(bits) <= 0.25
    assert found.error(bits) < 0.02


def test_a_trained_model_says_what_it_makes_of_terms(terms):
    model = longnn.models.LonGNN(
        FEATURES, 3, order=ORDER, placement="before", alpha=1.0, beta=0.3, rngs=nnx.Rngs(1)
    )
    theta, weight = filter_of(model, terms.basis)
    own = Propagated(jnp.asarray(terms.rows(0, 9)), terms.basis)
    expected = own.filtered(*model.filters[0].terms(), jnp.asarray(weight))
    np.testing.assert_allclose(output(terms, np.arange(9), theta, weight), expected, rtol=2e-4)
    calibrate(terms, np.arange(NODES), theta, weight)
    after = longnn.models.LonGNN(FEATURES, 3, order=ORDER, rngs=nnx.Rngs(1))
    with pytest.raises(ValueError, match="placement='before'"):
        filter_of(after, terms.basis)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nodes": np.zeros(NODES, bool)}, "numpy.flatnonzero"),
        ({"nodes": np.array([], int)}, "at least one training node"),
        ({"sample": 0}, "sample >= 1"),
        ({"theta": np.ones((4, 1))}, r"theta \[5, H or 1\] and weight \[70, H\], got \(4, 1\)"),
        ({"weight": np.ones((3, 2))}, r"got \(5, 1\) and \(3, 2\)"),
        ({"theta": np.zeros((5, 1))}, "is zero at every node"),
    ],
)
def test_what_is_wrong_is_said(terms, change, message):
    arguments = {"nodes": np.arange(NODES)} | change
    with pytest.raises(ValueError, match=message):
        calibrate(terms, **arguments)


def test_other_stores_and_budgets_are_refused(tmp_path, terms):
    for outside in (-1, NODES):
        with pytest.raises(IndexError, match=r"\[0, 400\), got 0 to 400|got -1 to 0"):
            calibrate(terms, np.array([0, outside]))
    compress(tmp_path / "few", terms, 8)
    with pytest.raises(ValueError, match="is in few bits already"):
        calibrate(StoredTerms(tmp_path / "few"), np.arange(NODES))
    with pytest.raises(ValueError, match=r"1 bit takes 0\.0.* of the bytes in float32"):
        calibrate(terms, np.arange(NODES)).choose(0.01)

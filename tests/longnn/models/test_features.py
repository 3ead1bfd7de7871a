"""dropout(X) W of sparse and dense features against numpy matrices."""

from functools import cache
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse

from longnn.models import features as module
from longnn.models.features import as_features
from longnn.models.matrices import DenseFeatures, SparseFeatures
from longnn.operators import csr
from tests.backends import BACKENDS

pytestmark = pytest.mark.device

N, F, H = 30, 50, 4
RNG = np.random.default_rng(0)
X = np.where(RNG.random((N, F)) < 0.08, RNG.uniform(0.5, 2, (N, F)), 0.0)
X[3] = 0  # a node without features
X[:, 7] = 0  # a feature nobody has
X[5, 10:40] = 1.5  # a long row: several buckets
W = RNG.normal(size=(F, H))
G = RNG.normal(size=(N, H))
KINDS = {
    "sparse": {"density_limit": 1.0, "backend": "bucketed"},
    "segments": {"density_limit": 1.0, "backend": "segment_sum"},  # as on a GPU
    "dense": {"density_limit": 0.0},
    **({"native": {"density_limit": 1.0, "backend": "native"}} if "native" in BACKENDS else {}),
}


def built_of(matrix, kind, **more):
    with mock.patch.object(module, "launches", return_value=kind == "segments"):
        return as_features(matrix, **({"dtype": jnp.float64} | KINDS[kind] | more))


@cache
def features(kind: str, dtype=jnp.float64):
    with jax.ensure_compile_time_eval():  # cached: no tracers, also where first built under jit
        return built_of(X, kind, dtype=dtype)


project = jax.jit(lambda f, w, rate, key: f.project(w, rate, key))
plain = jax.jit(lambda f, w: f.project(w))
gradient = jax.jit(jax.grad(lambda w, f, rate, key: jnp.sum(G * f.project(w, rate, key))))


@pytest.mark.parametrize("given", [np.asarray, scipy.sparse.csr_array, scipy.sparse.coo_matrix])
@pytest.mark.parametrize("kind", KINDS)
def test_product_equals_dense(kind, given):
    built = built_of(given(X), kind)
    assert isinstance(built, DenseFeatures if kind == "dense" else SparseFeatures)
    assert built.shape == (N, F)
    np.testing.assert_allclose(plain(built, W), X @ W, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_in_the_weight(kind):
    got = jax.jit(jax.grad(lambda w: jnp.sum(G * features(kind).project(w))))(W)
    np.testing.assert_allclose(got, X.T @ G, atol=1e-13)


@pytest.mark.parametrize("density", [0.02, 0.3])
def test_density_chooses_the_kind(density):
    matrix = np.where(np.random.default_rng(1).random((40, 40)) < density, 1.0, 0.0)
    expected = SparseFeatures if density < 0.1 else DenseFeatures
    assert isinstance(as_features(matrix), expected)


def test_duplicate_entries_of_a_sparse_matrix_add_up():
    coo = scipy.sparse.coo_array(([1.0, 2.0, 4.0], ([0, 0, 1], [1, 1, 0])), shape=(20, 20))
    for kind in KINDS:
        got = built_of(coo, kind).project(jnp.eye(20))
        np.testing.assert_allclose(got, coo.toarray())


@pytest.mark.parametrize("kind", KINDS)
def test_no_key_means_no_dropout(kind):
    without = jax.jit(lambda f, w: f.project(w, 0.9))(features(kind), W)
    np.testing.assert_allclose(without, X @ W, atol=1e-13)
    np.testing.assert_allclose(project(features(kind), W, 0.0, jax.random.key(0)), X @ W)


@pytest.mark.parametrize("rate", [0.2, 0.6])
@pytest.mark.parametrize("kind", KINDS)
def test_dropout_removes_entries_and_scales_the_rest(kind, rate):
    masked = np.asarray(project(features(kind), np.eye(F), rate, jax.random.key(1)))
    kept = masked != 0
    np.testing.assert_allclose(masked[kept], X[kept] / (1 - rate), rtol=1e-12)
    share, count = kept.sum() / np.count_nonzero(X), np.count_nonzero(X)
    assert abs(share - (1 - rate)) <= 5 * (rate * (1 - rate) / count) ** 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_backward_pass_uses_the_mask_of_the_forward_pass(kind):
    for seed in range(3):
        key = jax.random.key(seed)
        masked = np.asarray(project(features(kind), np.eye(F), 0.5, key))
        np.testing.assert_allclose(project(features(kind), W, 0.5, key), masked @ W, atol=1e-12)
        np.testing.assert_allclose(gradient(W, features(kind), 0.5, key), masked.T @ G, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_is_unbiased(kind):
    """The mean of 4000 masks within 5 standard deviations, entry by entry."""
    rate, count = 0.4, 4000
    keys = jax.random.split(jax.random.key(2), count)
    draws = jax.jit(jax.vmap(lambda k: features(kind).project(jnp.asarray(W), rate, k)))(keys)
    sigma = np.sqrt(rate / (1 - rate) * (X**2 @ W**2) / count)
    assert (np.abs(draws.mean(0) - X @ W) <= 5 * sigma + 1e-12).all()
    spread = draws.var(0) * (1 - rate) / rate
    np.testing.assert_allclose(spread, X**2 @ W**2, rtol=0.25)


MEMBERS = 3
WEIGHTS = RNG.normal(size=(MEMBERS, F, H))
KEYS = jax.random.split(jax.random.key(3), MEMBERS)
RATES = jnp.array([0.0, 0.3, 0.7])
AXES = {
    "weights": (0, None, None),
    "keys": (None, None, 0),
    "weights and keys": (0, None, 0),
    "all": (0, 0, 0),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", AXES)
@pytest.mark.parametrize("kind", KINDS)
def test_vmap_equals_a_loop(kind, name):
    axes = AXES[name]
    given = [WEIGHTS, RATES, KEYS]
    given = [a if axis == 0 else a[1] for a, axis in zip(given, axes, strict=True)]
    X_ = features(kind)

    def both(weight, rate, key):
        return project(X_, weight, rate, key), gradient(weight, X_, rate, key)

    values, slopes = jax.jit(jax.vmap(both, axes))(*given)
    for b in range(MEMBERS):
        weight, rate, key = (a[b] if axis == 0 else a for a, axis in zip(given, axes, strict=True))
        masked = np.asarray(project(X_, np.eye(F), rate, key))
        np.testing.assert_allclose(values[b], masked @ weight, atol=1e-12)
        np.testing.assert_allclose(slopes[b], masked.T @ G, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_float32(kind):
    got = plain(features(kind, jnp.float32), jnp.asarray(W, jnp.float32))
    assert got.dtype == jnp.float32
    np.testing.assert_allclose(got, X @ W, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_matrix_without_entries(kind):
    built = built_of(np.zeros((N, F)), kind)
    if kind == "dense":
        built = DenseFeatures(jnp.zeros((N, F)), (N, F))
    value, slope = jax.value_and_grad(lambda w: jnp.sum(G * built.project(w)))(W)
    assert value == 0
    assert slope.shape == (F, H)
    assert (slope == 0).all()


def test_derivative_in_sparse_features_is_refused():
    sparse = features("sparse")

    def loss(values):
        moved = SparseFeatures(values, sparse.rows, sparse.columns, sparse.shape)
        return jnp.sum(G * moved.project(W))

    with pytest.raises(ValueError, match=r"no derivative in the features; use DenseFeatures"):
        jax.grad(loss)(sparse.values)


def test_derivative_in_dense_features_is_the_named_alternative():
    w = jnp.asarray(W)
    got = jax.grad(lambda m: jnp.sum(G * DenseFeatures(m, (N, F)).project(w)))(jnp.asarray(X))
    np.testing.assert_allclose(got, G @ W.T, atol=1e-13)


def test_traces_once_while_weight_rate_and_key_change():
    traces, X_ = [], features("sparse")

    @jax.jit
    def run(f, weight, rate, key):
        traces.append(None)
        return f.project(weight, rate, key)

    for b in range(MEMBERS):
        run(X_, WEIGHTS[b], RATES[b], KEYS[b])
    assert len(traces) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_weight_with_a_wrong_number_of_rows_is_refused(kind):
    with pytest.raises((ValueError, TypeError), match=str(F)):
        features(kind).project(jnp.asarray(W[:20]))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(value):
    bad = X.copy()
    bad[4, 9] = bad[20, 3] = value
    for matrix in (bad, scipy.sparse.csr_array(bad)):
        with pytest.raises(ValueError, match=r"2 NaN or infinite .* at row 4, column 9; clean"):
            as_features(matrix)


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4)])
def test_features_that_are_no_matrix(shape):
    with pytest.raises(ValueError, match=r"features must have shape \[N, F\], got \("):
        as_features(np.zeros(shape))


def test_members_beyond_32_bits_go_one_after_the_other(monkeypatch):
    rng = np.random.default_rng(0)
    weights = jnp.asarray(rng.normal(size=(3, 6, 4)))
    features = as_features(rng.normal(size=(9, 6)), backend="csr", density_limit=1, dtype=float)
    together = jax.vmap(features.project)(weights)
    monkeypatch.setattr(csr, "MOST", 20)
    np.testing.assert_allclose(jax.vmap(features.project)(weights), together, rtol=1e-14)

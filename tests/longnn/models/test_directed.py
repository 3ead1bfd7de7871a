"""Models on directed graphs: filters of two signals, unwound into one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from longnn import models
from longnn.graphs import Digraph
from longnn.models.features import as_features
from longnn.models.propagated import Propagated
from longnn.operators import directions_operator, magnetic_operator
from polybases import legendre
from tests.longnn.models.cases import SERIES, build, predict, randomized, weighted
from tests.toy import C, N, edges

DIGRAPH = Digraph.from_edges(np.concatenate([edges(), edges()[:20, ::-1]]), N)
OPERATORS = {
    "magnetic": magnetic_operator(DIGRAPH, 0.2, dtype=jnp.float64),
    "directions": directions_operator(DIGRAPH, dtype=jnp.float64),
}
CASES = [*SERIES, "optbasisgnn", "longnn inside", "longnn before", "longnn stacked"]
each_operator = pytest.mark.parametrize("kind", OPERATORS)


def on(kind):
    return weighted()._replace(operator=OPERATORS[kind])


def dense(kind) -> np.ndarray:
    """The matrix [2N, 2N] on pairs, of its definition: complex, or a bipartite graph's."""
    A = np.zeros((N, N))
    A[DIGRAPH.edges[:, 0], DIGRAPH.edges[:, 1]] = 1
    root = lambda degree: np.where(degree > 0, np.maximum(degree, 1e-9) ** -0.5, 0)  # noqa: E731
    if kind == "directions":
        M = root(A.sum(1))[:, None] * A * root(A.sum(0))
        return np.block([[np.zeros((N, N)), M], [M.T, np.zeros((N, N))]])
    scale = root((A + A.T).sum(1))
    H = scale[:, None] * (A + A.T) * scale * np.exp(2j * np.pi * 0.2 * (A - A.T))
    return np.block([[H.real, -H.imag], [H.imag, H.real]])


@each_operator
@pytest.mark.parametrize("name", ["longnn", "gprgnn"])
def test_equals_the_dense_model(name, kind):
    """Z = [Y1 | Y2] W + c with Y from the eigendecomposition of the matrix on pairs."""
    model = randomized(name, directed=True)
    (spectral,) = model.filters
    h = np.asarray(model.embedding.embed(weighted().features))
    pair = np.concatenate([h, np.zeros_like(h) if kind == "magnetic" else h])
    values, vectors = np.linalg.eigh(dense(kind))
    filtered = vectors @ (np.asarray(model.response(jnp.asarray(values))) * (vectors.T @ pair))
    unwound = np.concatenate([filtered[:N], filtered[N:]], axis=1)
    expected = unwound @ spectral.unwind.kernel[...] + spectral.unwind.bias[...]
    np.testing.assert_allclose(predict(model, on(kind)), expected, atol=1e-11)


@pytest.mark.parametrize(
    ("name", "kind"),
    [*((name, "magnetic") for name in CASES), ("longnn stacked", "directions")],
)
def test_every_spectral_model_is_permuted_with_its_nodes(name, kind):
    order = np.random.default_rng(0).permutation(N)
    place = np.argsort(order)
    graph = Digraph.from_edges(place[DIGRAPH.edges], N)
    make = {"magnetic": lambda g: magnetic_operator(g, 0.2, dtype=jnp.float64),
            "directions": lambda g: directions_operator(g, dtype=jnp.float64)}[kind]  # fmt: skip
    x = np.asarray(weighted().features.matrix)
    permuted = on(kind)._replace(
        operator=make(graph), features=as_features(x[order], dtype=jnp.float64)
    )
    model = randomized(name, directed=True)
    out = predict(model, on(kind))
    assert out.shape == (N, C)
    np.testing.assert_allclose(predict(model, permuted), out[order], atol=1e-10)


@each_operator
@pytest.mark.parametrize("name", ["longnn", "longnn stacked"])
def test_gradients_reach_every_parameter_and_turning_the_edges_matters(name, kind):
    model, data = build(name, directed=True), on(kind)
    graphdef, params, rest = nnx.split(model, nnx.Param, ...)
    loss = lambda p: jnp.sum(  # noqa: E731
        nnx.merge(graphdef, p, rest)(data.operator, data.features) ** 2
    )
    for path, leaf in jax.tree.leaves_with_path(jax.jit(jax.grad(loss))(params)):
        assert np.abs(leaf).max() > 1e-9, jax.tree_util.keystr(path)
    back = Digraph.from_edges(DIGRAPH.edges[:, ::-1], N)
    make = magnetic_operator if kind == "magnetic" else directions_operator
    turned = data._replace(operator=make(back, dtype=jnp.float64))
    assert np.abs(predict(model, turned) - predict(model, data)).max() > 1e-3


def test_what_a_directed_filter_says_of_itself():
    model = build("longnn stacked", directed=True)
    plain = build("longnn stacked")
    assert model.hops() == plain.hops() == 8
    np.testing.assert_array_equal(model.theta(), plain.theta())
    names = {"alpha", "beta", "alpha_2", "beta_2"}
    assert model.scalars().keys() == plain.scalars().keys() == names
    x = jnp.linspace(-1, 1, 5)
    np.testing.assert_array_equal(model.response(x), plain.response(x))
    shared = build("longnn stacked", directed=True, shared_basis=True)
    assert shared.scalars().keys() == {"alpha", "beta"}
    assert shared.filters[1].inner.basis is shared.filters[0].inner.basis


def test_wrong_operators_are_refused():
    with pytest.raises(ValueError, match=r"directed=True takes a magnetic_operator or .*Operator;"):
        predict(build("longnn", directed=True), weighted())
    with pytest.raises(ValueError, match=r"N = 80, got \(40, 3\)"):
        predict(build("longnn"), on("magnetic"))
    before = build("longnn before", directed=True)
    terms = Propagated(jnp.ones((5, N, 6)), legendre(4, dtype=jnp.float64))
    with pytest.raises(ValueError, match="terms that were propagated before are of a symmetric"):
        before(terms, terms)


def test_models_without_a_spectral_filter_say_so():
    assert models.Spectral.takes_directions
    assert models.LonGNN.takes_directions
    assert not any(hasattr(m, "takes_directions") for m in (models.MLP, models.GCN, models.ACMGNN))

"""Responses evaluated in several ways, and exported."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.fft
from flax import nnx

from longnn import models, plot
from longnn.analysis import chebyshev_filter, propagated_response, response
from longnn.graphs.graph import Graph
from longnn.operators import normalized_adjacency
from tests.longnn.models.cases import SERIES, build, randomized
from tests.oracles import dense_adjacency, dense_normalized
from tests.toy import C, N, edges

LAM = np.linspace(0, 2, 33)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("name", ["longnn", "bernnet", "tfgnn", "longnn stacked"])
def test_polynomial_and_propagation_agree(name, dtype):
    """On the eigenvalues, and through the graph: 1e-5 in float32."""
    model = randomized(name, dtype=dtype)
    graph = Graph.from_edges(edges(), N)
    eigenvalues, vectors = np.linalg.eigh(dense_normalized(dense_adjacency(edges(), N)))
    channels = 16 if name == "longnn stacked" else C
    operator = normalized_adjacency(graph, dtype=dtype)
    through = propagated_response(model, operator, vectors.astype(dtype), channels)
    (exact,) = response(model, np.clip(1 - eigenvalues, 0, 2))
    scale = 1e-5 if dtype == jnp.float32 else 1e-12
    np.testing.assert_allclose(
        through, np.broadcast_to(exact, through.shape), atol=scale * np.abs(exact).max()
    )


@pytest.mark.parametrize("name", SERIES)
def test_exported_filter_is_the_response(name):
    """In float32, as trained; its coefficients serve numpy, and scipy's transform finds them."""
    model = randomized(name, dtype=jnp.float32)
    exported = chebyshev_filter(model)
    (exact,) = response(model, LAM)
    size = np.abs(exact).max()
    np.testing.assert_allclose(exported(LAM), exact, atol=2e-5 * size)
    first = np.polynomial.Chebyshev(exported.coefficients[:, 0])
    np.testing.assert_allclose(first(1 - LAM), exported(LAM)[:, 0], atol=1e-12 * size)
    degree = len(exported.coefficients) - 1
    nodes = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    found = scipy.fft.dct(exported(1 - nodes), axis=0) / (degree + 1)
    found[0] /= 2
    np.testing.assert_allclose(found, exported.coefficients, atol=1e-10 * size)


def test_degree_is_found():
    exported = chebyshev_filter(randomized("longnn", dtype=jnp.float32, order=7))
    assert exported.coefficients.shape == (8, C)
    assert exported(0.5).shape == (C,)
    constant = chebyshev_filter(models.SGC(3, C, order=1, rngs=nnx.Rngs(0)))
    np.testing.assert_allclose(constant.coefficients, [[0], [1]], atol=1e-6)


class Kink(nnx.Module):
    """No polynomial."""

    def __init__(self):
        self.height = nnx.Param(jnp.ones(()))

    def response(self, x: jax.Array) -> jax.Array:
        return self.height[...] * jnp.abs(x)[..., None]


BAD = {
    "no polynomial": (lambda: chebyshev_filter(Kink()), "no polynomial of a degree below 96"),
    "no such run": (lambda: chebyshev_filter(Kink(), 3), "there are runs 0 to 0, got 3"),
    "outside": (lambda: response(Kink(), np.array([2.5])), r"values in \[0, 2\]"),
    "not a vector": (lambda: response(Kink(), np.ones((2, 2))), r"vector of values in \[0, 2\]"),
    "no filter": (lambda: response(build("gcn"), LAM), "GCN has no filter.*it names none"),
    "of the signal": (
        lambda: response(build("optbasisgnn"), LAM), "OptBasisGNN has no filter.*on the signal"
    ),
    "nothing to propagate": (
        lambda: propagated_response(build("mlp"), None, np.eye(2), C), "MLP has no filters"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_input(what):
    call, message = BAD[what]
    with pytest.raises(ValueError, match=message):
        call()


def test_learned_basis_of_channels_and_without_weight():
    (axes,) = plot.learned_basis(randomized("favardgnn", dtype=jnp.float32)).axes
    (first, *_) = axes.lines
    np.testing.assert_allclose(first.get_ydata(), 1, rtol=1e-6)  # p_0 = 1
    assert axes.get_title() == "basis of FavardGNN"
    top, _ = plot.learned_basis(build("jacobiconv")).axes
    assert top.get_title() == "basis of JacobiConv, alpha = 0.30, beta = -0.40"
    assert len(plot.learned_basis(build("jacobiconv as published")).axes) == 1  # under no weight
    with pytest.raises(ValueError, match="MLP has no filter in a basis"):
        plot.learned_basis(build("mlp"))

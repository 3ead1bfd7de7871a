"""Responses of trained filters, evaluated in several ways and against scipy.special."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from longnn.graphs.graph import Graph
from longnn.models import MLP, LonGNN
from longnn.operators import normalized_adjacency
from longnn.training import Fit, accuracy, module_response, propagated_response
from longnn.training.loop import Program
from tests.longnn.models.cases import build, randomized
from tests.oracles import dense_adjacency, dense_normalized, orthonormal_jacobi
from tests.toy import C, N, edges

pytestmark = pytest.mark.slow

LAM = np.linspace(0, 2, 33)
EXPONENTS = [(0.3, -0.4), (1.0, 0.0), (-0.5, -0.5)]
K = 4


def fit_of(model, settings, dtype=jnp.float64) -> Fit:
    """A batch of one run for each of the settings, as ``fit`` would return it."""
    modules = [model(3, C, dtype=dtype, rngs=nnx.Rngs(i), **s) for i, s in enumerate(settings)]
    graphdefs, *states = zip(*(nnx.split(m, nnx.Param, ...) for m in modules), strict=True)
    params, rest = (jax.tree.map(lambda *leaves: jnp.stack(leaves), *s) for s in states)
    program = Program(graphdefs[0], (), accuracy, False)
    runs = [{"split": 0, "seed": i} for i in range(len(settings))]
    return Fit(program, runs, params, rest, {}, np.zeros((len(settings), 5, C)))


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_response_of_every_run_equals_scipy(dtype):
    settings = [{"order": K, "alpha": a, "beta": b, "gamma0": 0.8} for a, b in EXPONENTS]
    fit = fit_of(LonGNN, settings, dtype)
    w = np.random.default_rng(0).normal(size=(len(settings), K + 1, C))
    fit.params["filters"][0]["coefficients"]["w"][...] = jnp.asarray(w, dtype)
    lam = np.linspace(0, 2, 9)
    got = fit.response(lam)
    assert got.shape == (3, 9, C)
    assert got.dtype == dtype
    factors = np.cumprod([1.0] + [0.8 * np.tanh(1.0)] * K)
    for run, (alpha, beta) in enumerate(EXPONENTS):
        basis = orthonormal_jacobi(K, alpha, beta, 1 - lam)
        exact = np.einsum("kg,kc->gc", basis, w[run] * factors[:, None])
        tolerance = 1e-4 if dtype == jnp.float32 else 1e-11
        np.testing.assert_allclose(got[run], exact, rtol=tolerance, atol=tolerance)
        one = module_response(fit.model(run), lam)
        np.testing.assert_allclose(one, got[run], rtol=tolerance, atol=tolerance)


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
    exact = module_response(model, np.clip(1 - eigenvalues, 0, 2))
    scale = 1e-5 if dtype == jnp.float32 else 1e-12
    np.testing.assert_allclose(
        through, np.broadcast_to(exact, through.shape), atol=scale * np.abs(exact).max()
    )


def test_every_run_is_propagated():
    fit = fit_of(LonGNN, [{"order": K, "alpha": a, "beta": b} for a, b in EXPONENTS])
    eigenvalues, vectors = np.linalg.eigh(dense_normalized(dense_adjacency(edges(), N)))
    operator = normalized_adjacency(Graph.from_edges(edges(), N), dtype=jnp.float64)
    through = fit.propagated_response(operator, vectors)
    exact = fit.response(np.clip(1 - eigenvalues, 0, 2))
    assert through.shape == (3, N, C)
    np.testing.assert_allclose(through, exact, atol=1e-12 * np.abs(exact).max())


class Kink(nnx.Module):
    """No polynomial."""

    def __init__(self):
        self.height = nnx.Param(jnp.ones(()))

    def response(self, x: jax.Array) -> jax.Array:
        return self.height[...] * jnp.abs(x)[..., None]


BAD = {
    "outside": (lambda: module_response(Kink(), np.array([2.5])), r"values in \[0, 2\]"),
    "not a vector": (
        lambda: module_response(Kink(), np.ones((2, 2))), r"vector of values in \[0, 2\]"
    ),
    "no filter": (lambda: module_response(build("gcn"), LAM), "GCN has no filter.*it names none"),
    "none in a batch": (lambda: fit_of(MLP, [{}, {}]).response(LAM), "MLP has no filter"),
    "of the signal": (
        lambda: module_response(build("optbasisgnn"), LAM),
        "OptBasisGNN has no filter.*on the signal",
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

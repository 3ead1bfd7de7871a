"""Responses against scipy.special."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from longnn.analysis import response
from longnn.models import MLP, LonGNN
from longnn.training import Fit, accuracy
from longnn.training.loop import Program
from tests.oracles import orthonormal_jacobi

EXPONENTS = [(0.3, -0.4), (1.0, 0.0), (-0.5, -0.5)]
K, C = 4, 2


def fit_of(model, settings, dtype=jnp.float64) -> Fit:
    """A batch of one run for each of the settings, as ``fit`` would return it."""
    modules = [model(3, C, dtype=dtype, rngs=nnx.Rngs(i), **s) for i, s in enumerate(settings)]
    graphdefs, *states = zip(*(nnx.split(m, nnx.Param, ...) for m in modules), strict=True)
    params, rest = (jax.tree.map(lambda *leaves: jnp.stack(leaves), *s) for s in states)
    program = Program(graphdefs[0], (), accuracy, False)
    return Fit(program, [], params, rest, {}, np.zeros(0))


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_response_of_every_run_equals_scipy(dtype):
    settings = [{"order": K, "alpha": a, "beta": b, "gamma0": 0.8} for a, b in EXPONENTS]
    fit = fit_of(LonGNN, settings, dtype)
    w = np.random.default_rng(0).normal(size=(len(settings), K + 1, C))
    fit.params["filters"][0]["coefficients"]["w"][...] = jnp.asarray(w, dtype)
    lam = np.linspace(0, 2, 9)
    got = response(fit, lam)
    assert got.shape == (3, 9, C)
    assert got.dtype == dtype
    factors = np.cumprod([1.0] + [0.8 * np.tanh(1.0)] * K)
    for run, (alpha, beta) in enumerate(EXPONENTS):
        basis = orthonormal_jacobi(K, alpha, beta, 1 - lam)
        exact = np.einsum("kg,kc->gc", basis, w[run] * factors[:, None])
        tolerance = 1e-4 if dtype == jnp.float32 else 1e-11
        np.testing.assert_allclose(got[run], exact, rtol=tolerance, atol=tolerance)


def test_model_without_filter():
    with pytest.raises(ValueError, match="MLP has no filter"):
        response(fit_of(MLP, [{}, {}]), np.linspace(0, 2, 5))

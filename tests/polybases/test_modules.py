"""Learnable bases as Flax NNX modules: at the start, under a gradient, and in training."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from polybases import chebyshev, evaluate, gegenbauer
from polybases.modules import Discrete, Favard, Gegenbauer, Jacobi, Krylov
from tests.oracles import orthonormal_jacobi

ORDER = 5
POINTS = np.linspace(-0.95, 0.95, 8)

MODULES = {
    "jacobi": lambda dtype: Jacobi(ORDER, 0.3, -0.4, dtype=dtype),
    "gegenbauer": lambda dtype: Gegenbauer(ORDER, 0.7, dtype=dtype),
    "favard": lambda dtype: Favard(ORDER, dtype=dtype),
    "krylov": lambda dtype: Krylov(ORDER, 0.3, dtype=dtype),
    "discrete": lambda dtype: Discrete(ORDER, 9, dtype=dtype),
}


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_parameters_and_values_have_the_dtype(name, dtype):
    module = MODULES[name](dtype)
    leaves = jax.tree.leaves(nnx.state(module, nnx.Param))
    assert leaves
    assert {leaf.dtype for leaf in leaves} == {jnp.dtype(dtype)}
    assert evaluate(module(), POINTS.astype(dtype)).dtype == dtype


@pytest.mark.parametrize("name", MODULES)
def test_every_parameter_is_in_the_group_basis(name):
    state = nnx.state(MODULES[name](jnp.float32), nnx.Param)
    variables = jax.tree.leaves(state, is_leaf=lambda v: isinstance(v, nnx.Variable))
    assert {v.get_metadata()["group"] for v in variables} == {"basis"}


def test_starts_where_it_says():
    values = evaluate(Gegenbauer(ORDER, 0.7, dtype=jnp.float64)(), POINTS)
    np.testing.assert_allclose(values, evaluate(gegenbauer(ORDER, 0.7), POINTS), atol=1e-10)
    np.testing.assert_allclose(values, orthonormal_jacobi(ORDER, 0.2, 0.2, POINTS), atol=1e-10)
    second_kind = np.asarray(evaluate(chebyshev(ORDER, "U", "standard"), POINTS))
    values = evaluate(Favard(ORDER, dtype=jnp.float64)(), POINTS)
    np.testing.assert_allclose(values, second_kind, atol=1e-12)


def test_krylov_starts_at_its_powers():
    values = evaluate(Krylov(ORDER, 0.3, dtype=jnp.float64)(), POINTS)
    exact = (0.3 * POINTS + 0.7) ** np.arange(ORDER + 1)[:, None]
    np.testing.assert_allclose(values, exact, atol=1e-12)


def test_discrete_is_orthonormal_under_its_points():
    module = Discrete(ORDER, 9, dtype=jnp.float64)
    nodes = np.cos((np.arange(9) + 0.5) * np.pi / 9)
    values = np.asarray(evaluate(module(), nodes))
    np.testing.assert_allclose(values @ values.T / 9, np.eye(ORDER + 1), atol=1e-12)


@pytest.mark.parametrize("name", MODULES)
def test_trains_by_plain_jax(name):
    """The basis alone is fitted so that p_3 has a wanted shape: each parameter moves."""
    graphdef, params = nnx.split(MODULES[name](jnp.float64))
    wanted = np.asarray(orthonormal_jacobi(ORDER, 1.0, 0.2, POINTS))[3]
    optimizer = optax.adam(0.02)

    def loss(params):
        return jnp.mean((evaluate(nnx.merge(graphdef, params)(), POINTS)[3] - wanted) ** 2)

    @jax.jit
    def step(params, state):
        value, gradient = jax.value_and_grad(loss)(params)
        updates, state = optimizer.update(gradient, state)
        return optax.apply_updates(params, updates), state, value

    start, state = params, optimizer.init(params)
    values = []
    for _ in range(100):
        params, state, value = step(params, state)
        values.append(float(value))
    assert values[-1] < 0.96 * values[0]  # some families can only come a little closer
    moved = jax.tree.map(lambda a, b: float(jnp.abs(a - b).max()), start, params)
    assert all(change > 1e-3 for change in jax.tree.leaves(moved))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Gegenbauer(3, -0.5), "lambda must be finite and > -1/2"),
        (lambda: Gegenbauer(-1), "order must be an integer >= 0"),
        (lambda: Krylov(3, 1.0), r"tau must lie in \(0, 1\), got 1.0"),
        (lambda: Favard(-1), "order must be an integer >= 0"),
        (lambda: Discrete(5, 5), "needs more than 5 points: 5"),
    ],
)
def test_bad_arguments(build, message):
    with pytest.raises(ValueError, match=message):
        build()

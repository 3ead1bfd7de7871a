"""Learnable bases as Flax NNX modules: at the start, under a gradient, and in training."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from scipy import special

from polybases import evaluate
from polybases.modules import Discrete, Favard, Gegenbauer, Jacobi, Krylov
from tests.oracles import orthonormal_jacobi
from tests.polybases.families import quick_jit

ORDER = 5
POINTS = np.linspace(-0.95, 0.95, 8)
DEGREES = np.arange(ORDER + 1)[:, None]

# fmt: off
MODULES = {
    "jacobi": (lambda dtype: Jacobi(ORDER, 0.3, -0.4, dtype=dtype),
               orthonormal_jacobi(ORDER, 0.3, -0.4, POINTS)),
    "gegenbauer": (lambda dtype: Gegenbauer(ORDER, 0.7, dtype=dtype),
                   orthonormal_jacobi(ORDER, 0.2, 0.2, POINTS)),
    "krylov": (lambda dtype: Krylov(ORDER, 0.3, dtype=dtype), (0.3 * POINTS + 0.7) ** DEGREES),
    "favard": (lambda dtype: Favard(ORDER, dtype=dtype), special.eval_chebyu(DEGREES, POINTS)),
    # orthogonal in a sum over the zeros of T_9, too
    "discrete": (lambda dtype: Discrete(ORDER, 9, dtype=dtype),
                 np.sqrt(2 - (DEGREES == 0)) * special.eval_chebyt(DEGREES, POINTS)),
}
# fmt: on
"""Module of a dtype, and its values before training."""


@cache
def trained(name):
    """Fits p_3 alone to a wanted shape: parameters, values and gradient of each of 100 steps."""
    graphdef, params = nnx.split(MODULES[name][0](jnp.float64))
    wanted = orthonormal_jacobi(ORDER, 1.0, 0.2, POINTS)[3]
    optimizer = optax.adam(0.02)

    def loss(params):
        values = evaluate(nnx.merge(graphdef, params)(), POINTS)
        return jnp.mean((values[3] - wanted) ** 2), values

    @quick_jit
    def step(params, state):
        (value, values), gradient = jax.value_and_grad(loss, has_aux=True)(params)
        updates, state = optimizer.update(gradient, state)
        return (optax.apply_updates(params, updates), state), (params, value, values, gradient)

    carry, history = (params, optimizer.init(params)), []
    for _ in range(100):
        carry, record = step(*carry)
        history.append(record)
    return history


@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
def test_starts_where_it_says(name):
    _, _, values, gradient = trained(name)[0]
    np.testing.assert_allclose(values, MODULES[name][1], atol=1e-10)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


@pytest.mark.parametrize("name", MODULES)
def test_trains_by_plain_jax(name):
    """Each parameter moves, and the loss falls."""
    (start, first, *_), *_, (end, last, *_) = trained(name)
    assert last < 0.96 * first  # some families can only come a little closer
    moved = jax.tree.map(lambda a, b: np.abs(a - b).max(), start, end)
    assert all(change > 1e-3 for change in jax.tree.leaves(moved))


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize(("dtype", "rounding"), [(jnp.float32, 2e-7), (jnp.bfloat16, 2.0**-8)])
def test_parameters_have_the_dtype_and_values_that_of_x(name, dtype, rounding):
    """Rounding is like another x as far away, and slopes reach K^2 times the size."""
    build, exact = MODULES[name]

    @quick_jit
    def run():
        module = build(dtype)
        leaves = jax.tree.leaves((nnx.state(module, nnx.Param), module()))
        return leaves, evaluate(module(), POINTS.astype(jnp.float32))

    leaves, values = run()
    assert {leaf.dtype for leaf in leaves} == {jnp.dtype(dtype)}
    assert values.dtype == jnp.float32
    atol = ORDER**2 * rounding * np.abs(exact).max()
    np.testing.assert_allclose(values, exact, atol=atol)


@pytest.mark.parametrize("name", MODULES)
def test_every_parameter_is_in_the_group_basis(name):
    state = nnx.state(nnx.eval_shape(lambda: MODULES[name][0](jnp.float32)), nnx.Param)
    variables = jax.tree.leaves(state, is_leaf=lambda v: isinstance(v, nnx.Variable))
    assert {v.get_metadata()["group"] for v in variables} == {"basis"}


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

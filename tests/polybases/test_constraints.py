"""Parametrisation of exponents, and the NNX module built on it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from polybases import evaluate, exponent, jacobi, raw_exponent
from polybases.constraints import FLOOR, SHARPNESS
from polybases.modules import Jacobi
from tests.oracles import mp_slopes, orthonormal_jacobi

VALUES = [-0.99, -0.75, -0.5, -0.25, 0.0, 1.0, 2.0, 10.0, 300.0]


@pytest.mark.parametrize("value", VALUES)
def test_raw_exponent_is_the_inverse(value):
    assert float(exponent(raw_exponent(value))) == pytest.approx(value, abs=1e-12, rel=1e-14)
    single = exponent(raw_exponent(np.float32(value)))
    assert single.dtype == jnp.float32
    assert float(single) == pytest.approx(value, abs=2e-6, rel=1e-6)


@pytest.mark.parametrize("value", [-1 + 1e-12, -0.9995, -0.999])
def test_values_next_to_minus_one_come_back_near_the_floor(value):
    assert float(exponent(raw_exponent(value))) == pytest.approx(-1 + FLOOR, abs=2e-6)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_range_and_gradient_far_out(dtype):
    raw = jnp.asarray([-1e4, -100.0, -10.0, -1.0, 0.0, 1.0, 10.0, 100.0, 1e4], dtype)
    value, slope = exponent(raw), jax.vmap(jax.grad(exponent))(raw)
    assert value.dtype == dtype
    assert (value > -1).all()
    assert np.isfinite(value).all()
    assert (np.diff(value) >= 0).all()
    steep = (SHARPNESS * (np.asarray(raw, float) + 1 - FLOOR)).clip(-50)
    np.testing.assert_allclose(slope, 1 / (1 + np.exp(-steep)), atol=1e-6)


@pytest.mark.parametrize(
    ("value", "off", "slope"), [(0, 5e-6, 1), (-0.5, 7e-4, 0.99), (-0.75, 9e-3, 0.91)]
)
def test_learning_rates_mean_what_they_mean_for_the_exponent(value, off, slope):
    raw = raw_exponent(float(value))
    assert abs(float(raw) - value) < off
    assert float(jax.grad(exponent)(raw)) == pytest.approx(slope, abs=0.01)


@pytest.mark.parametrize("value", [-1.0, -1.2, np.nan, np.inf])
def test_value_outside_the_domain(value):
    with pytest.raises(ValueError, match=r"an exponent must be finite and > -1"):
        raw_exponent(value)


POINTS = np.array([-0.9, -0.3, 0.2, 0.8])


@pytest.mark.parametrize(("alpha", "beta"), [(0.3, -0.2), (-0.2, 0.3), (1.0, 0.0), (-0.5, -0.5)])
def test_module_is_the_basis_at_its_parameters(alpha, beta):
    module = Jacobi(5, alpha, beta, dtype=jnp.float64)
    assert float(module.alpha) == pytest.approx(alpha, abs=1e-12)
    assert float(module.beta) == pytest.approx(beta, abs=1e-12)
    exact = orthonormal_jacobi(5, alpha, beta, POINTS)
    np.testing.assert_allclose(evaluate(module(), POINTS), exact, atol=1e-11)


@pytest.mark.parametrize(("alpha", "beta"), [(0.3, -0.2), (-0.5, -0.5)])
def test_module_trains_alpha_and_beta(alpha, beta):
    module = Jacobi(5, alpha, beta, dtype=jnp.float64)
    gradient = nnx.grad(lambda m: evaluate(m(), POINTS).sum())(module)
    by_alpha, by_beta = (d.sum() for d in mp_slopes(5, alpha, beta, POINTS))
    # the chain rule of softplus: sigmoid(r) = 1 - exp(-softplus(r))
    for value, slope, name in [(alpha, by_alpha, "raw_alpha"), (beta, by_beta, "raw_beta")]:
        chain = 1 - np.exp(-SHARPNESS * (value + 1 - FLOOR))
        assert float(gradient[name][...]) == pytest.approx(slope * chain, rel=1e-9)


def test_module_parameters_form_the_group_basis():
    state = nnx.state(Jacobi(5, 0.3, -0.2), nnx.Param)
    assert set(state) == {"raw_alpha", "raw_beta"}
    for leaf in state.values():
        assert leaf.get_metadata()["group"] == "basis"
        assert leaf[...].dtype == jnp.float32


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [jnp.float64, jnp.float32, jnp.bfloat16])
def test_no_parameter_reaches_minus_one(dtype):
    """Also where -1 + FLOOR is not a number of the type: the basis stays finite."""
    value = exponent(jnp.asarray([-5.0, -100.0], dtype))
    assert value.dtype == dtype
    assert (value > -1).all()
    for leaf in jax.tree.leaves(jacobi(3, value, value)):
        assert np.isfinite(np.asarray(leaf, np.float64)).all()


@pytest.mark.parametrize("arguments", [{"alpha": -1.0}, {"beta": -1.2}])
def test_module_refuses_exponents_outside_the_domain(arguments):
    with pytest.raises(ValueError, match="must be finite and > -1"):
        Jacobi(5, **arguments)


def test_module_refuses_a_bad_order():
    with pytest.raises(ValueError, match="order must be an integer >= 0"):
        Jacobi(-1)()

"""Jacobi coefficients: orthonormality, values and derivatives against scipy and mpmath."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import beta as beta_function

from polybases import evaluate, jacobi, weight
from tests.oracles import (
    SPECIAL,
    gauss_jacobi,
    mp_slopes,
    mp_values,
    orthonormal_jacobi,
    random_pairs,
    scaled_error,
)

POINTS = np.array([-1.0, -0.93, -0.4, 0.05, 0.6, 0.99, 1.0])
PAIRS = SPECIAL + random_pairs(12)

basis_32 = jax.jit(lambda alpha, beta, x: evaluate(jacobi(32, alpha, beta), x))
basis_8 = jax.jit(lambda alpha, beta, x: evaluate(jacobi(8, alpha, beta), x))
evaluate_jit = jax.jit(evaluate)
coefficients_32 = jax.jit(lambda alpha, beta: jacobi(32, alpha, beta))
forward_8 = jax.jit(jax.jacfwd(basis_8, argnums=(0, 1)))
reverse_8 = jax.jit(jax.jacrev(basis_8, argnums=(0, 1)))


def gram_defect(values, weights) -> float:
    values = np.asarray(values, np.float64)
    return np.abs((values * weights) @ values.T - np.eye(len(values))).max()


@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
def test_gram_matrix_is_the_identity(alpha, beta):
    nodes, weights = gauss_jacobi(34, alpha, beta)
    assert gram_defect(basis_32(alpha, beta, nodes), weights) <= 1e-8


@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
def test_gram_matrix_of_float32_coefficients(alpha, beta):
    """Only the coefficients are float32: nodes near +-1 do not survive rounding, nor need to."""
    alpha, beta = np.float32(alpha), np.float32(beta)
    single = coefficients_32(alpha, beta)
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(single))
    nodes, weights = gauss_jacobi(34, float(alpha), float(beta))
    double = jax.tree.map(lambda leaf: leaf.astype(jnp.float64), single)
    assert gram_defect(evaluate_jit(double, nodes), weights) <= 2e-4


@pytest.mark.parametrize(("order", "bound"), [(10, 8e-6), (32, 6e-5), (128, 1.2e-3)])
def test_float32_values(order, bound):
    """Against the exact value at the float32-rounded x, alpha and beta."""
    pairs = np.array(SPECIAL + random_pairs(80, seed=1), np.float32)
    x = np.random.default_rng(2).uniform(-1, 1, 64).astype(np.float32)
    x = np.concatenate([x, np.float32([-1, 1])])[:, None]
    got = jax.jit(lambda a, b, x: evaluate(jacobi(order, a, b), x))(*pairs.T, x)
    assert got.dtype == jnp.float32
    exact = orthonormal_jacobi(order, *pairs.T, x)
    worst = [scaled_error(got[..., i], exact[..., i]) for i in range(len(pairs))]
    assert max(worst) <= bound, pairs[int(np.argmax(worst))]


@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
def test_values_against_scipy(alpha, beta):
    got = basis_8(alpha, beta, POINTS)
    assert scaled_error(got, orthonormal_jacobi(8, alpha, beta, POINTS)) <= 1e-11


@pytest.mark.parametrize(("alpha", "beta"), [*SPECIAL, (0.3, -0.2), (-0.2, 0.3), (7.5, 1.25)])
def test_values_against_mpmath(alpha, beta):
    got = basis_8(alpha, beta, POINTS)
    np.testing.assert_allclose(got, mp_values(8, alpha, beta, POINTS), rtol=1e-10, atol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "beta"), [*SPECIAL, (0.3, -0.2), (-0.2, 0.3)])
def test_derivatives_in_both_modes(alpha, beta):
    exact = mp_slopes(8, alpha, beta, POINTS)
    forward, reverse = forward_8(alpha, beta, POINTS), reverse_8(alpha, beta, POINTS)
    for i, name in enumerate(("alpha", "beta")):
        assert scaled_error(forward[i], exact[i]) <= 1e-9, name
        assert scaled_error(reverse[i], exact[i]) <= 1e-9, name
        assert scaled_error(forward[i], reverse[i]) <= 1e-12, name


@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
def test_float32_derivatives_are_finite(alpha, beta):
    args = (jnp.float32(alpha), jnp.float32(beta), POINTS.astype(np.float32))
    for slope, exact in zip(reverse_8(*args), mp_slopes(2, alpha, beta, POINTS), strict=True):
        assert slope.dtype == jnp.float32
        assert np.isfinite(slope).all()
        assert scaled_error(slope[:3], exact) <= 1e-3


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize(("alpha", "beta"), [(-0.75, -0.25), (1.0, 0.0), (0.0, 1.0)])
def test_small_orders(order, alpha, beta):
    recurrence = jacobi(order, alpha, beta)
    assert recurrence.order == order
    assert all(leaf.shape == (order,) for leaf in recurrence[1:4])
    got = evaluate(recurrence, jnp.asarray(POINTS))
    np.testing.assert_allclose(got, orthonormal_jacobi(order, alpha, beta, POINTS), atol=1e-12)


def test_leading_coefficient_is_positive():
    for alpha, beta in PAIRS:
        assert (coefficients_32(alpha, beta).upper > 0).all()


def test_alpha_and_beta_broadcast():
    alpha, beta = np.array([[0.3], [-0.5]]), np.array([1.0, -0.5, 2.0])
    recurrence = jacobi(8, alpha, beta)
    assert recurrence.diagonal.shape == (8, 2, 3)
    got = evaluate(recurrence, jnp.asarray(POINTS)[:, None, None])
    exact = orthonormal_jacobi(8, alpha, beta, POINTS[:, None, None])
    np.testing.assert_allclose(got, exact, rtol=1e-10, atol=1e-10)


def test_vmap_over_parameters():
    pairs = np.array(SPECIAL)
    got = jax.vmap(basis_8, (0, 0, None), out_axes=-1)(*pairs.T, POINTS)
    exact = orthonormal_jacobi(8, *pairs.T, POINTS[:, None])
    np.testing.assert_allclose(got, exact, rtol=1e-10, atol=1e-10)


def test_jit_equals_no_jit_and_traces_once():
    traces = []

    @jax.jit
    def basis(alpha, beta):
        traces.append(None)
        return evaluate(jacobi(8, alpha, beta), jnp.asarray(POINTS))

    for alpha, beta in SPECIAL[:4]:
        plain = evaluate(jacobi(8, alpha, beta), jnp.asarray(POINTS))
        np.testing.assert_allclose(basis(alpha, beta), plain, rtol=1e-13, atol=1e-13)
    assert len(traces) == 1


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_dtype_follows_the_parameters(dtype):
    recurrence = jacobi(4, jnp.asarray(0.3, dtype), jnp.asarray(-0.2, dtype))
    assert {leaf.dtype for leaf in jax.tree.leaves(recurrence)} == {jnp.dtype(dtype)}


@pytest.mark.parametrize(("alpha", "beta"), [(0.3, -0.2), (1.0, 0.0), (0.0, 1.0), (2.0, 3.5)])
def test_weight(alpha, beta):
    """Formula at one asymmetric point, and total mass against scipy's Beta function."""
    assert float(weight(0.5, alpha, beta)) == pytest.approx(0.5**alpha * 1.5**beta, rel=1e-14)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    mass = np.sum(weights * np.asarray(weight(nodes, alpha, beta)))
    exact = 2 ** (alpha + beta + 1) * beta_function(alpha + 1, beta + 1)
    assert mass == pytest.approx(exact, rel=2e-3)


@pytest.mark.parametrize("order", [-1, 1.5, True, None, "3"])
def test_bad_order(order):
    with pytest.raises(ValueError, match=r"order must be an integer >= 0 .*got " + repr(order)):
        jacobi(order, 0.0, 0.0)


@pytest.mark.parametrize("value", [-1, -1.2, np.nan, np.inf, np.array([0.5, -1.0])])
@pytest.mark.parametrize("name", ["alpha", "beta"])
def test_exponent_outside_the_domain(name, value):
    with pytest.raises(ValueError, match=rf"{name} must be finite and > -1 .*constraints"):
        jacobi(3, **{"alpha": 0.5, "beta": 0.5, name: value})


@pytest.mark.parametrize("value", [1j, None, "a", True])
@pytest.mark.parametrize("name", ["alpha", "beta"])
def test_exponent_that_is_no_real_number(name, value):
    with pytest.raises(ValueError, match=rf"{name} must be a real number or array, got"):
        jacobi(3, **{"alpha": 0.5, "beta": 0.5, name: value})


def test_integer_exponents_are_real_numbers():
    exact = orthonormal_jacobi(3, 1, 0, POINTS)
    np.testing.assert_allclose(evaluate(jacobi(3, 1, 0), POINTS), exact, atol=1e-12)

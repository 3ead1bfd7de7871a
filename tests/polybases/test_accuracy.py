"""float32 values and derivatives of Jacobi polynomials, held to bounds on the whole domain.

Errors are relative to the largest value of a degree over the points inside (-1, 1); at both ends,
where values are largest and every graph has an eigenvalue, they are relative to the value itself.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from polybases import evaluate, jacobi
from tests.oracles import SPECIAL, orthonormal_jacobi, random_pairs
from tests.polybases import golden

GOLDEN = golden.load()
BOUNDS = {10: 3e-6, 32: 8e-6, 64: 3e-5}
AT_THE_ENDS = 1e-5
OF_DERIVATIVES = 1e-4
ENDS = np.float32([-1, 1])


def values(order, pairs, x):
    """[K+1, M, P] of one jitted program or, by the name without the wrapper, of eager calls."""
    return evaluate(jacobi(order, *pairs.T), x[:, None])


def slopes(order, pairs, x):
    """[2, K+1, M, P] in alpha and in beta, in forward mode."""
    one, zero = jnp.ones_like(pairs), jnp.zeros_like(pairs)
    tangents = (one.at[:, 1].set(0), zero.at[:, 1].set(1))
    return jnp.stack([jax.jvp(lambda p: values(order, p, x), (pairs,), (t,))[1] for t in tangents])


MODES = {
    "jit": (jax.jit(values, static_argnums=0), jax.jit(slopes, static_argnums=0)),
    "eager": (values, slopes),
}


def inside(got, exact) -> np.ndarray:
    """[..., terms, P] errors relative to the largest value over the points, axis -2."""
    difference = np.abs(np.asarray(got, np.float64) - exact).max(-2)
    return difference / np.abs(exact).max(-2)


def at_the_ends(got, exact) -> float:
    return float(np.abs(np.asarray(got, np.float64) / exact - 1).max())


def single(pairs, x) -> tuple[jax.Array, jax.Array]:
    return jnp.asarray(pairs, jnp.float32), jnp.asarray(x, jnp.float32)


@pytest.mark.parametrize("mode", MODES)
def test_golden_values(mode):
    degrees = np.array(golden.DEGREES)
    got = MODES[mode][0](64, *single(GOLDEN.pairs, GOLDEN.x))
    assert got.dtype == jnp.float32
    got, exact = got[degrees], GOLDEN.values.transpose(1, 2, 0)
    error = inside(got[:, :-2], exact[:, :-2])
    for order, bound in BOUNDS.items():
        assert error[degrees <= order].max() <= bound, order
    assert at_the_ends(got[:, -2:], exact[:, -2:]) <= AT_THE_ENDS


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_golden_derivatives(mode):
    got = MODES[mode][1](32, *single(GOLDEN.pairs, GOLDEN.x))
    got = got[:, np.array(golden.SLOPE_DEGREES)]
    exact = GOLDEN.slopes.transpose(1, 2, 3, 0)
    assert inside(got[:, :, :-2], exact[:, :, :-2]).max() <= OF_DERIVATIVES


def near_minus_one(count: int, seed: int) -> np.ndarray:
    """[3 count, 2] pairs with alpha, with beta and with both in (-0.99, -0.8)."""
    rng = np.random.default_rng(seed)
    low, free = rng.uniform(-0.99, -0.8, (count, 4)), rng.uniform(-0.99, 10, (count, 2))
    return np.concatenate(
        [
            np.stack([low[:, 0], free[:, 0]], 1),
            np.stack([free[:, 1], low[:, 1]], 1),
            low[:, 2:],
        ]
    )


PAIRS = {
    "special": np.array(SPECIAL),
    "near -1": near_minus_one(20, seed=11),
    "random": np.array(random_pairs(500, seed=12)),
}
_RNG = np.random.default_rng(13)
# with some close to the ends: without a point on the last lobe all values of a degree may be small
POINTS = np.concatenate(
    [_RNG.uniform(-1, 1, 48), np.cos(_RNG.uniform(0, 0.4, 8)), -np.cos(_RNG.uniform(0, 0.4, 8))]
).astype(np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PAIRS)
def test_values_of_many_pairs(name, mode):
    pairs, x = single(PAIRS[name], POINTS)
    got = MODES[mode][0](64, pairs, x)
    exact = orthonormal_jacobi(64, *pairs.T, x[:, None])
    error = inside(got, exact)
    for order, bound in BOUNDS.items():
        assert error[: order + 1].max() <= bound, order
    exact = orthonormal_jacobi(64, *pairs.T, ENDS[:, None])
    assert at_the_ends(MODES[mode][0](64, pairs, jnp.asarray(ENDS)), exact) <= AT_THE_ENDS


def exact_slopes(pairs, x) -> np.ndarray:
    """[2, 33, M, P] by differences of scipy's values, of fourth order, to nine digits."""
    pairs, slopes = np.asarray(pairs, np.float64), []
    for i in range(2):
        step = 1e-4 * (1 + pairs[:, i])
        shift = step[:, None] * np.eye(2)[i]
        at = lambda c, shift=shift: orthonormal_jacobi(32, *(pairs + c * shift).T, x[:, None])  # noqa: E731
        slopes.append((8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step))
    return np.stack(slopes)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PAIRS)
def test_derivatives_of_many_pairs(name, mode):
    pairs, x = single(PAIRS[name], POINTS)
    got = MODES[mode][1](32, pairs, x)
    exact = exact_slopes(pairs, x)
    assert inside(got[:, 1:], exact[:, 1:]).max() <= OF_DERIVATIVES
    # that of the constant passes 0 inside the domain, so it is held to the constant itself
    constant = np.asarray(values(0, pairs, x)) + np.abs(exact[:, 0])
    assert (np.abs(got[:, 0] - exact[:, 0]) <= 2e-6 * constant).all()
    assert np.isfinite(MODES[mode][1](32, pairs, jnp.asarray(ENDS))).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", PAIRS)
def test_second_derivatives(name):
    """Finite at degree 32, the ends included; at degree 8 the differences of scipy's values."""

    def hessian(order, pair, x):
        return jax.jacfwd(jax.jacrev(lambda v: evaluate(jacobi(order, *v), x)))(pair)

    pairs, x = single(PAIRS[name][:20], np.concatenate([POINTS[::8], ENDS]))
    of_pairs = jax.jit(jax.vmap(hessian, (None, 0, None)), static_argnums=0)
    assert np.isfinite(of_pairs(32, pairs, x)).all()
    got = np.asarray(of_pairs(8, pairs, x))[:, :, :-2]
    pairs = np.asarray(pairs, np.float64)
    for i in range(2):
        step = 1e-3 * (1 + pairs[:, i])
        shift = step[:, None] * np.eye(2)[i]
        down, at, up = (
            orthonormal_jacobi(8, *(pairs + c * shift).T, x[:-2, None]) for c in (-1, 0, 1)
        )
        exact = (up - 2 * at + down) / step**2
        # one that is far below the values themselves is what two large terms leave
        largest = np.maximum(np.abs(exact).max(1), np.abs(at).max(1))
        error = np.abs(got[..., i, i].transpose(1, 2, 0) - exact).max(1) / largest
        assert error.max() <= 1e-3


@pytest.mark.parametrize("dtype", [jnp.float16, jnp.bfloat16])
@pytest.mark.parametrize(("alpha", "beta"), [(0.5, -0.25), (-0.5, -0.5), (2.0, 0.0), (-0.96875, 1)])
def test_half_precision_loses_a_few_units_at_order_32(dtype, alpha, beta):
    x = jnp.asarray(np.linspace(-1, 1, 41), dtype)
    got = evaluate(jacobi(32, jnp.asarray(alpha, dtype), jnp.asarray(beta, dtype)), x)
    assert got.dtype == dtype
    exact = orthonormal_jacobi(32, alpha, beta, np.asarray(x, np.float64))
    error = np.abs(np.asarray(got, np.float64) - exact).max(1) / np.abs(exact).max(1)
    assert error.max() <= 16 * float(jnp.finfo(dtype).eps)

"""What a dtype does not hold is an error where it is known, and never NaN where it is traced."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from polybases import (
    chebyshev,
    evaluate,
    from_nodes,
    gauss,
    gegenbauer,
    jacobi,
    legendre,
    mass,
    monomial,
    norm,
    on_interval,
    project,
)
from tests.oracles import orthonormal_jacobi

F16, F32 = jnp.float16, jnp.float32
X = jnp.array([-1, -0.999, -0.5, 0, 0.5, 0.999, 1], F32)

# name: (call, what the message says)
REFUSED = {
    "p_0 of a large alpha": (lambda: jacobi(10, F32(1e3), F32(0)), "degree 0 are below .* float32"),
    "p_0 of a large beta": (lambda: jacobi(10, F32(0), F32(1e3)), "degree 0 are below .* float32"),
    "a large lambda": (lambda: gegenbauer(64, F32(1e3)), "above .* float32"),
    "one pair of two": (lambda: jacobi(4, jnp.array([0, 1e3], F32), F32(0)), "degree 0 are below"),
    "p_81(1)": (lambda: jacobi(128, F32(100), F32(0)), "degree 81 are above .* float32"),
    "p_81(-1)": (lambda: jacobi(128, F32(0), F32(100)), "degree 81 are above .* float32"),
    "in half precision": (lambda: jacobi(32, F16(10), F16(-0.5)), "degree 12 are above .* float16"),
    "monic, in float32": (lambda: legendre(200, "monic", dtype=F32), "below .* float32"),
    "monic, in float16": (lambda: chebyshev(32, "T", "monic", dtype=F16), "degree 16 are below"),
    "standard": (lambda: jacobi(64, F32(200), F32(0), "standard"), "above .* float32"),
    "a tiny interval": (
        lambda: on_interval(legendre(2, dtype=F16), F16(0), F16(6e-8)),
        "above .* float16",
    ),
    "points of a narrower dtype": (
        lambda: evaluate(jacobi(32, F32(10), F32(-0.5)), jnp.zeros(1, F16)),
        "degree 12 are above .* float16",
    ),
    "norm of monic": (
        lambda: norm(legendre(100, "monic", dtype=F32), jnp.ones(101, F32)),
        r"every squared norm .* float32 .* 0\.0.* or the orthonormal scale",
    ),
    "projection on standard": (
        lambda: project(jnp.sin, jacobi(4, F32(1e3), F32(0), "standard"), 2),
        "integral of the weight|every squared norm",
    ),
    "mass": (
        lambda: mass(jacobi(4, F32(200), F32(0))),
        "integral of the weight .* float32 .* inf.* or smaller exponents",
    ),
    "weights of a Gauss rule": (
        lambda: gauss(jacobi(4, F32(200), F32(0))),
        "integral of the weight .* float32",
    ),
    "weights of points": (
        lambda: from_nodes(1, jnp.array([-1, 1], F16), jnp.array([4e4, 4e4], F16)),
        "sum of the weights .* float16 .* inf.* or weights that sum to 1",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_known_value_out_of_range_is_an_error_that_says_what_to_do(name):
    call, message = REFUSED[name]
    with pytest.raises(ValueError, match=message) as error:
        call()
    assert re.search(r"take a wider dtype \(for float64", str(error.value))


@pytest.mark.parametrize(("alpha", "beta"), [(1e3, 0.0), (0.0, 1e3), (200.0, 300.0)])
def test_float64_holds_what_float32_does_not(alpha, beta):
    x = np.asarray(X, np.float64)
    exact = orthonormal_jacobi(6, alpha, beta, x)
    np.testing.assert_allclose(evaluate(jacobi(6, alpha, beta), x), exact, rtol=1e-9)


def test_the_standard_scale_holds_what_the_orthonormal_one_does_not():
    got = evaluate(jacobi(4, F32(1e3), F32(0), "standard"), X)
    exact = special.eval_jacobi(np.arange(5)[:, None], 1e3, 0, np.asarray(X, np.float64))
    np.testing.assert_allclose(got, exact, rtol=2e-5)


@jax.jit
def traced(alpha):
    return evaluate(jacobi(128, alpha, F32(0)), X)


def test_traced_values_out_of_range_are_0_or_infinite():
    underflow, overflow = np.asarray(traced(F32(1e3))), np.asarray(traced(F32(100)))
    assert not np.isnan(underflow).any()
    assert not np.isnan(overflow).any()
    assert np.isinf(overflow[81:, -1]).all(), "at x = 1"
    with jax.enable_x64(True):
        exact = np.asarray(evaluate(jacobi(128, 100.0, 0.0), X.astype(float)))
    inner = slice(0, 4)
    np.testing.assert_allclose(
        overflow[:, inner], exact[:, inner], atol=1e-4 * np.abs(exact[:, inner]).max()
    )


def test_traced_derivatives_of_what_underflows_are_0():
    slope = jax.jit(jax.grad(lambda a: evaluate(jacobi(10, a, F32(0)), X).sum()))
    assert float(slope(F32(1e3))) == 0


def test_powers_overflow_to_infinity():
    got = np.asarray(evaluate(monomial(12), jnp.array([-1e10, 1e10, 0.5], F32)))
    np.testing.assert_array_equal(got[4:, 1], np.inf)
    np.testing.assert_array_equal(got[5::2, 0], -np.inf)
    np.testing.assert_allclose(got[:, 2], 0.5 ** np.arange(13.0))

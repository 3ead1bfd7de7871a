"""Filters exported as Chebyshev series."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.fft
from flax import nnx

from longnn import models
from longnn.analysis import chebyshev_filter
from longnn.training import module_response
from tests.longnn.models.cases import SERIES, randomized
from tests.toy import C

LAM = np.linspace(0, 2, 33)


def exported(model):
    return chebyshev_filter(lambda lam: module_response(model, lam))


@pytest.mark.slow
@pytest.mark.parametrize("name", SERIES)
def test_exported_filter_is_the_response(name):
    """In float32, as trained; its coefficients serve numpy, and scipy's transform finds them."""
    model = randomized(name, dtype=jnp.float32)
    found, exact = exported(model), module_response(model, LAM)
    size = np.abs(exact).max()
    np.testing.assert_allclose(found(LAM), exact, atol=2e-5 * size)
    first = np.polynomial.Chebyshev(found.coefficients[:, 0])
    np.testing.assert_allclose(first(1 - LAM), found(LAM)[:, 0], atol=1e-12 * size)
    degree = len(found.coefficients) - 1
    nodes = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    transformed = scipy.fft.dct(found(1 - nodes), axis=0) / (degree + 1)
    transformed[0] /= 2
    np.testing.assert_allclose(transformed, found.coefficients, atol=1e-10 * size)


@pytest.mark.slow
def test_degree_is_found():
    found = exported(randomized("longnn", dtype=jnp.float32, order=7))
    assert found.coefficients.shape == (8, C)
    assert found(0.5).shape == (C,)
    linear = exported(models.SGC(3, C, order=1, rngs=nnx.Rngs(0)))
    np.testing.assert_allclose(linear.coefficients, [[0], [1]], atol=1e-6)


def test_a_function_of_one_channel():
    """x^3 = (3 T_1 + T_3) / 4."""
    found = chebyshev_filter(lambda lam: (1 - lam) ** 3)
    np.testing.assert_allclose(found.coefficients, [[0], [0.75], [0], [0.25]], atol=1e-12)


BAD = {
    "no polynomial": (lambda lam: np.abs(1 - lam), "no polynomial of a degree below 96"),
    "several runs": (lambda lam: np.ones((2, len(lam), 3)), r"got shape \(2, 513, 3\).*one of sev"),
    "a number": (lambda _: np.ones(()), r"got shape \(\) at 513 points"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_filter(what):
    function, message = BAD[what]
    with pytest.raises(ValueError, match=message):
        chebyshev_filter(function)

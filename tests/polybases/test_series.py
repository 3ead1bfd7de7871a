"""Series where the contract tables do not reach: bases without a weight, the zero series."""

import jax
import numpy as np
import pytest

from polybases import (
    gauss,
    gauss_lobatto,
    gauss_radau,
    krylov,
    legendre,
    mass,
    monomial,
    norm,
    on_interval,
    project,
    truncate,
)


@pytest.mark.parametrize("basis", [monomial(3), krylov(3, 0.4), truncate(monomial(4), 3)])
@pytest.mark.parametrize(
    "function",
    [
        gauss,
        mass,
        lambda basis: gauss_radau(basis, 1.0),
        lambda basis: gauss_lobatto(basis, -1.0, 1.0),
        lambda basis: norm(basis, np.ones(4)),
        lambda basis: project(np.cos, basis, 2),
        lambda basis: gauss(on_interval(basis, 0.0, 2.0)),
        jax.jit(gauss),
    ],
)
def test_powers_have_no_weight(basis, function):
    with pytest.raises(ValueError, match="orthogonal under a weight, got powers"):
        function(basis)


def test_norm_is_flat_at_zero():
    gradient = jax.grad(lambda theta: norm(legendre(3), theta))
    np.testing.assert_array_equal(gradient(np.zeros(4)), 0)
    np.testing.assert_allclose(gradient(np.array([0.0, 3.0, 0, 4])), [0, 0.6, 0, 0.8])

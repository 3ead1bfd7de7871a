"""Every function of one dtype works where jax allows no implicit promotion."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import polybases as pb
from tests.polybases.families import K
from tests.polybases.test_contract_all import DTYPED

MATRIX = np.eye(3)
DTYPES = [
    jnp.float32,
    pytest.param(jnp.float64, marks=pytest.mark.slow),
    pytest.param(jnp.bfloat16, marks=pytest.mark.slow),
]
OTHERS = [name for name in DTYPED if name != "jacobi"]
OF_ALL = {
    "expand": lambda b, d: b.expand(MATRIX, jnp.ones(3, d)),
    "of a function": lambda b, d: b.expand(lambda t: t, jnp.ones(3, d)),
}
OF_RECURRENCES = {
    "evaluate": lambda b, d: pb.evaluate(b, jnp.full(3, 0.5, d)),
    "weighted_sum": lambda b, d: pb.weighted_sum(b, np.ones(K + 1), MATRIX, jnp.ones(3, d)),
    "combine": lambda b, d: pb.combine(b, MATRIX, jnp.ones((K + 1, 3), d)),
    "truncate": lambda b, d: pb.truncate(b, 2),
    "on_interval": lambda b, d: pb.on_interval(b, 0.0, 2.0),
}
OF_ORTHOGONAL = {
    "gauss": lambda b, d: pb.gauss(b),
    "gauss_radau": lambda b, d: pb.gauss_radau(b, -1.0),
    "gauss_lobatto": lambda b, d: pb.gauss_lobatto(b, -1.0, 1.0),
    "mass": lambda b, d: pb.mass(b),
    "norm": lambda b, d: pb.norm(b, jnp.ones(K + 1, d)),
    "derivative": lambda b, d: pb.derivative(b, jnp.ones(K + 1, d)),
    "antiderivative": lambda b, d: pb.antiderivative(b, jnp.ones(K, d)),
    "connection": lambda b, d: pb.connection(b, pb.legendre(K, dtype=d)),
    "product": lambda b, d: pb.product(b, jnp.ones(2, d), jnp.ones(2, d)),
    "project": lambda b, d: pb.project(lambda x: x * x, b, 3),
    "roots": lambda b, d: pb.roots(b, jnp.ones(K + 1, d)),
    "least_squares": lambda b, d: pb.least_squares(
        b, jnp.linspace(-0.9, 0.9, 30, dtype=d), jnp.ones(30, d)
    ),
    "series": lambda b, d: (pb.Series(jnp.ones(3, d), b) * 2.0 + 1)(0.5),
    "power": lambda b, d: pb.Series(jnp.ones(2, d), b) ** 2,
    "calculus": lambda b, d: pb.Series(jnp.ones(4, d), b).deriv(2).integ(1, 1.0, 0.0),
    "zeros": lambda b, d: pb.Series(jnp.ones(4, d), b).roots(),
    "converted": lambda b, d: pb.Series(jnp.ones(4, d), b).convert(
        pb.legendre(K, dtype=d), domain=(0.0, 1.0)
    ),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "name", ["jacobi", *(pytest.param(n, marks=pytest.mark.slow) for n in OTHERS)]
)
def test_operators_and_values_of_every_family(name, dtype):
    with jax.numpy_dtype_promotion("strict"):
        basis = DTYPED[name](dtype)
        calls = OF_ALL | (OF_RECURRENCES if isinstance(basis, pb.Recurrence) else {})
        for call in calls.values():
            found = jax.tree.leaves(call(basis, dtype))
            assert {leaf.dtype for leaf in found} == {jnp.dtype(dtype)}


@pytest.mark.parametrize("dtype", DTYPES[:2])
@pytest.mark.parametrize("call", OF_ORTHOGONAL)
def test_functions_of_an_orthogonal_basis(call, dtype):
    with jax.numpy_dtype_promotion("strict"):
        found = jax.tree.leaves(
            OF_ORTHOGONAL[call](pb.jacobi(K, *jnp.array([0.3, -0.6], dtype)), dtype)
        )
    assert {jnp.finfo(leaf.dtype).bits for leaf in found} == {jnp.finfo(dtype).bits}

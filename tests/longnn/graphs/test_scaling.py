"""The scaling of S against exact values, at degrees where a guard could fail."""

import jax.numpy as jnp
import numpy as np
import pytest

from longnn.graphs import Graph, degree_power, shift_matrix
from longnn.operators import normalized_adjacency
from tests.backends import BACKENDS
from tests.oracles import dense_adjacency, dense_normalized

EDGES = np.array([[0, 1], [1, 2], [0, 2], [2, 3]])  # node 4 is isolated
SUBNORMAL = 5e-324
TINY = [SUBNORMAL, 1e-310, 2.3e-308, 1e-100, 1e-30]


def weighted(weight: float) -> Graph:
    return Graph.from_edges(EDGES, 5, np.full(4, weight))


@pytest.mark.parametrize("degree", [*TINY, 1.0, 3.0, 1e300])
@pytest.mark.parametrize("exponent", [-0.5, 0.5, 0.2])
def test_powers_of_every_positive_degree(degree, exponent):
    got = degree_power(np.array([degree, 0.0]), exponent, isolated=7.0)
    np.testing.assert_allclose(got, [np.exp(exponent * np.log(degree)), 7], rtol=1e-12)


def test_an_isolated_node_has_the_value_0_unless_another_is_asked_for():
    assert degree_power(np.array([0, 4]), -0.5).tolist() == [0, 0.5]


@pytest.mark.parametrize("weight", [*TINY, 1e300])
def test_entries_do_not_depend_on_the_scale_of_the_weights(weight):
    exact = dense_normalized(dense_adjacency(EDGES, 5))
    # the rounding of subnormal weights and degrees is not ours; these sums are exact
    np.testing.assert_allclose(shift_matrix(weighted(weight)).toarray(), exact, rtol=1e-12)


def refused(backend: str, degree: float, dtype: type) -> bool:
    """Those that multiply by powers of the degrees cannot go below the normal numbers."""
    return backend in ("bucketed", "native") and degree < np.finfo(dtype).tiny


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("weight", [*TINY, 1e30])
def test_backends_at_extreme_weights_are_right_or_refuse(weight, backend, dtype):
    graph = weighted(weight)
    if refused(backend, weight, dtype):
        with pytest.raises(ValueError, match="multiply all weights by one number"):
            normalized_adjacency(graph, backend=backend, dtype=dtype)
        return
    exact = dense_normalized(dense_adjacency(EDGES, 5))
    got = normalized_adjacency(graph, backend=backend, dtype=dtype).matvec(jnp.eye(5, dtype=dtype))
    np.testing.assert_allclose(got, exact, atol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_vanishing_weight_between_normal_ones_is_no_reason_to_refuse(backend):
    graph = Graph.from_edges(EDGES, 5, np.array([1, 1e-60, 1, 1]))
    exact = dense_normalized(dense_adjacency(EDGES, 5, np.array([1, 1e-60, 1, 1])))
    got = normalized_adjacency(graph, backend=backend).matvec(jnp.eye(5, dtype=jnp.float32))
    np.testing.assert_allclose(got, exact, atol=1e-6)

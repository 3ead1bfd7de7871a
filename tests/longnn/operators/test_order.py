"""Operators that keep their nodes in another order: the same map, and neighbours nearer."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import longnn
from longnn.graphs.graph import Graph
from longnn.operators import normalized_adjacency, similar_operator
from longnn.operators.order import near_order
from polybases import jacobi
from tests.backends import BACKENDS
from tests.oracles import dense_adjacency, dense_normalized


def shuffled_grid(side: int) -> Graph:
    """A grid whose nodes are numbered at random."""
    node = np.random.default_rng(0).permutation(side * side).reshape(side, side)
    along = np.stack([node[:, :-1], node[:, 1:]], -1).reshape(-1, 2)
    across = np.stack([node[:-1], node[1:]], -1).reshape(-1, 2)
    return Graph.from_edges(np.concatenate([along, across]), side * side)


def test_neighbours_come_near():
    graph = shuffled_grid(30)
    place = np.argsort(near_order(graph))
    reach = np.abs(np.diff(place[graph.pairs()], axis=1))
    assert reach.max() <= 40  # the bandwidth of a grid of 30 x 30 is 30
    assert np.abs(np.diff(graph.pairs(), axis=1)).max() > 800


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("weighted", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_map_is_the_same(backend, weighted):
    rng = np.random.default_rng(1)
    edges = np.unique(np.sort(rng.integers(0, 37, (90, 2)), 1), axis=0)
    edges = edges[edges[:, 0] != edges[:, 1]]
    weights = rng.uniform(0.5, 2, len(edges)) if weighted else None
    S = dense_normalized(dense_adjacency(edges, 40, weights))  # three isolated nodes
    graph = Graph.from_edges(edges, 40, weights)
    operator = normalized_adjacency(graph, backend=backend, order="rcm", dtype=jnp.float64)
    x, theta = (jnp.asarray(rng.normal(size=(rows, 3))) for rows in (40, 5))
    np.testing.assert_allclose(operator.matvec(x), S @ x, atol=1e-14)
    basis = jacobi(4, jnp.asarray(0.5), jnp.asarray(-0.3))

    def total(operator, theta, x):
        return (longnn.filter(operator, basis, theta, x) ** 2).sum()

    plain = normalized_adjacency(graph, backend="csr", dtype=jnp.float64)
    for scaled in (operator, similar_operator(operator, graph, 0.8, jnp.float64)):
        other = plain if scaled is operator else similar_operator(plain, graph, 0.8, jnp.float64)
        slopes = jax.jit(jax.value_and_grad(total, (1, 2)))
        got, expected = (slopes(o, theta, x) for o in (scaled, other))
        for one, two in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-12)


def test_an_unknown_order_is_refused():
    with pytest.raises(ValueError, match=r"unknown order .hubs.; choose one of given, rcm"):
        normalized_adjacency(shuffled_grid(3), order="hubs")  # type: ignore[arg-type]

"""Balls are those of networkx, and filters on them those of the whole graph."""

import jax.numpy as jnp
import networkx
import numpy as np
import pytest

import longnn
import polybases
from longnn.graphs.balls import ball, rows_in_memory
from longnn.operators.near import ball_operator, near_operator

GRID = longnn.Graph.from_edges(longnn.data.lattices.grid_edges(30, 30), 900)


def weighted():
    rng = np.random.default_rng(1)
    edges = rng.integers(0, 390, size=(500, 2))  # the last ten nodes have no edge
    return longnn.Graph.from_edges(edges, 400, rng.random(500) + 0.2)


GRAPHS = {"grid": GRID, "weighted": weighted()}


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("hops", [0, 1, 4])
def test_a_ball_is_that_of_networkx(name, hops):
    graph = GRAPHS[name]
    asked = np.array([7, 395, 8, 210])
    found = ball(rows_in_memory(graph), asked, hops, graph.num_nodes)
    other = networkx.Graph(graph.pairs().tolist())
    other.add_nodes_from(range(graph.num_nodes))
    distance = {}
    for node in asked.tolist():
        for reached, d in networkx.single_source_shortest_path_length(other, node, hops).items():
            distance[reached] = min(d, distance.get(reached, d))
    assert found.nodes[:4].tolist() == asked.tolist()
    assert sorted(found.nodes.tolist()) == sorted(distance)
    for d, size in enumerate(found.within):
        assert set(found.nodes[:size].tolist()) == {n for n, far in distance.items() if far <= d}
    np.testing.assert_allclose(found.degrees, graph.degrees()[found.nodes], rtol=1e-14)
    rows = found.within[-2] if hops else 0
    counts = np.bincount(graph.receivers, minlength=graph.num_nodes)
    assert len(found.senders) == counts[found.nodes[:rows]].sum()


def test_a_large_ball_is_not_found():
    assert ball(rows_in_memory(GRID), np.array([465]), 3, 25) is not None
    assert ball(rows_in_memory(GRID), np.array([465]), 3, 24) is None


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("loops", [0.0, 0.5])
@pytest.mark.parametrize("order", [1, 5])
@pytest.mark.parametrize("make", [near_operator, ball_operator])
def test_filters_near_nodes_are_those_of_the_whole_graph(name, loops, order, make):
    graph = GRAPHS[name]
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.standard_normal((graph.num_nodes, 3)))
    theta = jnp.asarray(rng.standard_normal((order + 1, 3)))
    basis = polybases.jacobi(order, jnp.asarray(0.5), jnp.asarray(-0.3))
    whole = graph.with_self_loops(loops) if loops else graph
    matrix = longnn.graphs.scaling.shift_matrix(whole).toarray()
    expected = polybases.weighted_sum(basis, theta, jnp.asarray(matrix), x)
    asked = np.array([3, 397, 211])
    near = small = ball(rows_in_memory(graph), asked, order, graph.num_nodes)
    operator = make(near, jnp.float64, loops)
    if make is near_operator:  # on more nodes, which no other reads
        near = near._replace(
            nodes=np.pad(near.nodes, (0, operator.rows.shape[0] - len(near.nodes)))
        )
    found = longnn.filter(operator, basis, theta, x[near.nodes])
    np.testing.assert_allclose(found[:3], expected[asked], atol=1e-12)
    single = longnn.filter(
        make(small, jnp.float32, loops), basis, theta.astype(jnp.float32),
        x[near.nodes].astype(jnp.float32),
    )  # fmt: skip
    np.testing.assert_allclose(single[:3], expected[asked], atol=1e-5)


def test_what_a_ball_cannot_do_is_said():
    near = ball(rows_in_memory(GRID), np.array([0]), 2, 900)
    operator = near_operator(near)
    x = jnp.ones((operator.rows.shape[0], 1))
    with pytest.raises(ValueError, match="order 3 reads 3 hops, but this ball has 2"):
        longnn.filter(operator, polybases.legendre(3), jnp.ones((4, 1)), x)
    with pytest.raises(NotImplementedError, match="depend on the whole graph"):
        longnn.filters.lanczos_filter(operator, jnp.ones((3, 1)), x)

"""S of edges as jraph has them: concrete, traced, padded, in batches, and what is refused."""

from functools import partial

import jax
import jax.numpy as jnp
import jraph
import numpy as np
import pytest
from flax import nnx

from longnn.graphs import from_jraph
from longnn.layers import ChebConv, LonConv, edge_operator
from longnn.operators import normalized_adjacency
from tests.oracles import dense_adjacency, dense_normalized

SIZES = (5, 8)


def example(nodes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges, each once, their weights, and features; the last node is isolated."""
    rng = np.random.default_rng(nodes)
    pairs = np.stack(np.triu_indices(nodes - 1, 1), 1)
    edges = pairs[rng.permutation(len(pairs))[: nodes + 1]]
    return edges, rng.uniform(0.3, 2.0, len(edges)), rng.normal(size=(nodes, 4))


def tuple_of(nodes: int) -> jraph.GraphsTuple:
    """The graph of an example, with weights as edges [E, 1], in an order of no use."""
    edges, weights, x = example(nodes)
    order = np.random.default_rng(0).permutation(2 * len(edges))
    senders, receivers = np.concatenate([edges, edges[:, ::-1]])[order].T
    return jraph.GraphsTuple(
        nodes=jnp.asarray(x),
        edges=jnp.asarray(np.tile(weights, 2)[order][:, None]),
        senders=jnp.asarray(senders),
        receivers=jnp.asarray(receivers),
        globals=None,
        n_node=jnp.array([nodes]),
        n_edge=jnp.array([2 * len(edges)]),
    )


def exact(nodes: int, loops: float) -> np.ndarray:
    edges, weights, _ = example(nodes)
    return dense_normalized(dense_adjacency(edges, nodes, weights) + loops * np.eye(nodes))


def operator_of(graphs, loops=0.0, weighted=True):
    weights = graphs.edges if weighted else None
    return edge_operator(
        graphs.senders, graphs.receivers, len(graphs.nodes), weights, self_loops=loops
    )


@pytest.mark.parametrize("loops", [0.0, 1.0, 0.5])
def test_products_are_those_of_the_dense_matrix_concrete_and_traced(loops):
    graphs, x = tuple_of(8), example(8)[2]
    expected = exact(8, loops) @ x
    for take in (lambda f: f, jax.jit):
        found = take(lambda g: operator_of(g, loops).matvec(g.nodes))(graphs)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


@pytest.mark.slow
def test_a_batch_with_padding_is_its_graphs_one_by_one():
    batch = jraph.pad_with_graphs(jraph.batch([tuple_of(n) for n in SIZES]), 20, 60, 4)
    layer = LonConv(4, 3, order=3, dtype=jnp.float64, rngs=nnx.Rngs(0))
    found = nnx.jit(lambda layer, g: layer(operator_of(g, 1.0), g.nodes))(layer, batch)
    assert np.isfinite(found).all()
    concrete = operator_of(batch, 1.0).matvec(jnp.asarray(batch.nodes))
    traced = jax.jit(lambda g: operator_of(g, 1.0).matvec(g.nodes))(batch)
    np.testing.assert_allclose(concrete, traced, rtol=0, atol=1e-14)
    start = 0
    for nodes in SIZES:
        alone = layer(partial(jnp.matmul, exact(nodes, 1.0)), jnp.asarray(example(nodes)[2]))
        np.testing.assert_allclose(found[start : start + nodes], alone, rtol=0, atol=1e-12)
        start += nodes


def test_a_graphs_tuple_gives_the_operator_of_its_graph():
    graphs = tuple_of(8)
    other = normalized_adjacency(from_jraph(graphs), backend="segment_sum", dtype=jnp.float64)
    found = operator_of(graphs).matvec(graphs.nodes)
    np.testing.assert_allclose(found, other.matvec(graphs.nodes), rtol=0, atol=1e-14)


def test_edges_that_come_twice_are_added_and_a_loop_counts_once():
    edge = edge_operator(np.array([0, 1, 0, 1, 1]), np.array([1, 0, 1, 0, 1]), 2)
    found = np.asarray(jax.vmap(edge.matvec, 1, 1)(jnp.eye(2)))
    A = np.array([[0.0, 2.0], [2.0, 1.0]])
    np.testing.assert_allclose(found, A / np.sqrt(np.outer(A.sum(1), A.sum(1))), atol=1e-7)


BOTH = (np.array([0, 1]), np.array([1, 0]), 2)


def test_traced_weights_that_are_negative_give_nan_and_not_zero():
    traced = jax.jit(lambda w: edge_operator(*BOTH, w).matvec(jnp.ones(2)))
    assert np.isnan(traced(jnp.array([-1.0, -1.0]))).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: edge_operator([0, 1], [1, 2], 3),
            "in both directions .*it is [01], back it is [01]; take",
        ),
        (lambda: edge_operator(*BOTH, [1.0, 2.0]), "it is 2, back it is 1; take .*from_jraph"),
        (lambda: edge_operator([0, 3], [3, 0], 3), r"sender 1 is 3, but nodes lie in \[0, 3\)"),
        (lambda: edge_operator([0, 1], [1, -1], 3), "receiver 1 is -1"),
        (lambda: edge_operator([0, 1], [1], 2), "one shape"),
        (lambda: edge_operator([0.0, 1.0], [1, 0], 2), "senders must be integers"),
        (lambda: edge_operator(*BOTH, np.ones((2, 3))), "leave weights out"),
        (lambda: edge_operator(*BOTH, [1.0, -1.0]), "weight 1 is -1"),
        (lambda: edge_operator(*BOTH, [np.inf, 1.0]), "weight 0 is inf"),
        (lambda: edge_operator(*BOTH, self_loops=-1.0), "self_loops must lie in"),
        (lambda: edge_operator([], [], 0), "num_nodes must be an integer >= 1"),
    ],
)
def test_wrong_edges_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_no_edges_are_a_graph_of_isolated_nodes():
    empty = edge_operator(np.zeros(0, int), np.zeros(0, int), 3)
    np.testing.assert_array_equal(empty.matvec(jnp.ones((3, 2))), np.zeros((3, 2)))


def test_chebconv_gives_the_derivative_in_the_weights_and_filters_say_that_they_do_not():
    graphs = tuple_of(8)
    x = graphs.nodes

    def total(layer, weights):
        edges = graphs.senders, graphs.receivers
        return jnp.sum(layer(edge_operator(*edges, 8, weights), x) ** 2)

    cheb = ChebConv(4, 2, order=2, dtype=jnp.float64, rngs=nnx.Rngs(0))
    step = 1e-6 * np.random.default_rng(1).normal(size=graphs.edges.shape)
    slope = jax.jit(jax.grad(partial(total, cheb)))(graphs.edges)
    change = total(cheb, graphs.edges + step) - total(cheb, graphs.edges - step)
    assert abs(np.sum(slope * step) - change / 2) < 1e-6 * abs(change)
    with pytest.raises(ValueError, match="no derivative in its operator"):
        jax.grad(partial(total, LonConv(4, 2, dtype=jnp.float64, rngs=nnx.Rngs(0))))(graphs.edges)

"""Batches of graphs: equal to each graph alone, whatever else is in the batch, compiled once."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

import longnn
from longnn.data.many import families
from longnn.graphs.graph import Graph
from longnn.graphs.scaling import shift_matrix
from longnn.operators.capacities import capacities_of, capacity_for, rounded
from longnn.operators.packing import Capacity, packed, packing_of
from polybases import jacobi
from tests.backends import NATIVE

DATA = families.sbm(graphs=9, smallest=8, largest=30, inside=0.3, across=0.1, seed=1)
WEIGHTED = Graph.from_edges(
    DATA.nodes.graph.pairs(),
    DATA.nodes.graph.num_nodes,
    np.random.default_rng(0).uniform(0.5, 2, DATA.nodes.graph.num_edges),
)
BACKENDS = ["csr", "segment_sum", *NATIVE]
GRAPHS = {"unweighted": DATA.nodes.graph, "weighted": WEIGHTED}
BASIS = jacobi(5, 0.5, -0.25)
THETA = jnp.linspace(1.0, -1.0, 6)[:, None]
ORDERS = [[4, -1, 0, 8], [2, 1, 7, -1], [-1, -1, -1, 5]]


def signals():
    return np.random.default_rng(2).normal(size=(DATA.nodes.graph.num_nodes + 1, 3))


@partial(jax.jit, static_argnames="capacity")
def filtered(packing, graphs, x, capacity):
    """The product, the filter and the gradients of a batch; a sum over its own rows is derived."""
    pack = packed(packing, graphs, capacity)
    rows = x[pack.node]
    inside = (pack.slot < len(graphs))[:, None]

    def total(theta, rows):
        return jnp.sum(jnp.where(inside, longnn.filter(pack.operator, BASIS, theta, rows) ** 2, 0))

    made = longnn.filter(pack.operator, BASIS, THETA, rows)
    return (
        pack.node,
        pack.slot,
        pack.operator.matvec(rows),
        made,
        *jax.grad(total, (0, 1))(THETA, rows),
    )


def terms_of(graph, nodes):
    """The orthonormal Jacobi polynomials p_k(S) of one graph as matrices [6, n, n], by scipy."""
    alpha, beta, k = 0.5, -0.25, np.arange(6)
    lam, vectors = np.linalg.eigh(shift_matrix(graph.subgraph(nodes)).toarray())
    log = [special.gammaln(k + c) for c in (alpha + 1, beta + 1, alpha + beta + 1, 1)]
    norm = 2 ** (alpha + beta + 1) / (2 * k + alpha + beta + 1)
    norm = norm * np.exp(log[0] + log[1] - log[2] - log[3])
    values = special.eval_jacobi(k[:, None], alpha, beta, lam) / np.sqrt(norm)[:, None]
    return np.einsum("ij,kj,lj->kil", vectors, values, vectors)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("weights", GRAPHS)
def test_a_batch_is_each_graph_alone(backend, weights):
    graph, first, theta = GRAPHS[weights], DATA.first, np.asarray(THETA)[:, 0]
    packing = packing_of(graph, DATA.sizes, backend=backend, dtype=jnp.float64)
    x = signals()
    before = filtered._cache_size()
    for order in ORDERS:
        given = (packing, jnp.array(order), jnp.asarray(x), Capacity(160, 4096))
        node, slot, product, made, dtheta, dx = map(np.asarray, filtered(*given))
        total = np.zeros(6)
        for place, number in enumerate(order):
            rows = slot == place
            if number < 0:
                assert not rows.any()
                continue
            nodes = np.arange(first[number], first[number + 1])
            np.testing.assert_array_equal(node[rows], nodes)
            shift = shift_matrix(graph.subgraph(nodes))
            np.testing.assert_allclose(product[rows], shift @ x[nodes], atol=1e-12)
            terms = terms_of(graph, nodes) @ x[nodes]
            whole = np.tensordot(theta, terms, 1)
            np.testing.assert_allclose(made[rows], whole, atol=1e-10)
            total += 2 * np.einsum("knc,nc->k", terms, whole)
            back = np.tensordot(theta, terms_of(graph, nodes), 1).T @ (2 * whole)
            np.testing.assert_allclose(dx[rows], back, atol=1e-9)
        np.testing.assert_allclose(dtheta[:, 0], total, rtol=1e-9)
        assert (node[slot == len(order)] == graph.num_nodes).all()
    assert filtered._cache_size() <= before + 1  # one program for all of them


@pytest.mark.parametrize("backend", BACKENDS)
def test_graphs_of_a_batch_do_not_see_each_other(backend):
    packing = packing_of(DATA.nodes.graph, DATA.sizes, backend=backend, dtype=jnp.float64)
    capacity, x = Capacity(160, 4096), signals()
    changed = x.copy()
    changed[DATA.first[3] : DATA.first[4]] = 1e6  # the signal of graph 3 alone
    order = jnp.array([3, 0, 8, 5])
    before, after = (filtered(packing, order, given, capacity) for given in (x, changed))
    other = np.asarray(before[1]) != 0
    for a, b in zip(before[2:4], after[2:4], strict=True):
        np.testing.assert_array_equal(np.asarray(a)[other], np.asarray(b)[other])
        assert (np.asarray(a)[~other] != np.asarray(b)[~other]).any()


@pytest.mark.parametrize("backend", BACKENDS)
def test_runs_are_columns_of_one_batch(backend):
    many = jnp.stack(
        [jnp.asarray(signals()), 2 * jnp.asarray(signals()), jnp.ones((len(signals()), 3))]
    )
    given = jnp.array([6, 1]), many, Capacity(160, 4096)
    packing = packing_of(DATA.nodes.graph, DATA.sizes, backend=backend, dtype=jnp.float64)
    together = jax.vmap(lambda x: filtered(packing, given[0], x, given[2])[3:])(many)
    for run, x in enumerate(many):
        alone = filtered(packing, given[0], x, given[2])[3:]
        for whole, one in zip(together, alone, strict=True):
            np.testing.assert_allclose(whole[run], one, rtol=1e-9, atol=1e-9)


def test_capacities_hold_every_batch():
    rng = np.random.default_rng(0)
    rows = rng.integers(50, 301, 700)
    entries = rows * rng.integers(2, 9, 700)
    found = capacities_of(rows, entries, 16)
    assert len(found) <= 4
    assert list(found) == sorted(found)
    assert found[-1].rows >= np.sort(rows)[-16:].sum()
    assert found[-1].entries >= np.sort(entries)[-16:].sum()
    drawn = np.stack([rng.permutation(700)[:16] for _ in range(500)])
    small = (rows[drawn].sum(1) <= found[0].rows) & (entries[drawn].sum(1) <= found[0].entries)
    assert 0.4 < small.mean() < 0.9
    assert capacities_of(rows[:1], entries[:1], 16) == (rounded(np.array([rows[0], entries[0]])),)


def test_the_smallest_capacity_that_fits():
    packing = packing_of(DATA.nodes.graph, DATA.sizes, backend="csr")
    rows, entries = (int(np.diff(np.asarray(a))[[2, 5]].sum()) for a in
                     (packing.first_row, packing.first_entry))  # fmt: skip
    capacities = [Capacity(rows - 1, entries), Capacity(rows, entries - 1),
                  Capacity(rows, entries), Capacity(999, 9999)]  # fmt: skip
    which = jax.jit(lambda graphs: capacity_for(packing, graphs, capacities))
    assert int(which(jnp.array([2, -1, 5]))) == 2
    assert int(which(jnp.array([2, -1, -1]))) == 0
    assert int(which(jnp.arange(9))) == 3


@pytest.mark.parametrize(
    ("graph", "sizes", "backend", "message"),
    [
        (DATA.nodes.graph, DATA.sizes, "bucketed", "use 'native', 'csr' or 'segment_sum'"),
        (DATA.nodes.graph, DATA.sizes[:-1], "csr", "add up to the"),
        (DATA.nodes.graph, [0, DATA.nodes.graph.num_nodes], "csr", "must be >= 1"),
        (Graph.from_edges(np.array([[0, 1]]), 2), [1, 1], "csr", "an edge joins two graphs"),
    ],
)
def test_what_is_refused(graph, sizes, backend, message):
    with pytest.raises(ValueError, match=message):
        packing_of(graph, np.asarray(sizes), backend=backend)

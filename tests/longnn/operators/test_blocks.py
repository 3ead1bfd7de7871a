"""Orders of the nodes by blocks, and the exchange between these."""

import numpy as np
import pytest

from longnn.graphs import Graph, shift_matrix
from longnn.operators import blocks_of
from longnn.operators.halo import exchange_of

RNG = np.random.default_rng(0)
PART = np.array([2, 0, 2, 1, 2, 0, 0, 0])
BLOCKS = blocks_of(PART, 4)  # the last of which is empty


def test_every_block_holds_its_nodes_first():
    for block, nodes in enumerate(BLOCKS.node.reshape(4, BLOCKS.size)):
        wanted = np.flatnonzero(block == PART)
        assert nodes[: len(wanted)].tolist() == wanted.tolist()
        assert (nodes[len(wanted) :] == -1).all()


def test_values_come_back():
    values = RNG.normal(size=(8, 3))
    inside = BLOCKS.inside(values, np.nan)
    assert inside.shape == (16, 3)
    np.testing.assert_array_equal(np.isnan(inside[:, 0]), BLOCKS.node == -1)
    np.testing.assert_array_equal(BLOCKS.outside(inside), values)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_graph_is_the_same(weighted):
    edges = RNG.integers(8, size=(12, 2))
    graph = Graph.from_edges(edges, 8, RNG.uniform(1, 2, 12) if weighted else None)
    moved = shift_matrix(BLOCKS.graph(graph)).toarray()
    there = moved[np.ix_(BLOCKS.row, BLOCKS.row)]
    np.testing.assert_allclose(there, shift_matrix(graph).toarray(), rtol=1e-14)
    assert np.count_nonzero(moved) == np.count_nonzero(there)


def test_equal_blocks_are_equal():
    same = blocks_of(PART.copy(), 4)
    assert same == BLOCKS
    assert hash(same) == hash(BLOCKS)
    assert blocks_of(PART) != BLOCKS
    assert blocks_of(PART[::-1], 4) != BLOCKS


@pytest.mark.parametrize("count", [2, 3, 8])
def test_every_device_gets_the_rows_that_it_reads(count):
    """The rounds played by hand on numbers of rows."""
    size, entries = 5, 40
    block, row = RNG.integers(count, size=entries), RNG.integers(count * size, size=entries)
    far = row // size != block
    exchange, place = exchange_of(block[far], row[far], count, size)
    got = [np.zeros(0, int) for _ in range(count)]
    for sent, pairs in zip(exchange.senders, exchange.pairs, strict=True):
        assert len({to for _, to in pairs}) == len({of for of, _ in pairs}) == len(pairs)
        arrived = np.full((count, sent.shape[1]), -1)
        for of, to in pairs:
            arrived[to] = of * size + sent[of]
        got = [np.concatenate(both) for both in zip(got, arrived, strict=True)]
    assert {len(rows) for rows in got} == {exchange.received}
    for device, at, wanted in zip(block[far], place, row[far], strict=True):
        assert got[device][at] == wanted


def test_a_round_that_nobody_needs_is_left_out():
    exchange, place = exchange_of(np.array([1, 1, 2]), np.array([0, 1, 3]), 4, 2)
    assert exchange.pairs == (((0, 1), (1, 2)),)
    assert [rows.shape for rows in exchange.senders] == [(4, 2)]
    assert place.tolist() == [0, 1, 0]

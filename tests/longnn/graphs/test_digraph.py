"""Directed graphs on the host."""

import numpy as np
import pytest

from longnn.graphs import Digraph

EDGES = np.array([[1, 0], [0, 1], [1, 2], [1, 2], [3, 3], [2, 3]])
WEIGHTS = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])


def as_dict(graph: Digraph) -> dict:
    return dict(zip(map(tuple, graph.edges.tolist()), graph.sizes().tolist(), strict=True))


@pytest.mark.parametrize(
    ("weights", "rules", "expected"),
    [
        (None, {}, {(0, 1): 1, (1, 0): 1, (1, 2): 1, (2, 3): 1}),
        (WEIGHTS, {}, {(0, 1): 2, (1, 0): 1, (1, 2): 4, (2, 3): 6}),
        (WEIGHTS, {"duplicates": "sum"}, {(0, 1): 2, (1, 0): 1, (1, 2): 7, (2, 3): 6}),
        (None, {"duplicates": "sum"}, {(0, 1): 1, (1, 0): 1, (1, 2): 2, (2, 3): 1}),
        (
            WEIGHTS,
            {"self_loops": "keep"},
            {(0, 1): 2, (1, 0): 1, (1, 2): 4, (2, 3): 6, (3, 3): 5},
        ),
    ],
)
def test_merges_what_comes_twice(weights, rules, expected):
    made = Digraph.from_edges(EDGES, 4, weights, **rules)
    assert as_dict(made) == expected
    assert (made.weights is None) == (weights is None and "duplicates" not in rules)


def test_loops_are_added_to_those_that_are_there():
    made = Digraph.from_edges(EDGES, 4, self_loops="keep").with_self_loops(0.5)
    loops = {pair: size for pair, size in as_dict(made).items() if pair[0] == pair[1]}
    assert loops == {(0, 0): 0.5, (1, 1): 0.5, (2, 2): 0.5, (3, 3): 1.5}
    assert len(made.edges) == 8


def test_subgraph_renumbers_nodes():
    made = Digraph.from_edges(EDGES, 4, WEIGHTS).subgraph(np.array([2, 1, 3]))
    assert as_dict(made) == {(1, 0): 4, (0, 2): 6}
    assert made.num_nodes == 3


@pytest.mark.parametrize(
    ("edges", "weights", "mutual"),
    [
        ([[0, 1], [1, 0], [2, 1], [1, 2]], None, True),
        ([[0, 1], [1, 0], [1, 2]], None, False),
        ([[0, 1], [1, 0]], [1.0, 2.0], False),
        ([[0, 1], [1, 2], [2, 0]], None, False),
    ],
)
def test_mutual(edges, weights, mutual):
    given = None if weights is None else np.array(weights)
    assert Digraph.from_edges(np.array(edges), 3, given).mutual == mutual


@pytest.mark.parametrize(
    ("arguments", "rules", "message"),
    [
        (([[0, 4]], 4), {}, r"node indices must lie in \[0, 4\)"),
        (([[0, 1]], 4, [0.0]), {}, "finite and positive"),
        (([[0, 1]], 4), {"duplicates": "most"}, "unknown duplicates 'most'"),
        (([[0, 1]], 4), {"self_loops": "some"}, "unknown self_loops 'some'"),
        (([[0, 1], [0, 1]], 4, [1e308, 1e308]), {"duplicates": "sum"}, "more than float64 holds"),
    ],
)
def test_errors(arguments, rules, message):
    edges, nodes, *weights = arguments
    with pytest.raises(ValueError, match=message):
        Digraph.from_edges(np.array(edges), nodes, *map(np.array, weights), **rules)


@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan])
def test_loops_need_a_weight(weight):
    with pytest.raises(ValueError, match="finite and positive"):
        Digraph.from_edges(EDGES, 4).with_self_loops(weight)

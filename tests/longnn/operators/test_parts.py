"""Parts of a graph, and what they cost."""

import numpy as np
import pytest

from longnn.data.lattices import grid_edges
from longnn.graphs import Graph
from longnn.operators import cost_of, parts_of

GRID = Graph.from_edges(grid_edges(12, 12), 144)

FAKE = """
import numpy as np

class CSRAdjacency:
    def __init__(self, adj_starts, adjacent):
        self.starts, self.adjacent = adj_starts, adjacent

def part_graph(count, adjacency):
    starts, adjacent = adjacency.starts, adjacency.adjacent
    assert starts.dtype == adjacent.dtype == np.int32
    assert starts[-1] == len(adjacent)
    rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    assert (rows != adjacent).all(), "a self-loop"
    assert set(zip(rows, adjacent)) == set(zip(adjacent, rows))
    return 0, [i % count for i in range(len(starts) - 1)]
"""


def test_parts_differ_by_one_node_at_most():
    sizes = np.bincount(parts_of(GRID, 7, "breadth"), minlength=7)
    assert sizes.sum() == 144
    assert sizes.max() - sizes.min() <= 1


def test_neighbours_are_near_each_other():
    """Of a grid whose nodes are numbered at random, strips are cut."""
    shuffled = GRID.subgraph(np.random.default_rng(0).permutation(144))
    cost = cost_of(shuffled, parts_of(shuffled, 4, "breadth"))
    at_random = cost_of(shuffled, np.arange(144) % 4)
    assert cost.halo < at_random.halo / 2


def test_cost_counts_edges_and_rows_that_are_read():
    part = np.random.default_rng(1).integers(5, size=144)
    pairs = GRID.pairs()
    both = [*pairs.tolist(), *pairs[:, ::-1].tolist()]
    read = {(part[i], j) for i, j in both if part[i] != part[j]}
    cost = cost_of(GRID, part)
    assert cost.cut == sum(part[i] != part[j] for i, j in pairs)
    assert cost.halo == len(read)
    assert cost.largest == np.bincount(part).max()


def test_one_part_costs_nothing():
    assert cost_of(GRID, parts_of(GRID, 1)) == (0, 0, 144)


@pytest.fixture
def fake_metis(tmp_path, monkeypatch):
    """A package of that name which checks what it is given."""
    monkeypatch.delitem(__import__("sys").modules, "pymetis", raising=False)
    (tmp_path / "pymetis.py").write_text(FAKE)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.parametrize("partitioner", ["auto", "metis"])
def test_metis_is_asked_where_it_is_installed(fake_metis, partitioner):
    parts = parts_of(GRID.with_self_loops(), 3, partitioner)
    assert parts.tolist() == [i % 3 for i in range(144)]


def test_breadth_is_taken_where_it_is_asked_for(fake_metis):
    assert parts_of(GRID, 3, "breadth").tolist() != [i % 3 for i in range(144)]


def test_metis_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr("longnn.operators.parts.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"needs pymetis.*pip install pymetis, or take 'breadth'"):
        parts_of(GRID, 2, "metis")


@pytest.mark.parametrize(
    ("count", "partitioner", "message"),
    [
        (0, "auto", "number of parts must be an integer >= 1, got 0"),
        (145, "auto", "144 nodes cannot be cut into 145 parts; take fewer"),
        (2, "kernighan", "unknown partitioner 'kernighan'; choose one of auto, metis, breadth"),
    ],
)
def test_bad_input(count, partitioner, message):
    with pytest.raises(ValueError, match=message):
        parts_of(GRID, count, partitioner)

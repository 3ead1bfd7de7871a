"""The benchmark of order and precision, on tiny sizes; nothing is asserted about time."""

import numpy as np
import pytest

from benchmarks import order, workloads
from benchmarks.training import OURS

MIXED = [*OURS, *(f"{backend}, mixed" for backend in OURS)]


def test_a_geometric_graph_joins_neighbours():
    graph = order.geometric(2000)
    assert 17 < graph.degrees().mean() < 21  # fewer at the edge of the square
    assert np.abs(np.diff(graph.pairs(), axis=1)).mean() > 500  # of numbers that say nothing


@pytest.mark.slow
def test_large_graphs(monkeypatch):
    monkeypatch.setattr(
        order, "measure", lambda calls, _: {n: call().size for n, call in calls.items()}
    )
    lines = list(order.large(300))
    assert len(lines) == 2 * (len(order.WIDTHS) + 2)
    for line in lines:
        if line.what.endswith("find the order"):
            assert set(line.seconds) == {f"{OURS[0]}, rcm"}
        else:
            assert {*MIXED, *(f"{backend}, rcm" for backend in OURS)} <= set(line.seconds)


@pytest.mark.slow
def test_epochs(monkeypatch):
    monkeypatch.setattr(order, "EPOCHS", 2)
    monkeypatch.setattr(order, "ROUNDS", 1)
    (line,) = order.epochs(iter([workloads.power_law(200)]))
    assert set(line.seconds) == set(MIXED)

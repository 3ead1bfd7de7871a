"""The benchmark of few nodes, on tiny sizes; nothing is asserted about time."""

import numpy as np
import pytest

from benchmarks import neighbourhoods


@pytest.mark.slow
def test_lines_of_the_table(tmp_path):
    fit = neighbourhoods.trained(3)
    found = {}
    for name, graph in neighbourhoods.graphs(tmp_path, 2500):
        features = neighbourhoods.mapped_features(tmp_path / "x.npy", graph.num_nodes)
        draws = neighbourhoods.drawn(graph.num_nodes, 4, together=False)
        found[name] = neighbourhoods.measured(graph, features, fit, draws, 3)
        assert found[name]["farthest"] < 1e-5
        assert neighbourhoods.row({"graph": name} | found[name]).startswith(f"| {name} |")
    assert found["power law"]["nodes"] is None
    assert 4 * 13 <= found["grid"]["nodes"] <= 4 * 25
    assert found["grid"]["nodes"] <= found["grid"]["one by one, nodes"]
    side = neighbourhoods.drawn(2500, 4, together=True)
    assert (np.diff(side, axis=1) == 1).all()
    grid = next(neighbourhoods.graphs(tmp_path / "again", 2500))[1]
    features = np.zeros((2500, neighbourhoods.FEATURES), np.float32)
    shares = [line["share"] for line in neighbourhoods.crossing(grid, features, fit, 3, (10, 100))]
    assert 0 < shares[0] < shares[1] < 1

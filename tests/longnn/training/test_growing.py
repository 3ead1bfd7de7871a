"""A graph that grows: trained on a part of Cora, and asked about the nodes that join later."""

import numpy as np
import pytest

import longnn
from longnn.data import Dataset, Splits, splits

SPLITS = 3


def part_of(data: Dataset, nodes: np.ndarray) -> Dataset:
    """The dataset on some of its nodes, with the edges between them alone."""
    return Dataset(
        name="a part of cora",
        graph=data.graph.subgraph(nodes),
        features=data.features[nodes],
        labels=data.labels[nodes],
        classes=data.classes,
    ).prepared("row")


def trained(data: Dataset, drawn: Splits):
    optim = longnn.Optim(max_epochs=200, patience=40)
    return longnn.fit("longnn", data, drawn, optim=optim, settings={"dropout": 0.5})


def inductive(data: Dataset, part: np.ndarray) -> float:
    """The accuracy on the test nodes of a split, of a model that has seen none of them."""
    seen = np.flatnonzero(part != 2)
    own = part[seen]
    own[np.flatnonzero(own == 1)[0]] = 2  # splits need a test node, and this one is not looked at
    fit = trained(part_of(data, seen), Splits("grown", own[None]))
    found = fit.predict(data.graph, data.features, nodes=np.flatnonzero(part == 2))
    return float(np.mean(found.predicted == data.labels[found.nodes].astype(str)))


@pytest.mark.data
@pytest.mark.slow
def test_nodes_of_cora_that_join_later():
    """Within four points of the transductive score; the largest class has 30.2 % of the nodes."""
    data = longnn.data.load("cora", normalize="none")
    drawn = splits.stratified(data, count=SPLITS)
    after = 100 * np.mean([inductive(data, part) for part in drawn.part])
    before = trained(data.prepared("row"), drawn).score().mean
    print(f"inductive {after:.2f}, transductive {before:.2f}")
    assert abs(before - after) < 4
    assert min(before, after) > 80

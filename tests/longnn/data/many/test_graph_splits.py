"""Splits over graphs: sizes, parts, hashes, and what is refused."""

import numpy as np
import pytest

from longnn.data import Splits, own_graphs
from longnn.data.many import families, splits

EDGE, ONES = np.array([[0, 1]]), np.ones((2, 1))


def labelled(labels):
    return own_graphs("d", [EDGE] * len(labels), [ONES] * len(labels), graph_labels=labels)


FORTY = labelled([*[0] * 30, *[1] * 10, -1])


def test_parts_are_of_the_labelled_graphs():
    made = splits.random(FORTY, count=3)
    assert repr(made) == "GraphSplits('random', 3 of 41 graphs: train 28, val 6, test 6)"
    assert (made.part[:, -1] == -1).all()
    assert made.hash == Splits("other", made.part).hash != splits.random(FORTY, first_seed=1).hash
    np.testing.assert_array_equal(made.part[1:], splits.random(FORTY, count=2, first_seed=1).part)


def test_classes_keep_their_shares():
    part = splits.stratified(FORTY, train=0.6, val=0.2).part
    for first, last, count in ((0, 30, [18, 6, 6]), (30, 40, [6, 2, 2])):
        sizes = [(part[:, first:last] == number).sum(axis=1) for number in range(3)]
        np.testing.assert_array_equal(np.transpose(sizes), [count] * 10)


def test_folds_test_every_graph_once():
    part = splits.folds(FORTY, count=5).part
    assert ((part == 2).sum(axis=0)[:-1] == 1).all()
    assert ((part == 1).sum(axis=0)[:-1] == 1).all()
    assert [(part == 2)[:, 30:40].sum(axis=1).tolist()] == [[2] * 5]
    nodes = splits.folds(families.csbm(graphs=7, smallest=10, largest=20), count=3)
    assert sorted((nodes.part == 2).sum(axis=1)) == [2, 2, 3]


def test_the_first_permutation_of_the_legacy_generator():
    data = labelled([0, 1] * 500)
    part = splits.permuted(data).part[0]
    order = np.random.RandomState(42).permutation(1000)
    np.testing.assert_array_equal(np.flatnonzero(part == 0), np.sort(order[:700]))
    np.testing.assert_array_equal(np.flatnonzero(part == 1), np.sort(order[700:850]))


def test_splits_of_a_file(tmp_path):
    part = np.array([[0, 1, 2, *[0] * 38]])
    np.savez(tmp_path / "s.npz", part=part)
    made = splits.file(FORTY, tmp_path / "s.npz")
    assert made.part[0].tolist() == [0, 1, 2, *[0] * 37, -1]
    np.savez(tmp_path / "other.npz", parts=part)
    with pytest.raises(ValueError, match="has no array part, it holds parts"):
        splits.file(FORTY, tmp_path / "other.npz")
    with pytest.raises(ValueError, match=r"expected integers of shape \[S, 41\]"):
        splits.given(FORTY, "mine", part[:, :5])


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: splits.random([1, 2]), "expected a longnn.data.GraphDataset, got list"),
        (lambda: splits.random(own_graphs("d", [EDGE], [ONES])), "no graph of 'd' has a label"),
        (lambda: splits.random(FORTY, train=0.9, val=0.2), "graphs remain for the test"),
        (lambda: splits.random(FORTY, count=0), "number of splits"),
        (lambda: splits.random(labelled([0, 1])), "no labelled graph in its val part"),
        (lambda: splits.folds(FORTY, count=2), r"count in \[3, 40\] for 40 labelled graphs"),
        (lambda: splits.permuted(FORTY), "graph 40 of 'd' has no label"),
        (lambda: splits.fixed(FORTY), "ships no split"),
        (lambda: splits.stratified(families.csbm(graphs=5)), "needs one class a graph"),
        (lambda: splits.given(FORTY, "m", np.full((1, 41), 3)), "value 3 at graph 0"),
    ],
)  # fmt: skip
def test_faults(made, message):
    with pytest.raises(ValueError, match=message):
        made()

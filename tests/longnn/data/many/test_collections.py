"""Datasets of many graphs: what they hold, and what is refused."""

import types

import networkx as nx
import numpy as np
import pytest
from scipy import sparse

from longnn.data import GraphDataset, archive, from_pyg_list, many, own_graphs
from longnn.data.errors import DataFileError
from longnn.data.many.collection import Targets
from longnn.data.many.shown import holds_graphs, load_shown
from longnn.data.own import Options
from longnn.graphs.graph import Graph

PATH, PAIR = np.array([[0, 1], [1, 2]]), np.array([[0, 1]])
FEATURES = [np.arange(6.0).reshape(3, 2), -np.ones((2, 2)), np.full((1, 2), 7.0)]
LABELS = [["a", "b", "b"], ["a", ""], ["c"]]
NONE = np.zeros((0, 2), int)
LISTS = {"edges": [PATH, PAIR, NONE], "features": FEATURES}
UNION = {
    "edges": np.array([[0, 1], [1, 2], [3, 4]]),
    "graph": np.array([0, 0, 0, 1, 1, 2]),
    "features": np.concatenate(FEATURES),
}
MOTIF = np.array([[0, 1], [1, 2], [2, 0]])


def by_lists(folder):
    return own_graphs("d", **LISTS, labels=LABELS)


def by_networkx(folder):
    graphs = [nx.Graph(), nx.Graph(), nx.Graph()]
    for graph, edges, features in zip(graphs, LISTS["edges"], FEATURES, strict=True):
        graph.add_nodes_from(range(len(features)))
        graph.add_edges_from(edges.tolist())
    return own_graphs("d", graphs, FEATURES, LABELS)


def by_sparse(folder):
    features = [sparse.csr_array(one) for one in FEATURES]
    return own_graphs("d", LISTS["edges"], features, LABELS)


def by_pyg(folder):
    code = {"a": 0, "b": 1, "c": 2, "": -1}
    graphs = [
        types.SimpleNamespace(edge_index=e.T, x=x, y=np.array([code[label] for label in y]))
        for e, x, y in zip(LISTS["edges"], FEATURES, LABELS, strict=True)
    ]
    return from_pyg_list(graphs, "d")


def by_npz(folder):
    np.savez(folder / "d.npz", **UNION, labels=np.concatenate(LABELS))
    return many.npz.load(folder / "d.npz")


@pytest.mark.parametrize("entry", [by_lists, by_networkx, by_sparse, by_pyg, by_npz])
def test_every_way_gives_the_same_graphs(tmp_path, entry):
    data = entry(tmp_path)
    assert (len(data), data.level, data.classes, data.name) == (3, "node", 3, "d")
    np.testing.assert_array_equal(data.sizes, [3, 2, 1])
    np.testing.assert_array_equal(data.first, [0, 3, 5, 6])
    np.testing.assert_array_equal(data.labels, [0, 1, 1, 0, -1, 2])
    np.testing.assert_array_equal(data.nodes.graph.pairs(), UNION["edges"])
    features = data.nodes.features
    np.testing.assert_array_equal(
        features.toarray() if sparse.issparse(features) else features, UNION["features"]
    )
    assert data.labelled.tolist() == [True] * 3
    for number, (edges, labels) in enumerate(
        zip(LISTS["edges"], [[0, 1, 1], [0, -1], [2]], strict=True)
    ):
        one = data[number]
        np.testing.assert_array_equal(one.graph.pairs(), edges)
        np.testing.assert_array_equal(one.labels, labels)
    assert data[-1].name == "d[2]"
    with pytest.raises(IndexError):
        data[3]
    taken = data.chosen(np.array([1, 0]))
    np.testing.assert_array_equal(taken.nodes.graph.pairs(), [[0, 1], [2, 3], [3, 4]])
    np.testing.assert_array_equal(taken.labels, [0, -1, 0, 1, 1])


def test_weights_and_rules_hold_inside_each_graph():
    twice = np.array([[0, 1], [1, 0]])
    data = own_graphs(
        "d", [twice, PAIR], [np.ones((2, 1))] * 2, weights=[np.array([1.0, 2.0]), np.array([5.0])],
        options=Options(directions="sum"),
    )  # fmt: skip
    np.testing.assert_array_equal(data.nodes.graph.pair_weights(), [3, 5])
    mixed = own_graphs(
        "d", [Graph.from_edges(PAIR, 2, np.array([4.0])), PAIR], [np.ones((2, 1))] * 2
    )
    np.testing.assert_array_equal(mixed.nodes.graph.pair_weights(), [4, 1])
    np.testing.assert_array_equal(mixed[0].graph.weights, [4, 4])


def test_labels_of_graphs(tmp_path):
    data = own_graphs("d", **LISTS, graph_labels=["x", "", "y"])
    assert (data.level, data.classes, data.class_names) == ("graph", 2, ("x", "y"))
    np.testing.assert_array_equal(data.labels, [0, -1, 1])
    np.testing.assert_array_equal(data.labelled, [True, False, True])
    np.testing.assert_array_equal(data.chosen(np.array([2, 0])).labels, [1, 0])
    values = own_graphs("d", **LISTS, graph_labels=[0.5, np.nan, 2.0], options=Options(metric="r2"))
    assert (values.metric, values.labelled.tolist()) == ("r2", [True, False, True])
    np.savez(tmp_path / "d.npz", **UNION, graph_labels=[0, 1, 1], part=[[0, 1, 2]])
    read = many.npz.load(tmp_path / "d.npz", normalize="standard")
    np.testing.assert_allclose(read.nodes.features.mean(axis=0), 0, atol=1e-6)
    assert many.splits.fixed(read).part.tolist() == [[0, 1, 2]]
    several = [types.SimpleNamespace(edge_index=PAIR.T, x=np.ones((2, 1)), y=np.array([[1, i]]))
               for i in (0, 1)]  # fmt: skip
    tags = from_pyg_list(several, labels_of="graphs", metric="multilabel_micro_f1")
    np.testing.assert_array_equal(tags.labels, [[1, 0], [1, 1]])


def write_tu(folder, **changes):
    files = {
        "A": "1, 2\n2, 1\n2, 3\n4, 5\n",
        "graph_indicator": "1\n1\n1\n2\n2\n3\n",
        "graph_labels": "1\n-1\n1\n",
        **changes,
    }
    (folder / "TOY").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "TOY" / f"TOY_{name}.txt").write_text(text)
    return folder / "TOY"


def test_a_folder_in_the_tu_format(tmp_path):
    data = many.tu.load(write_tu(tmp_path))
    np.testing.assert_array_equal(data.nodes.graph.pairs(), UNION["edges"])
    assert (data.class_names, data.labels.tolist()) == (("-1", "1"), [1, 0, 1])
    np.testing.assert_allclose(data.nodes.features[:, 0], 1)
    np.testing.assert_allclose(data.nodes.features[:, 1], np.log1p([1, 2, 1, 1, 1, 0]), rtol=1e-6)
    files = {"node_labels": "0\n1\n0\n2\n0\n1\n", "node_attributes": "0.5\n" * 6,
             "graph_attributes": "0.1\n0.2\n0.3\n", "edge_labels": "1\n" * 4}  # fmt: skip
    folder = write_tu(tmp_path, **files)
    read = many.tu.load(folder, metric="r2", ignore="edge_labels")
    np.testing.assert_allclose(read.labels, [0.1, 0.2, 0.3], rtol=1e-6)
    np.testing.assert_allclose(
        read.nodes.features,
        np.c_[np.full(6, 0.5), np.eye(3)[[0, 1, 0, 2, 0, 1]]],
    )


TU_FAULTS = {
    "no such file": ({}, {"name": "OTHER"}, "there is no file .*OTHER_A.txt"),
    "edge labels": ({"edge_labels": "1\n"}, {}, "nothing reads; leave it out by ignore='edge_l"),
    "words": ({"A": "one, two\n"}, {}, "TOY_A.txt is damaged or no text file of numbers"),
    "no number": ({"A": ""}, {}, "TOY_A.txt is damaged.*it holds no number"),
    "ragged": ({"A": "1, 2\n3\n"}, {}, "TOY_A.txt is damaged"),
    "infinite": ({"node_attributes": "inf\n" * 6}, {}, "NaN or infinite"),
    "three columns": ({"A": "1, 2, 3\n"}, {}, "must hold 2 whole numbers a line.*got 3 columns"),
    "a fraction": ({"graph_indicator": "1\n1.5\n"}, {}, "must hold 1 whole number a line"),
    "a gap": ({"graph_indicator": "1\n1\n1\n3\n3\n4\n"}, {}, "ascend from 0 without a gap"),
    "not from 1": ({"graph_indicator": "2\n2\n2\n3\n3\n4\n"}, {}, "after one of graph none"),
    "outside": ({"A": "1, 9\n"}, {}, r"must lie in \[0, 6\)"),
    "across": ({"A": "1, 2\n3, 4\n"}, {}, "joins node 2 of graph 0 to node 3 of graph 1"),
    "few labels": ({"graph_labels": "0\n1\n"}, {}, "3 graphs and 2 graph_labels"),
    "wide labels": ({"graph_labels": "0, 1\n" * 3}, {}, "graph_labels has 2 columns"),
    "few lines": ({"node_labels": "1\n2\n"}, {}, "has 2 lines, but 6 nodes"),
    "another option": ({}, {"shuffle": True}, "unknown option 'shuffle'"),
}  # fmt: skip


@pytest.mark.parametrize("fault", TU_FAULTS)
def test_faults_of_tu_folders(tmp_path, fault):
    changes, options, message = TU_FAULTS[fault]
    with pytest.raises((ValueError, DataFileError, TypeError), match=message):
        many.tu.load(write_tu(tmp_path, **changes), **options)


def test_ids_as_labels_of_nodes(tmp_path, monkeypatch):
    count = 1002
    ids = {"A": "1, 2\n", "graph_indicator": "1\n" * (count - 1) + "2\n", "graph_labels": "0\n1\n"}
    folder = write_tu(tmp_path, **ids, node_labels="".join(f"{i}\n" for i in range(count)))
    with pytest.raises(ValueError, match="1002 different labels of 1002 nodes: are they ids"):
        many.tu.load(folder)
    assert many.tu.load(folder, ignore="node_labels").nodes.features.shape == (count, 2)
    write_tu(tmp_path, **ids, node_labels="".join(f"{i % 500}\n" for i in range(count)))
    monkeypatch.setattr(archive, "LIMIT", 1 << 20)
    with pytest.raises(ValueError, match="unpacks to"):
        many.tu.load(folder)


FAULTS = {
    "no graph": ({"edges": [], "features": []}, "has no graph"),
    "fewer features": ({"features": FEATURES[:2]}, "edges of 3 graphs and features of 2"),
    "other nodes": ({"edges": [PATH, PAIR, Graph.from_edges(PAIR, 2)]},
                    "graph of 2 nodes and 1 rows of features"),
    "other columns": ({"features": [*FEATURES[:2], np.ones((1, 3))]},
                      "features of graph 2 of d have 3 columns, but those of graph 0 2"),
    "an edge outside": ({"edges": [PATH, PATH, NONE]}, r"must lie in \[0, 2\)"),
    "a word": ({"features": [FEATURES[0], FEATURES[1], np.array([["x", "y"]])]},
               "features of graph 2 of d"),
    "one label a graph": ({"labels": [0, 1, 0]}, "labels of graph 0 of d are 1, expected 3"),
    "a wrong label": ({"labels": [[0, 1, 0], [1, -7], [0]]}, "label of node 1 of graph 1 of d is"),
    "both": ({"labels": LABELS, "graph_labels": [0, 1, 0]}, "labels of nodes and of graphs"),
    "two graph labels": ({"graph_labels": [0, 1]}, "has 3 graphs and 2 graph_labels"),
    "a wrong graph label": ({"graph_labels": [0, 1, -7]}, "label of graph 2 of d is -7"),
    "ignore": ({"options": Options(ignore="x")}, "ignore='x' is for files"),
    "directed": ({"options": Options(directed=True)}, "directed keeps directions of one graph"),
    "no edge": ({"edges": [NONE] * 3}, "has no edge"),
    "splits": ({"shipped": {"fixed": np.zeros((1, 4), int)}}, r"expected \[S, 3\]"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_lists(fault):
    changes, message = FAULTS[fault]
    with pytest.raises(ValueError, match=message):
        own_graphs("d", **{**LISTS, **changes})


NPZ_FAULTS = {
    "no graph": ({"graph": None}, "has no array graph"),
    "near": ({"edge_weight": np.ones(3)}, "edge_weight"),
    "fractions": ({"graph": np.ones(6)}, "expected the number of its graph for each node"),
    "falling": ({"graph": np.array([0, 1, 0, 1, 1, 2])}, "node 2 of d is in graph 0 after one of"),
    "other rows": ({"features": np.ones((5, 2))}, r"has shape|features of dataset"),
    "across": ({"edges": np.array([[0, 5]])}, "joins node 0 of graph 0 to node 5 of graph 2"),
}  # fmt: skip


@pytest.mark.parametrize("fault", NPZ_FAULTS)
def test_faults_of_npz_files(tmp_path, fault):
    changes, message = NPZ_FAULTS[fault]
    arrays = {k: v for k, v in {**UNION, **changes}.items() if v is not None}
    np.savez(tmp_path / "d.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        many.npz.load(tmp_path / "d.npz")


def pyg(**changes):
    return types.SimpleNamespace(**{"edge_index": PAIR.T, "x": np.ones((2, 1)), **changes})


@pytest.mark.parametrize(
    ("graphs", "options", "message"),
    [
        ([pyg(x=None)], {}, "graph 0: the Data has no x"),
        ([pyg(), pyg(edge_attr=np.ones(1))], {}, "graph 1: the Data has edge_attr"),
        ([pyg(train_mask=np.ones(2, bool))], {}, "whole graphs are split"),
        ([pyg(edge_index=np.ones((3, 1), int))], {}, r"expected \[2, E\]"),
        ([pyg(y=np.zeros(2)), pyg()], {}, "graph 1 of pyg has no y"),
        ([pyg(y=np.zeros(2))], {"labels_of": "graphs"}, r"expected \[1\], one label of the graph"),
        ([pyg()], {"labels_of": "edges"}, "unknown labels_of"),
    ],
)
def test_faults_of_pyg_lists(graphs, options, message):
    with pytest.raises(ValueError, match=message):
        from_pyg_list(graphs, **options)


def test_a_dataset_checks_what_it_is_made_of():
    nodes = own_graphs("d", **LISTS).nodes
    for sizes, message in [([3, 3], "split 'x'"), ([3, 2], "add up to 5"),
                           ([3, 3, 0], "whole numbers"), ([6.0], "float64")]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            GraphDataset(nodes, np.array(sizes), shipped={"x": np.zeros((1, 1), int)})
    for targets, message in [
        (Targets(np.zeros(2, np.int64), 2), "are int64 of shape"),
        (Targets(np.zeros(3, np.int64), 2, "fit"), "metric must be one of"),
        (Targets(np.zeros(3, np.int64), 2, "accuracy", ("a", "a")), "1 different class_names"),
    ]:
        with pytest.raises(ValueError, match=message):
            GraphDataset(nodes, np.array([3, 2, 1]), targets)


@pytest.mark.parametrize("draw", [many.families.csbm, many.families.sbm])
def test_families_share_their_class_means(draw):
    data = draw(graphs=60, smallest=40, largest=60, seed=3)
    assert data.checksum == draw(graphs=60, smallest=40, largest=60, seed=3).checksum
    assert data.checksum != draw(graphs=60, smallest=40, largest=60, seed=4).checksum
    assert data.sizes.min() >= 40
    assert data.sizes.max() <= 60
    halves = [data.chosen(np.arange(30)).nodes, data.chosen(np.arange(30, 60)).nodes]
    first, second = (
        np.stack([half.features[half.labels == c].mean(axis=0) for c in range(data.classes)])
        for half in halves
    )
    apart = np.linalg.norm(first[0] - first[1])
    assert np.linalg.norm(first - second, axis=1).max() < 0.5 * apart
    edge = many.statistics.describe(data)["homophily, edge"]
    assert edge < 0.2 if draw is many.families.csbm else edge > 0.5
    for wrong in ({"graphs": 0}, {"smallest": 9, "largest": 8}, {"smallest": 3}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            draw(**wrong)


def test_a_family_of_impossible_probabilities():
    for wrong in ({"inside": 1.5}, {"classes": 1}, {"separation": -1.0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            many.families.sbm(**wrong)
    with pytest.raises(ValueError, match="phi in"):
        many.families.csbm(phi=2.0)


def test_statistics_of_known_graphs():
    ring = nx.cycle_graph(4)
    data = own_graphs(
        "d", [MOTIF, ring, NONE], [np.ones((3, 1)), np.ones((4, 1)), np.ones((1, 1))],
        [[0, 0, 1], [0, 1, 0, 1], [1]],
    )  # fmt: skip
    found = many.statistics.describe(data)
    assert (found["graphs"], found["nodes"], found["edges"]) == (3, 8, 7)
    assert (found["connected graphs"], found["isolated nodes"]) == (3, 1)
    np.testing.assert_allclose(many.statistics.edge_homophily(data), [1 / 3, 0, np.nan])
    np.testing.assert_allclose(found["homophily a graph, mean"], 1 / 6)
    np.testing.assert_allclose(found["homophily, edge"], 1 / 7)
    # L of a triangle has 0, 1.5, 1.5; of a ring of four 0, 1, 1, 2; of a node alone 1
    np.testing.assert_allclose(many.statistics.eigenvalues(data, 0), [0, 1.5, 1.5], atol=1e-12)
    np.testing.assert_allclose(found["least nonzero lambda, mean"], (1.5 + 1 + 1) / 3)
    np.testing.assert_allclose(found["largest lambda, mean"], (1.5 + 2 + 1) / 3)
    np.testing.assert_allclose(found["share of lambda < 0.5"], 2 / 8)
    graphs = own_graphs("d", **LISTS, graph_labels=[0, 1, 1])
    assert many.statistics.describe(graphs)["graphs of class 1"] == 2
    with pytest.raises(ValueError, match="homophily is of one class a node"):
        many.statistics.edge_homophily(graphs)
    values = own_graphs("d", **LISTS, graph_labels=[0.0, 1.0, 5.0], options=Options(metric="r2"))
    assert many.statistics.describe(values)["label mean"] == 2


def test_what_can_be_shown(tmp_path):
    np.savez(tmp_path / "d.npz", **UNION)
    np.savez(tmp_path / "one.npz", edges=PAIR)
    folder = write_tu(tmp_path)
    names = ["csbm_graphs", tmp_path / "d.npz", folder, tmp_path / "one.npz", tmp_path, "cora"]
    assert [holds_graphs(str(name)) for name in names] == [True, True, True, False, False, False]
    assert len(load_shown("sbm_graphs", ["graphs=3", "dataset.inside=0.2"])) == 3
    assert load_shown(str(tmp_path / "d.npz"), ["normalize=standard"]).sizes.tolist() == [3, 2, 1]
    assert len(load_shown(str(folder), [])) == 3
    with pytest.raises(ValueError, match=r"unknown setting.*did you mean graphs"):
        load_shown("sbm_graphs", ["graph=3"])
    with pytest.raises(ValueError, match="expected KEY=VALUE"):
        load_shown("sbm_graphs", ["graphs"])

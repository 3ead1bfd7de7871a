"""A user's own graph: files and objects in, a checked dataset out, by stated rules."""

import types
from functools import partial

import networkx as nx
import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest
from scipy import sparse

from longnn.data import DataFileError, Dataset, archive, edgelist, npz
from longnn.data.errors import RenumberedLabelsWarning
from longnn.data.own import Options, own_dataset
from longnn.data.pyg import from_pyg
from longnn.data.reduce import reduced
from longnn.graphs.convert import (
    from_jraph,
    from_networkx,
    from_scipy,
    to_jraph,
    to_scipy,
)
from longnn.graphs.graph import Graph

EDGES = np.array([[0, 1], [1, 0], [1, 2], [1, 2], [3, 3]])
WEIGHTS = np.array([1.0, 3.0, 2.0, 5.0, 7.0])
FEATURES = np.arange(10, dtype=np.float32).reshape(5, 2)
LABELS = np.array([0, 1, 0, 1, -1])


def dense(**rules):
    return to_scipy(Graph.from_edges(EDGES, 5, WEIGHTS, **rules)).toarray()


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({}, {(0, 1): 3, (1, 2): 5}),
        ({"directions": "both"}, {(0, 1): 1}),
        ({"directions": "sum"}, {(0, 1): 4, (1, 2): 5}),
        ({"duplicates": "sum"}, {(0, 1): 3, (1, 2): 7}),
        ({"directions": "sum", "duplicates": "sum"}, {(0, 1): 4, (1, 2): 7}),
        ({"self_loops": "keep"}, {(0, 1): 3, (1, 2): 5, (3, 3): 7}),
        ({"self_loops": "keep", "directions": "both"}, {(0, 1): 1, (3, 3): 7}),
    ],
)
def test_rules(rules, expected):
    matrix = np.zeros((5, 5))
    for (i, j), weight in expected.items():
        matrix[i, j] = matrix[j, i] = weight
    np.testing.assert_array_equal(dense(**rules), matrix)


@pytest.mark.parametrize("rule", ["directions", "duplicates", "self_loops"])
def test_unknown_rule(rule):
    with pytest.raises(ValueError, match=f"unknown {rule} 'x'; choose one of "):
        dense(**{rule: "x"})


def test_unweighted_stays_unweighted_unless_a_rule_adds_up():
    assert Graph.from_edges(EDGES, 5).weights is None
    assert Graph.from_edges(EDGES, 5, duplicates="sum").weights is not None


def test_self_loops_of_weight_one_are_gcns():
    graph = Graph.from_edges(EDGES, 5)
    looped = graph.with_self_loops()
    assert (looped.weights, looped.num_edges) == (None, 2 + 5)
    np.testing.assert_array_equal(to_scipy(looped).toarray(), to_scipy(graph) + np.eye(5))
    heavy = to_scipy(looped.with_self_loops(0.5)).toarray()
    np.testing.assert_array_equal(heavy, to_scipy(graph) + 1.5 * np.eye(5))
    with pytest.raises(ValueError, match="finite weight > 0, got -1"):
        graph.with_self_loops(-1)


def test_components_against_networkx():
    edges = np.random.default_rng(0).integers(0, 200, (90, 2))
    found = Graph.from_edges(edges, 200).components()
    reference = nx.Graph(edges.tolist())
    reference.add_nodes_from(range(200))
    sets = sorted(nx.connected_components(reference), key=len, reverse=True)
    assert len(sets[0]) == (found == 0).sum()
    assert {frozenset(np.flatnonzero(found == c).tolist()) for c in range(found.max() + 1)} == {
        frozenset(s) for s in sets
    }


@pytest.mark.parametrize(("keep", "nodes"), [("all", 5), ("linked", 3), ("largest", 3)])
def test_reduced(keep, nodes):
    made = own_dataset(
        "d", EDGES, FEATURES, LABELS, weights=WEIGHTS, shipped={"fixed": np.arange(5)[None] % 3}
    )
    small = reduced(made, keep)
    assert small.graph.num_nodes == len(small.labels) == len(small.features) == nodes
    np.testing.assert_array_equal(small.shipped["fixed"], np.arange(nodes)[None] % 3)
    a = to_scipy(made.graph).toarray()[:nodes, :nodes]
    np.testing.assert_array_equal(to_scipy(small.graph).toarray(), a)


def test_reduced_refuses():
    graph = Graph.from_edges(EDGES[:0], 5)
    made = Dataset("d", graph, FEATURES, LABELS, 2)
    with pytest.raises(ValueError, match="no edge, so keep='linked' leaves no node"):
        reduced(made, "linked")
    with pytest.raises(ValueError, match="unknown keep 'x'; choose one of all, linked, largest"):
        reduced(made, "x")


def write_npz(path, **changes):
    arrays = {"edges": EDGES, "features": FEATURES, "labels": LABELS} | changes
    np.savez(path, **{k: v for k, v in arrays.items() if v is not None})
    return path


def test_npz(tmp_path):
    part = np.array([[0, 0, 1, 2, 2]])
    path = write_npz(tmp_path / "mine.npz", weights=WEIGHTS, part=part)
    made = npz.load(path, directions="sum", normalize="standard")
    assert (made.name, made.classes, made.metric) == ("mine", 2, "accuracy")
    np.testing.assert_array_equal(to_scipy(made.graph).toarray(), dense(directions="sum"))
    np.testing.assert_allclose(made.features.std(axis=0), 1, rtol=1e-6)
    np.testing.assert_array_equal(made.shipped["fixed"], part)
    assert made.checksum != npz.load(write_npz(path, labels=LABELS[::-1])).checksum


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"edges": None}, "no array edges, it holds features, labels; write it with"),
        ({"edges": EDGES.astype(float)}, "edges must be integers"),
        ({"edges": EDGES + 3}, r"node indices must lie in \[0, 5\)"),
        ({"edges": EDGES[:0]}, "has no edge"),
        ({"features": FEATURES[:3]}, "features .* have shape"),
        ({"features": FEATURES * np.nan}, "NaN or infinite"),
        ({"labels": LABELS + 0.5}, "label of node 0 of bad is 0.5, expected a whole number"),
        ({"labels": np.array(["a"] * 5)}, r"has 1 class \('a'\)"),
        ({"labels": LABELS * 0}, "has 1 class"),
        ({"labels": LABELS[:0]}, "expected one number or text a node"),
        ({"labels": LABELS - 1}, "label of node 4 of bad is -2, expected a whole number >= 0"),
        ({"weights": -WEIGHTS}, "finite and positive"),
        ({"part": np.zeros((1, 4), int)}, r"expected \[S, 5\]"),
    ],
)
def test_npz_refuses(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        npz.load(write_npz(tmp_path / "bad.npz", **changes))


class Evil:
    def __reduce__(self):
        return (open, ("never-written", "w"))


VALUES = np.array([0.5, -1.0, 2.0, np.nan, 0.25])


def test_real_values_in_npz(tmp_path):
    part = np.array([[0, 1, 2, 2, -1]])
    path = write_npz(tmp_path / "mine.npz", labels=VALUES, part=part)
    made = npz.load(path, metric="r2")
    assert (made.classes, made.metric, made.labels.dtype) == (1, "r2", np.float32)
    np.testing.assert_array_equal(made.labels, VALUES.astype(np.float32))
    np.testing.assert_array_equal(made.labelled, [True, True, True, False, True])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (LABELS, r"int64 .* expected one float a node .*use \.astype\(numpy\.float32\)"),
        (VALUES[:, None] * [1, 1], "expected one number or text a node"),
        (np.where(VALUES > 1, np.inf, VALUES), "label of node 2 in dataset 'bad' is inf"),
        (VALUES * np.nan, "the 0 labels of bad do not differ"),
        (VALUES * 0, "the 4 labels of bad do not differ"),
    ],
)
def test_real_values_are_checked(tmp_path, labels, message):
    with pytest.raises(ValueError, match=message):
        npz.load(write_npz(tmp_path / "bad.npz", labels=labels), metric="r2")


def test_real_values_without_their_metric(tmp_path):
    with pytest.raises(ValueError, match=r"expected a whole number.* or use metric r2"):
        npz.load(write_npz(tmp_path / "bad.npz", labels=VALUES))


def test_npz_of_objects_is_not_unpickled(tmp_path):
    path = write_npz(tmp_path / "evil.npz", features=np.array([Evil()] * 5, object))
    with pytest.raises(DataFileError, match="holds objects"):
        npz.load(path)
    with pytest.raises(DataFileError, match="the pickle asks for"):
        archive.read_npz_objects(path)


def test_zip_bomb_is_bounded(tmp_path, monkeypatch):
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, edges=np.zeros(10**7, np.uint8))
    assert path.stat().st_size < 10**5
    monkeypatch.setattr(archive, "LIMIT", 10**6)
    with pytest.raises(DataFileError, match=r"unpacks to 0\.01 GB, more than the 0\.001 GB"):
        npz.load(path)


def test_header_is_not_believed(tmp_path):
    path = tmp_path / "lies.npz"
    np.savez(path, edges=np.zeros(4))
    content = path.read_bytes().replace(b"'shape': (4,), }", b"'shape': (9**9,)}"[:16])
    path.write_bytes(content)
    with pytest.raises(DataFileError, match="damaged"):
        npz.load(path)


def write_tables(folder, edges=None, features=None, labels=None):
    texts = {
        "edges": "source,target,weight\na,b,1\nb,a,3\nb,c,2\n",
        "features": "node,x,y\nc,1,2\na,3,4\nb,5,6\n",
        "labels": "node,label\na,cat\nb,dog\nc,\n",
    } | {k: v for k, v in dict(edges=edges, features=features, labels=labels).items() if v}
    paths = {}
    for name, text in texts.items():
        paths[name] = folder / f"{name}.csv"
        paths[name].write_text(text)
    return paths


def test_edge_list(tmp_path):
    made = edgelist.load(**write_tables(tmp_path), name="pets")
    np.testing.assert_array_equal(made.labels, [-1, 0, 1])  # c, a, b
    np.testing.assert_array_equal(made.features, [[1, 2], [3, 4], [5, 6]])
    expected = [[0, 0, 2], [0, 0, 3], [2, 3, 0]]
    np.testing.assert_array_equal(to_scipy(made.graph).toarray(), expected)


def test_edge_list_from_parquet(tmp_path):
    paths = write_tables(tmp_path)
    made = edgelist.load(**paths)
    for name, path in paths.items():
        paths[name] = path.with_suffix(".parquet")
        pyarrow.parquet.write_table(pyarrow.csv.read_csv(path), paths[name])
    again = edgelist.load(**paths)
    np.testing.assert_array_equal(again.labels, made.labels)
    np.testing.assert_array_equal(again.features, made.features)
    np.testing.assert_array_equal(again.graph.weights, made.graph.weights)


@pytest.mark.filterwarnings("ignore::longnn.data.RenumberedLabelsWarning")
@pytest.mark.parametrize(("metric", "expected"), [("accuracy", [-1, 0, 1]), ("r2", [np.nan, 2, 7])])
def test_no_label_in_a_parquet_column_of_numbers(tmp_path, metric, expected):
    paths = write_tables(tmp_path)
    paths["labels"] = tmp_path / "l.parquet"
    table = pyarrow.table({"node": ["a", "b", "c"], "label": pyarrow.array([2, 7, None])})
    pyarrow.parquet.write_table(table, paths["labels"])
    np.testing.assert_array_equal(edgelist.load(**paths, metric=metric).labels, expected)


def test_whole_number_labels_keep_their_order(tmp_path):
    paths = write_tables(tmp_path, labels="node,label\na,10\nb,9\nc,100\n")
    with pytest.warns(RenumberedLabelsWarning, match="9 -> 0, 10 -> 1, 100 -> 2;"):
        made = edgelist.load(**paths)
    np.testing.assert_array_equal(made.labels, [2, 1, 0])
    assert made.class_names == ("9", "10", "100")


def test_real_values_in_a_table(tmp_path):
    text = "node,label\na,-1.5\nb,\nc,2e-1\n"
    made = edgelist.load(**write_tables(tmp_path, labels=text), metric="r2")
    np.testing.assert_array_equal(made.labels, np.array([0.2, -1.5, np.nan], np.float32))  # c, a, b
    unlisted = edgelist.load(**write_tables(tmp_path, labels=text.replace("b,\n", "")), metric="r2")
    np.testing.assert_array_equal(unlisted.labels, made.labels)
    with pytest.raises(
        ValueError, match=r"label of node 'b' of .*labels\.csv is 'dog', expected a num"
    ):
        edgelist.load(**write_tables(tmp_path, labels=text.replace("b,", "b,dog")), metric="r2")


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"edges": "s,t\na,z\n"}, ValueError, "names node 'z', which has no row of features"),
        ({"edges": "s,t,w\na,b,1\n"}, ValueError, "at most 'weight'"),
        ({"edges": "s,t,weight\na,b,heavy\n"}, ValueError, "column 'weight'.* got 'heavy'"),
        ({"features": "node,x\na,1\na,2\nb,1\n"}, ValueError, "lists node 'a' 2 times"),
        ({"features": "node,x\na,1\nb\n"}, DataFileError, "line 3 .* has 1 cells"),
        ({"features": "node,x\n"}, DataFileError, "0 rows"),
        ({"labels": "node\na\n"}, DataFileError, "has 1 columns"),
    ],
)
def test_edge_list_refuses(tmp_path, changes, error, message):
    with pytest.raises(error, match=message):
        edgelist.load(**write_tables(tmp_path, **changes))


def test_tables_of_another_kind(tmp_path):
    paths = write_tables(tmp_path)
    with pytest.raises(DataFileError, match=r"ends in '\.txt', expected \.csv or \.parquet"):
        edgelist.load(**paths | {"edges": paths["edges"].rename(tmp_path / "e.txt")})
    with pytest.raises(DataFileError, match="there is no file"):
        edgelist.load(**paths | {"edges": tmp_path / "none.csv"})


def test_networkx_kinds():
    directed = nx.MultiDiGraph([("b", "a", {"weight": 2}), ("a", "b"), ("b", "a", {"weight": 4})])
    directed.add_node("c")
    graph = from_networkx(directed, directions="sum", duplicates="sum")
    np.testing.assert_array_equal(to_scipy(graph).toarray()[0], [0, 7, 0])  # b: 2 + 4, and 1 back
    plain = nx.karate_club_graph()
    np.testing.assert_array_equal(
        to_scipy(from_networkx(plain)).toarray(), nx.to_numpy_array(plain)
    )
    with pytest.raises(ValueError, match="num_nodes >= 1"):
        from_networkx(nx.Graph())


def test_rules_reach_every_door():
    matrix = sparse.coo_array(([2.0, 1.0], ([0, 1], [1, 0])), (2, 2))
    assert from_scipy(matrix, directions="both").weights.tolist() == [1, 1]
    graphs = to_jraph(Graph.from_edges(EDGES, 5))
    assert from_jraph(graphs, directions="sum").weights.tolist() == [2] * 4


def test_pyg_by_its_attributes():
    mask = np.array([True, False, False, False, True])
    data = types.SimpleNamespace(
        edge_index=EDGES.T, x=FEATURES, y=LABELS, edge_weight=WEIGHTS,
        train_mask=mask, val_mask=np.roll(mask, 1) & ~mask, test_mask=np.arange(5) == 2,
    )  # fmt: skip
    made = from_pyg(data, directions="sum")
    np.testing.assert_array_equal(to_scipy(made.graph).toarray(), dense(directions="sum"))
    assert made.shipped["fixed"].shape == (1, 5)
    assert made.shipped["fixed"][0, [0, 4]].tolist() == [0, 0]
    assert not from_pyg(types.SimpleNamespace(edge_index=EDGES.T, x=FEATURES)).labelled.any()
    with pytest.raises(ValueError, match="has no x; it needs edge_index and x"):
        from_pyg(types.SimpleNamespace(edge_index=EDGES.T, y=LABELS))
    data.num_nodes = 7
    with pytest.raises(ValueError, match="num_nodes 7 and x of 5 rows"):
        from_pyg(data)


def test_unknown_option():
    with pytest.raises(TypeError, match="normalise"):
        Options(normalise="row")


@pytest.mark.parametrize(
    ("edges", "weights"),
    [
        (EDGES, WEIGHTS),
        (sparse.coo_array((WEIGHTS, EDGES.T), (5, 5)), None),
    ],
    ids=["edges", "scipy"],
)
def test_directions_are_kept_where_they_are_asked_for(edges, weights):
    make = partial(own_dataset, "mine", edges, FEATURES, LABELS, weights=weights)
    assert make().digraph is None
    made = make(options=Options(directed=True, duplicates="sum")).digraph
    assert made.edges.tolist() == [[0, 1], [1, 0], [1, 2]]
    assert made.weights.tolist() == [1, 3, 7]
    graph = Graph.from_edges(EDGES, 5)
    with pytest.raises(ValueError, match="has a Graph for edges, of which no directions"):
        own_dataset("mine", graph, FEATURES, LABELS, options=Options(directed=True))

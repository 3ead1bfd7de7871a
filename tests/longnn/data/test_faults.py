"""What comes of faulty graphs of a user's: the right value or a message, in every format.

A new loader joins by one line in `ENTRIES`: a function that writes or makes the arrays in its
format and loads them. A new fault joins by one line in a table below.
"""

import types
from contextlib import nullcontext

import jraph
import networkx as nx
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from scipy import sparse

from longnn.data import (
    edgelist,
    from_pyg,
    from_pyg_list,
    many,
    npz,
    own_dataset,
    own_graphs,
)
from longnn.data.errors import RenumberedLabelsWarning
from longnn.data.own import Options
from longnn.graphs.convert import from_jraph, to_scipy
from longnn.graphs.graph import Graph

NODES = 12
RING = np.stack([np.arange(NODES), (np.arange(NODES) + 1) % NODES], axis=1)
GIVEN = {
    "edges": RING,
    "features": np.random.default_rng(0).normal(size=(NODES, 3)),
    "labels": np.arange(NODES) % 2,
}
TWICE = np.concatenate([RING, RING])  # parallel edges, in one direction
NAMES = [f"n{number}" for number in range(NODES)]


def rules_of(options):
    return {k: v for k, v in options.items() if k in ("directions", "duplicates", "self_loops")}


def others_of(options):
    return Options(**{k: v for k, v in options.items() if k not in rules_of(options)})


def by_npz(folder, given, options):
    np.savez(folder / "d.npz", **{k: v for k, v in given.items() if v is not None})
    return npz.load(folder / "d.npz", **options)


def columns_of(given):
    """The three tables as columns by their names."""
    edges, weights, features = (given.get(k) for k in ("edges", "weights", "features"))
    ends = {"source": [NAMES[i] for i in edges[:, 0]], "target": [NAMES[i] for i in edges[:, 1]]}
    return {
        "edges": ends | ({} if weights is None else {"weight": weights}),
        "features": {"node": NAMES} | {f"x{i}": column for i, column in enumerate(features.T)},
        "labels": {"node": NAMES, "label": given["labels"]},
    }


def by_csv(folder, given, options):
    for name, columns in columns_of(given).items():
        rows = zip(*columns.values(), strict=True)
        lines = [",".join(columns), *(",".join(map(str, row)) for row in rows)]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return edgelist.load(*(folder / f"{n}.csv" for n in columns_of(given)), **options)


def by_parquet(folder, given, options):
    for name, columns in columns_of(given).items():
        plain = {
            key: [str(v) for v in values] if np.iscomplexobj(values) else values
            for key, values in columns.items()
        }
        pyarrow.parquet.write_table(pyarrow.table(plain), folder / f"{name}.parquet")
    return edgelist.load(*(folder / f"{n}.parquet" for n in columns_of(given)), **options)


def by_scipy(folder, given, options):
    weights, (rows, columns) = given.get("weights"), given["edges"].T
    values = np.ones(len(rows), bool) if weights is None else weights
    matrix = sparse.coo_array((values, (rows, columns)), shape=(NODES, NODES))
    return own_dataset("d", matrix, given["features"], given["labels"], options=Options(**options))


def by_networkx(folder, given, options):
    graph, weights = nx.MultiDiGraph(), given.get("weights")
    graph.add_nodes_from(range(NODES))
    for number, (i, j) in enumerate(given["edges"].tolist()):
        graph.add_edge(i, j, **({} if weights is None else {"weight": weights[number]}))
    return own_dataset("d", graph, given["features"], given["labels"], options=Options(**options))


def by_jraph(folder, given, options):
    (senders, receivers), count = given["edges"].T, len(given["edges"])
    graphs = jraph.GraphsTuple(
        senders=senders, receivers=receivers, edges=given.get("weights"), nodes=None,
        globals=None, n_node=np.array([NODES]), n_edge=np.array([count]),
    )  # fmt: skip
    graph = from_jraph(graphs, **rules_of(options))
    return own_dataset("d", graph, given["features"], given["labels"], options=others_of(options))


def by_pyg(folder, given, options):
    data = types.SimpleNamespace(
        edge_index=given["edges"].T, x=given["features"], y=given["labels"],
        edge_weight=given.get("weights"),
    )  # fmt: skip
    return from_pyg(data, **options)


def by_arrays(folder, given, options):
    return own_dataset("d", **given, options=Options(**options))


def by_graph(folder, given, options):
    graph = Graph.from_edges(given["edges"], NODES, given.get("weights"), **rules_of(options))
    return own_dataset("d", graph, given["features"], given["labels"], options=others_of(options))


def by_sparse_features(folder, given, options):
    values = given["features"]
    if np.asarray(values).dtype.kind in "fiubc":
        place = np.indices(values.shape).reshape(2, -1)
        values = sparse.coo_array((values.ravel(), place), shape=values.shape)
    return by_arrays(folder, given | {"features": values}, options)


def by_many_npz(folder, given, options):
    np.savez(folder / "d.npz", **given, graph=np.zeros(NODES, int))
    return many.npz.load(folder / "d.npz", **options).nodes


def by_many_lists(folder, given, options):
    lists = {key: [value] for key, value in given.items()}
    return own_graphs("d", **lists, options=Options(**options)).nodes


def by_many_pyg(folder, given, options):
    data = types.SimpleNamespace(
        edge_index=given["edges"].T, x=given["features"], y=given["labels"],
        edge_weight=given.get("weights"),
    )  # fmt: skip
    return from_pyg_list([data], **options).nodes


ENTRIES = {
    "npz": by_npz,
    "csv": by_csv,
    "parquet": by_parquet,
    "scipy": by_scipy,
    "networkx": by_networkx,
    "jraph": by_jraph,
    "pyg": by_pyg,
    "arrays": by_arrays,
    "graph": by_graph,
    "sparse features": by_sparse_features,
    "many graphs, npz": by_many_npz,
    "many graphs, lists": by_many_lists,
    "many graphs, pyg": by_many_pyg,
}

everywhere = pytest.mark.parametrize("entry", ENTRIES)

RENUMBERED = pytest.warns(RenumberedLabelsWarning, match="numbered in their order")


def ring(value):
    matrix = np.zeros((NODES, NODES))
    matrix[RING[:, 0], RING[:, 1]] = matrix[RING[:, 1], RING[:, 0]] = value
    return matrix


ADD = {"duplicates": "sum"}


@everywhere
@pytest.mark.parametrize(
    ("dtype", "value", "total"),
    [
        (np.uint8, 200, 400),
        (np.int8, 100, 200),
        (np.uint16, 60_000, 120_000),
        (np.int32, 2**31 - 1, 2.0**32 - 2),
        (np.uint64, 2**63, 2.0**64),
        (np.float32, 2.0**24 + 2, 2.0**25 + 4),
    ],
)
def test_weights_of_narrow_types_are_added_exactly(tmp_path, entry, dtype, value, total):
    given = GIVEN | {"edges": TWICE, "weights": np.full(2 * NODES, value, dtype)}
    made = ENTRIES[entry](tmp_path, given, ADD)
    exact = 2 * float(dtype(value))
    np.testing.assert_array_equal(to_scipy(made.graph).toarray(), ring(exact))
    assert exact == total
    looped = to_scipy(made.graph.with_self_loops(1.0)).toarray()
    np.testing.assert_array_equal(looped, ring(exact) + np.eye(NODES))
    np.testing.assert_array_equal(made.graph.degrees(), 2 * exact)


@everywhere
@pytest.mark.parametrize(
    ("dtype", "value"), [(np.uint8, 200), (np.int8, 100), (np.float32, 0.1), (bool, True)]
)
def test_both_directions_are_added_exactly(tmp_path, entry, dtype, value):
    both = np.concatenate([RING, RING[:, ::-1]])
    given = GIVEN | {"edges": both, "weights": np.full(2 * NODES, value, dtype)}
    if entry == "csv" and dtype is bool:
        given["weights"] = given["weights"].astype(int)  # the text of a truth value is no number
    made = ENTRIES[entry](tmp_path, given, {"directions": "sum"})
    exact = (
        float(str(dtype(value))) if entry == "csv" and dtype is not bool else float(dtype(value))
    )
    np.testing.assert_array_equal(to_scipy(made.graph).toarray(), ring(2 * exact))


NO = np.nan
LABELS = {
    "from one": (np.arange(NODES) % 2 + 1, ["1", "2"], [0, 1], True),
    "ids of classes": (np.where(np.arange(NODES) % 2, 200_000, 100_000), ["100000", "200000"],
                       [0, 1], True),
    "10^18": (np.where(np.arange(NODES) % 2, 10**18, 3), ["3", str(10**18)], [0, 1], True),
    "beyond int64": (np.array([3, 2**70] * 6, object), ["3", str(2**70)], [0, 1], True),
    "-1": (np.array([0, -1, 1] * 4), ["0", "1"], [0, -1, 1], False),
    "NaN": (np.array([0, NO, 1] * 4), ["0", "1"], [0, -1, 1], False),
    "whole floats": (np.array([1.0, NO, 3.0] * 4), ["1", "3"], [0, -1, 1], True),
    "uint8": (np.array([0, 1, 2] * 4, np.uint8), ["0", "1", "2"], [0, 1, 2], False),
    "truth values": (np.array([True, False] * 6), ["0", "1"], [1, 0], False),
    "texts": (np.array(["dog", "cat"] * 6), ["cat", "dog"], [1, 0], False),
    "blanks": (np.array(["a ", " b", "a", "b"] * 3), ["a", "b"], [0, 1, 0, 1], False),
    "no label as text": (np.array(["b", "", "nan", "NaN", "NA", "N/A", "null", "None", "NONE",
                                   "a", "na", "a"]), ["a", "b"],
                         [1, -1, -1, -1, -1, -1, -1, -1, -1, 0, -1, 0], False),
    "numbers as text": (np.array(["10", "9", "-1", "1.0"] * 3), ["1", "9", "10"],
                        [2, 1, -1, 0], True),
    "-1 beside words": (np.array(["a", "-1"] * 6), ["-1", "a"], [1, 0], True),
    "underscores": (np.array(["1_000", "2_000"] * 6), ["1_000", "2_000"], [0, 1], False),
    "objects": (np.array([0, None, 1, NO] * 3, object), ["0", "1"], [0, -1, 1, -1], False),
}  # fmt: skip


@everywhere
@pytest.mark.parametrize("fault", LABELS)
def test_labels_become_classes_by_one_rule(tmp_path, entry, fault):
    labels, names, numbers, told = LABELS[fault]
    if labels.dtype == object and entry in ("npz", "parquet", "many graphs, npz"):
        labels = np.array(["" if label in (None, NO) else str(label) for label in labels])
    if fault == "truth values" and entry == "csv":
        labels = labels.astype(int)
    with RENUMBERED if told else nullcontext():
        made = ENTRIES[entry](tmp_path, GIVEN | {"labels": labels}, {})
    assert (made.class_names, made.classes) == (tuple(names), len(names))
    np.testing.assert_array_equal(made.labels, np.resize(numbers, NODES))


@everywhere
def test_a_stated_number_of_classes(tmp_path, entry):
    labels = np.array([0, 2, -1, 2] * 3)
    made = ENTRIES[entry](tmp_path, GIVEN | {"labels": labels}, {"classes": 4})
    np.testing.assert_array_equal(made.labels, labels)
    assert (made.classes, made.class_names) == (4, ("0", "1", "2", "3"))
    with pytest.raises(ValueError, match=r"label of node .*1.* is 2, expected .* in \[0, 2\)"):
        ENTRIES[entry](tmp_path, GIVEN | {"labels": labels}, {"classes": 2})


@everywhere
def test_values_of_a_regression(tmp_path, entry):
    values = np.array([0.5, NO, -1.0] * 4)
    made = ENTRIES[entry](tmp_path, GIVEN | {"labels": values}, {"metric": "r2"})
    np.testing.assert_array_equal(made.labels, values.astype(np.float32))
    texts = ENTRIES[entry](
        tmp_path, GIVEN | {"labels": np.array(["0.5", "NA", "-1"] * 4)}, {"metric": "r2"}
    )
    np.testing.assert_array_equal(texts.labels, made.labels)


LOOPS = np.stack([np.arange(NODES)] * 2, axis=1)
DATES = np.arange(NODES).astype("datetime64[D]")

REFUSED = {
    "255 for none": ({"labels": np.array([0, 1, 255] * 4, np.uint8)}, {},
                     "label 255, the largest number of its unsigned type.*write -1"),
    "an id for each node": ({"labels": np.arange(NODES)}, {}, "an id for each node?"),
    "an id in 10^7": ({"labels": np.arange(NODES) * 10**6}, {}, "an id for each node?"),
    "a name for each node": ({"labels": np.array(NAMES)}, {}, "an id for each node?"),
    "below -1": ({"labels": np.array([0, 1, -100] * 4)}, {}, "is '?-100'?, expected a whole numb"),
    "real labels": ({"labels": np.arange(NODES) / 4}, {}, "expected a whole number >= 0, or -1"),
    "another alphabet": ({"labels": np.array(["1", "\u00b2"] * 6)}, {}, "'\u00b2', which is no"),
    "one class": ({"labels": np.array([1, -1] * 6)}, {}, r"has 1 class \(1\), nothing to tell"),
    "no label": ({"labels": np.full(NODES, NO)}, {}, "has 0 class, nothing to tell"),
    "huge real label": ({"labels": np.geomspace(1, 1e300, NODES)}, {"metric": "r2"},
                        r"1e\+300|beyond the range of float32"),
    "classes of values": ({"labels": np.arange(NODES) / 4}, {"metric": "r2", "classes": 3},
                          "metric r2 has no classes, got classes=3"),
    "complex features": ({"features": GIVEN["features"] + 1j}, {},
                         "complex128, expected real|expected a number|expected numbers"),
    "text features": ({"features": GIVEN["features"].astype(str) + "x"}, {},
                      "<U.* expected real|expected a number|expected numbers"),
    "dates as features": ({"features": np.stack([DATES] * 3, axis=1)}, {},
                          "datetime64.* expected real|expected a number|expected numbers"),
    "huge features": ({"features": GIVEN["features"] * 1e300}, {}, "beyond the range of float32"),
    "infinite features": ({"features": np.full((NODES, 3), np.inf)}, {}, "are NaN or infinite"),
    "complex weights": ({"weights": np.ones(NODES) + 1j}, {},
                        "complex128, expected real|expected a number|expected numbers"),
    "text weights": ({"weights": np.array(["1x"] * NODES)}, {},
                     "<U2, expected real|expected a number|expected numbers"),
    "dates as weights": ({"weights": DATES}, {},
                         "datetime64.* expected real|object|expected a number|expected numbers"),
    "negative weights": ({"weights": -np.ones(NODES)}, {}, "finite and positive"),
    "infinite weights": ({"weights": np.full(NODES, np.inf)}, {}, "finite and positive"),
    "weights whose sum overflows": ({"weights": np.full(NODES, 1e308)}, {}, "add up to more than"),
    "only self-loops": ({"edges": LOOPS}, {}, "no edge is left.*self_loops='drop' drops 12 self-l"),
    "no edge both ways": ({"edges": RING}, {"directions": "both"},
                          "no edge is left.*directions='both' drops 12 that go one way only"),
    "no edge": ({"edges": RING[:0]}, {}, "has no edge|0 rows"),
}  # fmt: skip

CANNOT = {
    # a csv file has no types
    ("255 for none", "csv"),
    # scipy has no matrices of text or dates
    ("text weights", "scipy"),
    ("dates as weights", "scipy"),
}
"""What cannot be said in a format."""


@pytest.mark.parametrize(
    ("fault", "entry"),
    [(fault, entry) for fault in REFUSED for entry in ENTRIES if (fault, entry) not in CANNOT],
)
def test_faults_are_refused(tmp_path, entry, fault):
    changes, options, message = REFUSED[fault]
    with pytest.raises((ValueError, OSError), match=message):
        ENTRIES[entry](tmp_path, GIVEN | changes, options)

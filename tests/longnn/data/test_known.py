"""What nothing reads is an error that names it, the near name, and the way to leave it out."""

import types

import networkx as nx
import numpy as np
import pytest

from longnn.data import edgelist, from_pyg, npz, own_dataset
from longnn.data.known import names_of
from longnn.data.own import Options
from longnn.graphs.convert import from_networkx, from_scipy, to_scipy
from longnn.graphs.graph import Graph
from tests.longnn.data.test_faults import GIVEN, NODES, RING, by_csv, by_npz, by_pyg

ONES = np.ones(NODES)
MASK = np.arange(NODES) < 4
MASKS = {f"{part}_mask": np.roll(MASK, 4 * i) for i, part in enumerate(("train", "val", "test"))}


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"edge_weight": ONES, "train_mask": MASK},
         r"holds edge_weight \(did you mean weights\?\), train_mask \(did you mean part\?\), which "
         r"nothing reads; known are edges, .*ignore=\[edge_weight,train_mask\]"),
        ({"weight": ONES}, r"weight \(did you mean weights\?\)"),
        ({"Weights": ONES}, r"Weights \(did you mean weights\?\)"),
        ({"parts": ONES}, r"parts \(did you mean part\?\)"),
        ({"pos": ONES}, "holds pos, which nothing reads"),
    ],
)  # fmt: skip
def test_unknown_arrays_of_npz(tmp_path, others, message):
    with pytest.raises(ValueError, match=message):
        by_npz(tmp_path, GIVEN | others, {})
    made = by_npz(tmp_path, GIVEN | others, {"ignore": list(others)})
    assert (made.graph.weights, made.shipped) == (None, {})


def test_a_note_may_stand_in_a_file(tmp_path):
    by_npz(tmp_path, GIVEN | {"source": "a survey", "licence": b"CC0"}, {})


def test_what_is_read_may_be_left_out_too_unless_it_is_needed(tmp_path):
    given = GIVEN | {"weights": 2 * ONES, "part": np.arange(NODES)[None] % 3}
    made = by_npz(tmp_path, given, {"ignore": ["weights", "part"]})
    assert (made.graph.weights, made.shipped) == (None, {})
    with pytest.raises(
        ValueError, match=r"ignore names 'features', but what may be left out of .* is"
    ):
        by_npz(tmp_path, given, {"ignore": "features"})
    assert not by_npz(tmp_path, given, {"ignore": "labels"}).labelled.any()
    with pytest.raises(ValueError, match="ignore names 'train_msk'"):
        by_npz(tmp_path, given, {"ignore": "train_msk"})


@pytest.mark.parametrize("ignore", [3, [3], None])
def test_what_is_ignored_are_names(ignore):
    with pytest.raises(ValueError, match="ignore must be a name or a list of names, got"):
        names_of(ignore)


def test_arrays_have_nothing_to_ignore():
    with pytest.raises(ValueError, match=r"ignore=.* is for files and objects"):
        own_dataset("d", **GIVEN, options=Options(ignore="x"))


def test_columns_of_tables(tmp_path):
    by_csv(tmp_path, GIVEN, {})
    paths = {name: tmp_path / f"{name}.csv" for name in GIVEN}
    for name in ("edges", "labels"):
        header, *rows = paths[name].read_text().splitlines()
        paths[name].write_text("\n".join([header + ",l2", *(row + ",1" for row in rows)]) + "\n")
    with pytest.raises(ValueError, match=r"labels.csv has further columns 'l2', .*ignore=\[l2\]"):
        edgelist.load(**paths)
    made = edgelist.load(**paths, ignore="l2")
    np.testing.assert_array_equal(made.labels, GIVEN["labels"])
    assert made.graph.weights is None
    with pytest.raises(
        ValueError, match="ignore names 'l3', but what may be left out of the tables"
    ):
        edgelist.load(**paths, ignore=["l2", "l3"])


def pyg(**changes):
    given = {"edge_index": RING.T, "x": GIVEN["features"], "y": GIVEN["labels"]}
    return types.SimpleNamespace(**given | changes)


def test_attributes_of_a_data():
    with pytest.raises(ValueError, match=r"has edge_attr, .* edge_weight .*ignore='edge_attr'"):
        from_pyg(pyg(edge_attr=ONES))
    assert from_pyg(pyg(edge_attr=ONES), ignore="edge_attr").graph.weights is None
    with pytest.raises(ValueError, match="has weight, which nothing reads"):
        from_pyg(pyg(weight=ONES))
    with pytest.raises(ValueError, match=r"has valid_mask, .* train_mask, val_mask, test_mask"):
        from_pyg(pyg(valid_mask=MASK))
    assert from_pyg(pyg(pos=ONES, edge_weight=None)).shipped == {}
    with pytest.raises(ValueError, match="ignore names 'x', but what may be left out"):
        from_pyg(pyg(), ignore="x")
    assert not from_pyg(pyg(), ignore="y").labelled.any()


def test_a_data_lists_its_own_attributes():
    """As torch_geometric does, by a method or (before 2.4) by a property."""
    given = vars(pyg(edge_attr=ONES))
    for keys in (list(given), lambda: list(given)):
        data = types.SimpleNamespace(**given, keys=keys)
        with pytest.raises(ValueError, match="has edge_attr"):
            from_pyg(data)


def test_weights_decide_the_checksum_of_a_data():
    sums = {from_pyg(pyg(edge_weight=weights)).checksum for weights in (None, ONES, 2 * ONES)}
    assert len(sums) == 3


def test_masks_of_one_split_count_in_all():
    several = np.stack([np.roll(MASK, shift) for shift in (0, 1, 2)], axis=1)
    masks = {
        "train_mask": several,
        "val_mask": np.roll(MASK, 8),
        "test_mask": np.arange(NODES) == 6,
    }
    part = from_pyg(pyg(**masks)).shipped["fixed"]
    expected = np.full((3, NODES), -1)
    for split in range(3):
        expected[split, [number + split for number in range(4)]] = 0
    expected[:, 8:], expected[:, 6] = 1, 2
    np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"val_mask": MASK}, "overlap at 4 places, the first is node 0 in split 0"),
        ({"val_mask": np.stack([MASKS["val_mask"], MASK], axis=1)}, "overlap at 4 .* split 1"),
        ({"val_mask": MASK[:-1]}, r"val_mask is bool of shape \(11,\), expected booleans of shape"),
        ({"val_mask": np.array([1, 2])}, r"int64 of shape \(2,\), .*mask\[index\] = True"),
        ({"val_mask": MASKS["val_mask"].astype(np.uint8)}, "val_mask is uint8"),
        ({"val_mask": None}, "has train_mask, test_mask but no val_mask; .*leave them out by"),
        ({key: np.stack([mask] * (2 + i), axis=1) for i, (key, mask) in enumerate(MASKS.items())},
         "masks are of 2 and 3 and 4 splits"),
    ],
)  # fmt: skip
def test_masks_are_checked(changes, message):
    with pytest.raises(ValueError, match=message):
        from_pyg(pyg(**MASKS | changes))


class Unreadable:
    """Like a tensor that is on a GPU."""

    def __array__(self, *_, **__):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"edge_index": RING}, r"edge_index has shape \(12, 2\), expected \[2, E\]"),
        ({"x": Unreadable()}, r"x of the Data cannot be read .*cuda:0.*\.detach\(\)\.cpu\(\)"),
        (
            {"y": np.eye(NODES, 2, dtype=int)},
            "several labels a node need metric multilabel_micro_f1",
        ),
    ],
)
def test_attributes_are_checked(changes, message):
    with pytest.raises(ValueError, match=message):
        from_pyg(pyg(**changes))


@pytest.mark.parametrize("made", [by_npz, by_pyg, lambda _, given, __: own_dataset("d", **given)])
def test_labels_may_be_a_column(tmp_path, made):
    given = GIVEN | {"labels": GIVEN["labels"][:, None]}
    np.testing.assert_array_equal(made(tmp_path, given, {}).labels, GIVEN["labels"])


def test_edge_attributes_of_networkx_with_a_near_name():
    for name in ("weights", "edge_weight", "Weight"):
        graph = nx.Graph()
        graph.add_edge(0, 1, **{name: 2.5})
        with pytest.raises(ValueError, match=f"no edge has .*'weight', some have '{name}'; give "):
            from_networkx(graph)
        assert from_networkx(graph, weight=name).weights.tolist() == [2.5, 2.5]
        assert from_networkx(graph, weight=None).weights is None
    coloured = nx.Graph()
    coloured.add_edge(0, 1, color="red")
    assert from_networkx(coloured).weights is None
    with pytest.raises(ValueError, match="'capacity', they have color; give"):
        from_networkx(coloured, weight="capacity")


@pytest.mark.parametrize("values", [[1, "2"], [1, None], [1, 2j], [1, [2, 3]]])
def test_edge_attributes_of_networkx_are_numbers(values):
    graph = nx.Graph()
    graph.add_weighted_edges_from([(0, 1, values[0]), (1, 2, values[1])])
    with pytest.raises(ValueError, match=r"'weight' (are|cannot be read as an array).* real numb"):
        from_networkx(graph)


def test_a_graph_in_place_of_edges():
    graph = Graph.from_edges(RING, NODES, 2 * ONES)
    rest = (GIVEN["features"], GIVEN["labels"])
    for given in (graph, to_scipy(graph)):
        made = own_dataset("d", given, *rest)
        np.testing.assert_array_equal(made.graph.weights, graph.weights)
        with pytest.raises(ValueError, match="d has weights beside a graph, which has its own"):
            own_dataset("d", given, *rest, weights=ONES)
    with pytest.raises(ValueError, match="the edges of d are a Graph, which was merged"):
        own_dataset("d", graph, *rest, options=Options(directions="sum"))
    with pytest.raises(ValueError, match="a graph of 12 nodes and 11 labels, expected one label"):
        own_dataset("d", graph, GIVEN["features"], GIVEN["labels"][:-1])
    with pytest.raises(ValueError, match="d has no edge"):
        own_dataset("d", Graph.from_edges(RING[:0], NODES), *rest)


def test_true_twice_in_a_boolean_matrix_is_one_edge():
    matrix = to_scipy(Graph.from_edges(RING, NODES)).astype(bool).tocoo()
    twice = type(matrix)(
        (np.tile(matrix.data, 2), tuple(np.tile(c, 2) for c in matrix.coords)), matrix.shape
    )
    assert from_scipy(twice).weights is None


@pytest.mark.parametrize("key", ["edges", "features", "weights", "labels"])
def test_masked_arrays(key):
    """Masked labels are none; other masked values are refused."""
    values = {"weights": ONES, "edges": RING}.get(key, GIVEN.get(key))
    masked = np.ma.masked_array(values, np.arange(values.size).reshape(values.shape) == 5)
    if key == "labels":
        labels = own_dataset("d", **GIVEN | {"labels": masked}).labels
        np.testing.assert_array_equal(labels, np.where(np.arange(NODES) == 5, -1, values))
        return
    for given in (masked, list(masked)):
        with pytest.raises(ValueError, match=f"{key}.* hold masked values"):
            own_dataset("d", **GIVEN | {key: given})


def test_options_are_checked(tmp_path):
    with pytest.raises(TypeError, match="unknown option 'ignored'; the options are metric, "):
        npz.load(tmp_path / "d.npz", ignored=[])
    with pytest.raises(ValueError, match="classes must be an integer >= 1, got 0"):
        own_dataset("d", **GIVEN, options=Options(classes=0))

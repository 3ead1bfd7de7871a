"""A tiny Planetoid dataset, written as Python 2 wrote the real ones: it needs no data."""

import hashlib
import io
import pickle
import struct
from collections import defaultdict
from typing import ClassVar

import numpy as np
import pytest
from scipy import sparse

from longnn.data import DataFileError, download, planetoid
from longnn.data.registry import Source

# Nodes 0 to 3 are in allx (3 has no label), 4 to 7 are the span of test.index, which lacks 5.
ALLX = [[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]]
TEST, TX = [7, 4, 6], [[0, 1, 1], [1, 0, 1], [1, 1, 1]]
ALLY, TY = [[1, 0], [0, 1], [1, 0], [0, 0]], [[0, 1], [1, 0], [1, 0]]
# A self entry, a repeat, an isolated node that lists itself, an edge of the missing node.
GRAPH = {0: [1, 1, 0], 1: [0, 2], 2: [1], 3: [3], 4: [5], 5: [4], 6: [7], 7: [6]}


class Python2Pickler(pickle._Pickler):
    dispatch: ClassVar[dict] = dict(pickle._Pickler.dispatch)

    def save_bytes(self, data):
        self.write(pickle.BINSTRING + struct.pack("<i", len(data)) + data)
        self.memoize(data)

    dispatch[bytes] = save_bytes


def python2_pickle(value):
    buffer = io.BytesIO()
    Python2Pickler(buffer, protocol=2).dump(value)
    modern = {b"numpy._core.multiarray": b"numpy.core.multiarray", b"sparse._csr": b"sparse.csr"}
    data = buffer.getvalue()
    for new, old in modern.items():
        data = data.replace(new, old)
    return data


@pytest.fixture
def folder(monkeypatch, tmp_path):
    graph = defaultdict(list, GRAPH)
    contents = {
        "allx": sparse.csr_matrix(np.array(ALLX, np.float32)),
        "tx": sparse.csr_matrix(np.array(TX, np.float32)),
        "ally": np.array(ALLY, np.int32),
        "ty": np.array(TY, np.int32),
        "y": np.array(ALLY[:2], np.int32),
        "graph": graph,
    }
    files = {part: python2_pickle(value) for part, value in contents.items()}
    files["test.index"] = "".join(f"{node}\n" for node in TEST).encode()
    known = {}
    (tmp_path / "planetoid").mkdir()
    for part, data in files.items():
        name = f"planetoid/ind.cora.{part}"
        (tmp_path / name).write_bytes(data)
        known[name] = Source(f"sha256:{hashlib.sha256(data).hexdigest()}", "https://example.org")
    monkeypatch.setattr(download, "registered_files", lambda: known)
    monkeypatch.setenv("LONGNN_DATA_DIR", str(tmp_path))
    return tmp_path


def test_pickles_are_in_the_old_form():
    data = python2_pickle(sparse.csr_matrix(np.array(ALLX, np.float32)))
    for name in (b"cscipy.sparse.csr\ncsr_matrix", b"cnumpy.core.multiarray\n_reconstruct"):
        assert name in data
    assert b"_codecs" not in data


def test_features_and_labels_go_to_their_nodes(folder):
    dataset = planetoid.load("cora", normalize="none")
    expected = [*ALLX, TX[1], [0, 0, 0], TX[2], TX[0]]
    np.testing.assert_array_equal(dataset.features.toarray(), expected)
    np.testing.assert_array_equal(dataset.labels, [0, 1, 0, -1, 0, -1, 0, 1])
    assert dataset.classes == 2


def test_graph_drops_self_entries_and_repeats_and_keeps_edges_of_the_missing_node(folder):
    graph = planetoid.load("cora").graph
    forward = graph.senders < graph.receivers
    pairs = sorted(zip(graph.senders[forward], graph.receivers[forward], strict=True))
    assert pairs == [(0, 1), (1, 2), (4, 5), (6, 7)]
    assert graph.num_nodes == 8


def test_public_split(folder):
    part = planetoid.load("cora").shipped["public"]
    np.testing.assert_array_equal(part, [[0, 0, 1, -1, 2, -1, 2, 2]])


def test_rows_sum_to_one(folder):
    rows = planetoid.load("cora").features.sum(axis=1)
    np.testing.assert_allclose(rows, [1, 1, 1, 1, 1, 0, 1, 1], rtol=1e-6)


def test_altered_file_is_named(folder):
    path = folder / "planetoid/ind.cora.tx"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataFileError, match=r"ind\.cora\.tx is truncated or altered"):
        planetoid.load("cora")


def test_unknown_name_has_near_misses():
    with pytest.raises(ValueError, match=r"'citesear'; did you mean citeseer\?"):
        planetoid.load("citesear")

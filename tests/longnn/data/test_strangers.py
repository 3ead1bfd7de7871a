"""Inputs that were read wrongly once, or ended in another error than one of ours."""

import zipfile

import numpy as np
import pytest

from longnn.data import DataFileError, edgelist, own_dataset, splits
from longnn.data.archive import read_npz
from longnn.data.cells import whole
from longnn.data.pyg import from_pyg

EDGES = np.array([[0, 1], [1, 2], [2, 3]])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e-5", None),
        ("1e3", 1000),
        ("1e22", 10**22),
        ("1e-400", None),
        ("0e5", 0),
        ("1e400", None),
    ],
)
def test_texts_with_an_exponent(text, number):
    assert whole(text) == number


def test_an_unsigned_part_of_a_node_without_a_label(tmp_path):
    graph = own_dataset("path", EDGES, np.eye(4), [0, 1, 0, -1])
    np.savez(tmp_path / "part.npz", part=np.array([[0, 1, 2, 2]], np.uint8))
    assert splits.file(graph, tmp_path / "part.npz").part.tolist() == [[0, 1, 2, -1]]


def test_two_arrays_of_one_name(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.zeros(2))
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive:
        archive.writestr("a", archive.read("a.npy"))
    with pytest.raises(DataFileError, match=r"a\.npz.*two arrays have the name a"):
        read_npz(tmp_path / "a.npz")


def test_masked_labels_of_a_data_are_none():
    class Data:
        edge_index, x = EDGES.T, np.eye(4)
        y = np.ma.array([1, 0, 1, 0], mask=[1, 0, 0, 0])

    assert from_pyg(Data()).labels.tolist() == [-1, 0, 1, 0]


def test_a_column_of_features_without_a_name(tmp_path):
    (tmp_path / "x.csv").write_text(",node,x\n0,3,10\n1,2,20\n2,1,30\n3,0,40\n")
    (tmp_path / "e.csv").write_text("source,target\n0,1\n1,2\n2,3\n")
    (tmp_path / "y.csv").write_text("node,label\n0,a\n1,b\n2,a\n3,b\n")
    with pytest.raises(DataFileError, match=r"first column of .*x\.csv has no name"):
        edgelist.load(tmp_path / "e.csv", tmp_path / "x.csv", tmp_path / "y.csv")

"""What is wrong with an upstream file is said with its name: a table of faults for every loader."""

import io
import json
import zipfile

import numpy as np
import pytest
from scipy import sparse

from longnn.data import DataFileError, archive, download, graphdata
from longnn.data.registry import Source, registered_files
from tests.fuzz.cases import write
from tests.fuzz.samples import (
    EDGES,
    FEATURES,
    LABELS,
    NODES,
    PART,
    SAMPLES,
    adjacency,
    mat_of,
    npz_of,
)
from tests.longnn.data.test_planetoid import python2_pickle

pytestmark = pytest.mark.filterwarnings("ignore::longnn.data.DataFileWarning")


@pytest.fixture
def read(tmp_path, monkeypatch):
    """read(format, name, content) reads the sample of a format with one file replaced."""
    known = {name: Source("unknown", source.url) for name, source in registered_files().items()}
    monkeypatch.setattr(download, "registered_files", lambda: known)
    monkeypatch.setenv("LONGNN_DATA_DIR", str(tmp_path / "files"))

    def call(form, name, content):
        sample = SAMPLES[form]
        assert name in sample.variants[0]
        write(sample.variants[0] | {name: content}, tmp_path / "files")
        return sample.load(tmp_path / "files")

    return call


def texas(**changes):
    names = ("train_masks", "val_masks", "test_masks")
    arrays = {"edges": EDGES, "node_features": FEATURES, "node_labels": LABELS}
    arrays |= {name: number == PART for number, name in enumerate(names)} | changes
    return npz_of(**{name: array for name, array in arrays.items() if array is not None})


def photo(**changes):
    arrays = {"adj_matrix": adjacency(), "node_attr": sparse.csr_matrix(FEATURES)}
    arrays |= {"node_label": LABELS} | changes
    for name, array in arrays.items():
        if sparse.issparse(array):
            arrays[name] = np.empty((), object)
            arrays[name][()] = array
    return npz_of(**arrays)


def school(**changes):
    friends = adjacency(sparse.csc_matrix)
    info = np.ones((NODES, 7))
    return mat_of(True, **{"A": friends, "local_info": info} | changes)


def sets(change):
    return json.dumps({str(i): [i] for i in range(NODES)} | change).encode()


def pickled(kind, changes):
    rows = kind(FEATURES[:8])
    for name, values in changes.items():
        setattr(rows, name, np.array(values, getattr(rows, name).dtype))
    return python2_pickle(rows)


def zipped(method):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as packed:
        packed.writestr("arxiv/raw/edge.csv.gz", bytes(100))
    return made.getvalue()


def saved(array):
    made = io.BytesIO()
    np.save(made, array)
    return made.getvalue()


HETEROPHILOUS, GRAPHDATA = "heterophilous-graphs/texas.npz", "graphdata/amazon_photo.npz"
FACEBOOK, OGB = "facebook100/Cornell5.mat", "ogb/arxiv.zip"
ALLX, GRAPH, INDEX = (f"planetoid/ind.cora.{part}" for part in ("allx", "graph", "test.index"))
JSON, TABLE, LINKS = "musae/DE.json", "musae/DE_target.csv", "musae/DE_edges.csv"
GEOM = "geom-gcn/splits/texas_split_0.6_0.2_3.npz"
HEADER = b"id,days,mature,views,partner,new_id\n"

FAULTS = [
    ("heterophilous", HETEROPHILOUS, texas(edges=None), "has no array edges, it holds node_f"),
    ("heterophilous", HETEROPHILOUS, texas(node_labels=None), "has no array node_labels"),
    ("heterophilous", HETEROPHILOUS, texas(val_masks=None), "has no array val_masks"),
    ("heterophilous", HETEROPHILOUS, texas(edges=-EDGES), r"from -\d+ to 0, expected \[0, 12\)"),
    ("heterophilous", HETEROPHILOUS, texas(edges=EDGES + 2**62), r"expected \[0, 12\)"),
    ("heterophilous", HETEROPHILOUS, texas(edges=EDGES * 0.5), "edges holds fractions"),
    ("heterophilous", HETEROPHILOUS, texas(edges=EDGES[0]), r"edges has shape \(2,\), expected 2"),
    ("heterophilous", HETEROPHILOUS, texas(node_labels=LABELS * 10**8), r"expected \[-1, 12"),
    ("heterophilous", HETEROPHILOUS, texas(node_labels=LABELS * 0 - 1), "labels no node"),
    ("heterophilous", HETEROPHILOUS, texas(node_labels=LABELS.astype(str)), "<U21, expected num"),
    ("heterophilous", HETEROPHILOUS, texas(node_features=FEATURES[1:]), r"\(11, 4\), expected"),
    ("heterophilous", HETEROPHILOUS, texas(node_features=FEATURES * 1j), "complex"),
    ("heterophilous", HETEROPHILOUS, texas(node_features=FEATURES * np.nan), "NaN or infinite"),
    (
        "heterophilous",
        HETEROPHILOUS,
        texas(node_features=FEATURES * 1e35),
        "beyond 1e[+]30",
    ),
    ("heterophilous", HETEROPHILOUS, texas(val_masks=PART[:, 1:] == 1), r"shape \(10, 11\)"),
    ("heterophilous", HETEROPHILOUS, texas(val_masks=PART[1:] == 1), "different numbers of splits"),
    ("heterophilous", HETEROPHILOUS, texas(val_masks=PART >= 0), "overlap"),
    ("heterophilous", HETEROPHILOUS, saved(EDGES), "BadZipFile: File is not a zip file"),
    (
        "heterophilous",
        HETEROPHILOUS,
        texas(edges=np.array([None])),
        "array edges: it holds objects",
    ),
    ("graphdata", GRAPHDATA, photo(adj_matrix=adjacency()[1:]), "no sparse matrix of 12 rows"),
    ("graphdata", GRAPHDATA, photo(adj_matrix=EDGES), "adj_matrix is no sparse matrix"),
    ("graphdata", GRAPHDATA, photo(node_label=LABELS * 10**9), r"expected \[-1, 12\)"),
    ("graphdata", GRAPHDATA, photo(node_attr=LABELS), "node_attr has shape"),
    ("graphdata", GRAPHDATA, texas(), "has no array node_label, it holds nothing"),
    ("facebook100", FACEBOOK, school(A=np.eye(NODES)), "A is no sparse matrix of 12"),
    ("facebook100", FACEBOOK, school(A=adjacency()[1:]), "A is no sparse matrix of 12"),
    ("facebook100", FACEBOOK, school(local_info=np.full((NODES, 7), 3)), "a gender of 0, 1 or 2"),
    ("facebook100", FACEBOOK, school(local_info=np.ones((NODES, 3))), "other columns than seven"),
    ("facebook100", FACEBOOK, school(local_info="text"), "'local_info' holds no real numbers"),
    ("facebook100", FACEBOOK, mat_of(True, A=adjacency()), "it has no array local_info"),
    ("planetoid", ALLX, pickled(sparse.csr_matrix, {"indptr": [0] + [99] * 8}), "9 numbers from 0"),
    ("planetoid", ALLX, pickled(sparse.csr_matrix, {"indices": [0]}), "1 indices"),
    ("planetoid", ALLX, python2_pickle([1, 2]), "it holds a list, expected a CSR matrix"),
    ("planetoid", ALLX, python2_pickle(FEATURES[:8]), "it holds a ndarray"),
    ("planetoid", GRAPH, python2_pickle({0: [1, 12]}), r"edge 1 is \(0, 12\)"),
    ("planetoid", GRAPH, python2_pickle({0: [1, -1]}), r"edge 1 is \(0, -1\)"),
    ("planetoid", GRAPH, python2_pickle({0: 5}), "no dictionary of lists"),
    ("planetoid", GRAPH, python2_pickle({"a": [1]}), "no whole number"),
    ("planetoid", GRAPH, b"\x80\x02" + b"]" * 10**6, "unpacks to"),
    ("planetoid", INDEX, b"8\n9\n10\n", "names 3 nodes, expected 4"),
    ("planetoid", INDEX, b"8\n9\n10\n10\n", "names 3 nodes, expected 4"),
    ("planetoid", INDEX, b"8\n9\n10\n999999999\n", "unpacks to"),
    ("planetoid", INDEX, "8\n9\n10\n²\n".encode("latin-1"), "a line is no node"),
    ("planetoid", INDEX, b"8\n9\n10\n" + b"9" * 5000, "a line is no node"),
    ("planetoid", INDEX, b"8\n9\n10\n-1\n", "a line is no node"),
    ("musae", JSON, b"[" * 10**5, "RecursionError"),
    ("musae", JSON, b"{" + b" " * 10**6 + b"}", "unpacks to"),
    ("musae", JSON, b"[]", "does not name each node"),
    ("musae", JSON, b"\xff\xfe", "UnicodeDecodeError"),
    ("musae", JSON, sets({"13": [1]}), "does not name each node from 0 on once"),
    ("musae", JSON, sets({"1": [1.5]}), "no list of whole numbers"),
    ("musae", JSON, sets({"1": [True]}), "no list of whole numbers"),
    ("musae", JSON, sets({"1": [10**30]}), "OverflowError"),
    ("musae", JSON, sets({"1": [-1]}), "from -1 to 11"),
    ("musae", LINKS, b"from,to\n0,1\n0,12\n", r"edge 1 is \(0, 12\)"),
    ("musae", LINKS, b"from,to\n0,1\n0,\xe9\n", "UnicodeDecodeError"),
    ("musae", LINKS, b"from,to\n0,1\n0\n", "line 3 has '', expected a number"),
    ("musae", LINKS, b"from,to\n0,1e3\n", "line 2 has '1e3'"),
    ("musae", LINKS, b"a,b\n0,1\n", "has the columns .*expected"),
    ("musae", LINKS, b"from,to\n0," + b"9" * 200_000, "field larger than field limit"),
    ("musae", TABLE, HEADER + b"1,1,True,5,False,12\n", r"column new_id .*expected \[0, 12\)"),
    ("musae", TABLE, HEADER + b"1,1,7,5,False,1\n", r"column mature .*expected \[0, 2\)"),
    ("musae", TABLE, HEADER, "column"),
    ("ogb", OGB, zipped(zipfile.ZIP_LZMA), "packed by method 14"),
    ("ogb", OGB, zipped(zipfile.ZIP_BZIP2), "packed by method 12"),
    ("ogb", OGB, zipped(zipfile.ZIP_DEFLATED), "KeyError"),
    ("splits", GEOM, npz_of(train_mask=LABELS), "it has no array val_mask"),
    ("splits", GEOM, npz_of(train_mask=LABELS, val_mask=LABELS[1:]), r"val_mask has shape \(11,\)"),
    ("splits", GEOM, npz_of(train_mask=LABELS * 2), r"expected \[0, 2\)"),
]


@pytest.mark.parametrize(("form", "name", "content", "message"), FAULTS)
def test_fault(read, monkeypatch, form, name, content, message):
    monkeypatch.setattr(archive, "LIMIT", 10**7)
    with pytest.raises(DataFileError, match=f"(?s){name.split('/')[-1]} .*{message}"):
        read(form, name, content)


@pytest.mark.parametrize("form", SAMPLES)
def test_whole_files_are_read(tmp_path, monkeypatch, read, form):
    for files in SAMPLES[form].variants:
        name = next(iter(files))
        assert read(form, name, files[name]) is not None


def test_objects_without_a_checksum_need_trust(read, tmp_path):
    """The pickles of coauthor_cs and dblp, whose checksums nobody has recorded."""
    read("graphdata", GRAPHDATA, photo())
    with pytest.raises(DataFileError, match=r"coauthor_cs\.npz holds pickled objects.*trust=True"):
        graphdata.load("coauthor_cs")

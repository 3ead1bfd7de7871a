"""Edges and datasets come from files of every layout, a chunk after the other."""

import gzip
import io
import zipfile

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from longnn.data.errors import DataFileError
from longnn.stores import (
    StoredDataset,
    StoreError,
    csv_edges,
    dataset_of,
    npz_edges,
    ogb,
    parquet_edges,
)
from tests.longnn.stores.test_build import damage

EDGES = np.random.default_rng(5).integers(0, 40, size=(500, 2))
WEIGHTS = np.round(np.random.default_rng(6).random(500) + 0.5, 6)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr("longnn.stores.streams.PIECE", 64)
    monkeypatch.setattr("longnn.data.ogb.PIECE", 200)
    monkeypatch.setattr("longnn.stores.sources.ROWS", 64)


def joined(chunks):
    parts = list(chunks)
    assert len(parts) > 3
    weights = [w for _, w in parts]
    return np.concatenate([e for e, _ in parts]), (
        None if weights[0] is None else np.concatenate(weights)
    )


def write_csv(path, header=True, weights=False):
    columns = [EDGES, WEIGHTS[:, None]] if weights else [EDGES]
    names = "source,target" + ",weight" * weights
    form = ["%d", "%d", "%.6f"][: 2 + weights]
    table = io.StringIO()
    np.savetxt(table, np.hstack(columns), form, ",", header=names if header else "", comments="")
    text = table.getvalue() if header else table.getvalue().lstrip("\n")
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


@pytest.mark.parametrize("name", ["edges.csv", "edges.csv.gz"])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("weights", [True, False])
def test_csv(tmp_path, name, header, weights):
    write_csv(tmp_path / name, header, weights)
    edges, found = joined(csv_edges(tmp_path / name))
    assert np.array_equal(edges, EDGES)
    assert np.array_equal(found, WEIGHTS) if weights else found is None


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(
    "layout", [np.ascontiguousarray, np.asfortranarray], ids=["by rows", "by columns"]
)
@pytest.mark.parametrize("across", [True, False])
def test_npz(tmp_path, packed, layout, across):
    save = np.savez_compressed if packed else np.savez
    save(tmp_path / "g.npz", edge_index=layout(EDGES.T if across else EDGES), weights=WEIGHTS)
    edges, weights = joined(npz_edges(tmp_path / "g.npz", "edge_index"))
    assert np.array_equal(edges, EDGES)
    assert np.array_equal(weights, WEIGHTS)


def test_parquet(tmp_path):
    table = pyarrow.table({"source": EDGES[:, 0], "target": EDGES[:, 1], "weight": WEIGHTS})
    pyarrow.parquet.write_table(table, tmp_path / "e.parquet")
    edges, weights = joined(parquet_edges(tmp_path / "e.parquet"))
    assert np.array_equal(edges, EDGES)
    assert np.array_equal(weights, WEIGHTS)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("e.csv", "0,1,2,3\n", "its first line has 4 cells"),
        ("e.csv", "source,target\n0,1\n2\n", "number of columns changed|a row has"),
        ("e.csv", "source,target\n0,a\n", "could not convert"),
        ("e.csv", "source,target\n0,1.5\n", "a node is no whole number"),
        ("e.csv", "source,target\n0," + 500 * "1" + "\n", "more than 200 characters"),
        ("e.npz", "x", "is damaged or no npz file of edges"),
        ("e.parquet", "x", "is damaged or no parquet file"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    read = {"csv": csv_edges, "npz": npz_edges, "parquet": parquet_edges}[name.split(".")[1]]
    with pytest.raises(DataFileError, match=f"{name}.*({message})"):
        list(read(tmp_path / name))
    with pytest.raises(DataFileError, match="there is no file"):
        list(read(tmp_path / "none"))


def test_arrays_of_another_kind_are_named(tmp_path):
    np.savez(tmp_path / "a.npz", edge_index=EDGES)
    with pytest.raises(DataFileError, match=r"has no array 'edges', but \['edge_index'\]"):
        list(npz_edges(tmp_path / "a.npz"))
    np.savez(tmp_path / "b.npz", edges=np.zeros((3, 3)))
    with pytest.raises(DataFileError, match=r"expected \[E, 2\] or \[2, E\]"):
        list(npz_edges(tmp_path / "b.npz"))
    np.savez(tmp_path / "c.npz", edges=np.array([[{}]], object))
    with pytest.raises(DataFileError, match="expected"):
        list(npz_edges(tmp_path / "c.npz"))


NODES, FEATURES = 40, np.random.default_rng(7).standard_normal((40, 5)).astype(np.float32)
LABELS = np.random.default_rng(8).integers(0, 4, 40)
PART = np.random.default_rng(9).integers(0, 3, 40)


def packed_table(archive, name, values):
    text = io.StringIO()
    np.savetxt(text, values, "%.9g", ",")
    archive.writestr(name, gzip.compress(text.getvalue().encode()))


def write_split(archive, root):
    for number, key in enumerate(("train", "valid", "test")):
        packed_table(
            archive, f"{root}/split/time/{key}.csv.gz", np.flatnonzero(np.int64(number) == PART)
        )


def write_products(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("products/", "")
        for name, values in {"edge": EDGES, "node-feat": FEATURES, "node-label": LABELS}.items():
            packed_table(archive, f"products/raw/{name}.csv.gz", values)
        write_split(archive, "products")


def write_papers(path, labels=None):
    labels = np.where(LABELS == 3, np.nan, LABELS)[:, None] if labels is None else labels
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("papers100M-bin/", "")
        half = FEATURES.astype(np.float16)
        for name, arrays in {
            "data": {"edge_index": EDGES.T, "node_feat": half, "num_nodes_list": np.array([40])},
            "node-label": {"node_label": labels.astype(np.float32)},
        }.items():
            content = io.BytesIO()
            np.savez_compressed(content, **arrays)
            archive.writestr(f"papers100M-bin/raw/{name}.npz", content.getvalue())
        write_split(archive, "papers100M-bin")


def test_products(tmp_path):
    write_products(tmp_path / "products.zip")
    data = ogb(tmp_path / "d", tmp_path / "products.zip")
    assert (data.name, data.features, data.classes) == ("products", 5, 4)
    assert np.array_equal(data.labels, LABELS)
    assert np.array_equal(data.part, PART)
    assert np.array_equal(data.rows(3, 30), FEATURES[3:30])
    assert np.array_equal(data.splits().test[0], PART == 2)
    there = EDGES[EDGES[:, 0] != EDGES[:, 1]]
    assert data.graph.entries == 2 * len(np.unique(np.sort(there, 1), axis=0))


def test_papers(tmp_path):
    write_papers(tmp_path / "papers.zip")
    data = ogb(tmp_path / "d", tmp_path / "papers.zip")
    assert (data.name, data.features, data.classes) == ("papers100M-bin", 5, 3)
    assert np.array_equal(data.labels, np.where(LABELS == 3, -1, LABELS))
    assert np.array_equal(data.rows(0, 40), FEATURES.astype(np.float16))


def test_what_is_wrong_with_a_zip_file_is_said(tmp_path):
    write_papers(tmp_path / "a.zip", labels=LABELS + 0.5)
    with pytest.raises(DataFileError, match="labels must be whole numbers from 0 on"):
        ogb(tmp_path / "d", tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("x/raw/data.npz", "")
    with pytest.raises(DataFileError, match=r"b\.zip is damaged"):
        ogb(tmp_path / "d", tmp_path / "b.zip")
    assert not (tmp_path / "d").exists()


def test_a_dataset_of_ones_own(tmp_path):
    data = dataset_of(
        tmp_path / "d", [(EDGES, WEIGHTS)], np.split(FEATURES, 4), LABELS, PART, name="mine"
    )
    assert repr(data).startswith("StoredDataset('mine', N=40, entries=")
    assert np.array_equal(data.rows(0, 40), FEATURES)
    damage(tmp_path / "d" / "features.bin", 9)
    data = StoredDataset(tmp_path / "d")
    with pytest.raises(StoreError, match=r"block 0 of .*features\.bin .* is damaged"):
        data.rows(0, 1)


def test_parts_of_a_dataset_must_fit(tmp_path):
    make = lambda features, labels=LABELS: dataset_of(  # noqa: E731
        tmp_path / "d", [(EDGES, None)], features, labels, PART
    )
    with pytest.raises(ValueError, match="got 39, 40 and 40"):
        make([FEATURES[:39]])
    with pytest.raises(ValueError, match="a row has 4 features, those before 5"):
        make([FEATURES, FEATURES[:, :4]])
    with pytest.raises(ValueError, match="finite"):
        make([np.full((40, 2), np.nan)])


def test_a_dataset_with_another_graph_is_refused(tmp_path):
    for name, edges in (("a", EDGES), ("b", EDGES[:100])):
        dataset_of(tmp_path / name, [(edges, None)], [FEATURES], LABELS, PART)
    (tmp_path / "a" / "graph").rename(tmp_path / "old")
    (tmp_path / "b" / "graph").rename(tmp_path / "a" / "graph")
    with pytest.raises(StoreError, match="its graph is another than the one it was made with"):
        StoredDataset(tmp_path / "a")

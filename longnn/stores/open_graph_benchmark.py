"""Large datasets of the Open Graph Benchmark in the files that it publishes.

Source: Hu et al. 2020, arXiv 2005.00687. ogbn-products is a zip file of gzipped csv tables, as
ogbn-arxiv; ogbn-papers100M one of npz files (raw/data.npz with edge_index [2, E] and node_feat
[N, F], raw/node-label.npz with NaN where there is no label). Both were read in small files of the
same layout; the files themselves, of 1.4 and 57 GB, were never loaded here.
"""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import cast

import numpy as np
from jaxtyping import Int8, Shaped

from longnn.data.archive import reading
from longnn.data.limits import named_file
from longnn.stores.building import Chunk, Stage
from longnn.stores.dataset import Made, StoredDataset
from longnn.stores.folders import making
from longnn.stores.streams import gzipped, member_of, pairs_of, rows_of, table_rows

_PARTS = ("train", "valid", "test")


def ogb(
    path: str | Path,
    file: str | Path,
    *,
    memory_gb: float = 1.0,
    on_progress: Callable[[Stage, int], None] = lambda _stage, _edges: None,
) -> StoredDataset:
    """Builds a dataset on the disk from a zip file of OGB for node classification.

    Args:
        path: folder to make.
        file: products.zip, arxiv.zip, papers100M-bin.zip or another of the same layout, with one
            graph and one split.
        memory_gb, on_progress: as for `longnn.stores.build`.

    Returns:
        The dataset, opened.

    Raises:
        DataFileError: if the file is missing, damaged or of another layout.
        StoreError: if the folder exists or the disk is full.
        ValueError: if the edges leave no graph.
    """
    source = named_file(file, "name a zip file of the Open Graph Benchmark")
    with (
        reading(source, "zip file of the Open Graph Benchmark"),
        making(Path(path).expanduser()) as folder,
        zipfile.ZipFile(source) as archive,
        Made(folder, root := archive.namelist()[0].split("/")[0]) as made,
    ):
        packed = f"{root}/raw/data.npz"
        write = _binary if packed in archive.namelist() else _tables
        labels = write(archive, root, made, {"memory_gb": memory_gb, "on_progress": on_progress})
        known = np.where(np.isnan(labels), -1, labels).astype(np.int32)
        if (known[known >= 0] != labels[~np.isnan(labels)]).any() or known.max() < 0:
            raise ValueError("labels must be whole numbers from 0 on, or none")
        made.end(known, int(known.max()) + 1, _part(archive, root, len(known)))
    return StoredDataset(path)


def _tables(
    archive: zipfile.ZipFile, root: str, made: Made, options: dict[str, object]
) -> Shaped[np.ndarray, " N"]:
    """Writes graph and features of csv tables; the labels, NaN where there is none."""
    table = lambda name, stack: gzipped(archive, f"{root}/raw/{name}.csv.gz", stack)  # noqa: E731
    with ExitStack() as stack:
        labels = np.concatenate(list(table_rows(table("node-label", stack), 1)))[:, 0]
        rows = table_rows(table("edge", stack), 2)
        made.graph(((r.astype(np.int64), None) for r in rows), len(labels), **options)
        for values in table_rows(table("node-feat", stack), None):
            made.rows(values)
    return labels


def _binary(
    archive: zipfile.ZipFile, root: str, made: Made, options: dict[str, object]
) -> Shaped[np.ndarray, " N"]:
    """The same of npz files."""
    with ExitStack() as stack:
        opened = [
            stack.enter_context(zipfile.ZipFile(stack.enter_context(inner)))
            for inner in (archive.open(f"{root}/raw/{n}.npz") for n in ("data", "node-label"))
        ]
        label = chain.from_iterable(p.reshape(-1) for p in _array(opened[1], "node_label"))
        labels = np.fromiter(label, np.float64)
        edges = pairs_of(opened[0], _member(opened[0], "edge_index"))
        made.graph(cast(Iterator[Chunk], ((e, None) for e in edges)), len(labels), **options)
        for values in _array(opened[0], "node_feat"):
            made.rows(values)
    return labels


def _array(archive: zipfile.ZipFile, name: str) -> Iterator[Shaped[np.ndarray, "n *M"]]:
    return rows_of(archive, _member(archive, name))


def _member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    member = member_of(archive, name)
    if member is None:
        raise ValueError(f"{archive.filename or 'an npz file'} has no array {name}")
    return member


def _part(archive: zipfile.ZipFile, root: str, nodes: int) -> Int8[np.ndarray, " N"]:
    """The only split, whatever it is called."""
    names = [name for name in archive.namelist() if name.endswith("/train.csv.gz")]
    if len(names) != 1 or not names[0].startswith(f"{root}/split/"):
        raise ValueError(f"it has {len(names)} splits, expected one (split/NAME/train.csv.gz)")
    part = np.full(nodes, -1, np.int8)
    with ExitStack() as stack:
        for number, key in enumerate(_PARTS):
            stream = gzipped(archive, names[0].replace("train.csv.gz", f"{key}.csv.gz"), stack)
            for rows in table_rows(stream, 1):
                index = rows[:, 0].astype(np.int64)
                if index.min() < 0 or index.max() >= nodes:
                    raise ValueError(f"{key} names a node outside [0, {nodes})")
                part[index] = number
    return part

"""ogbn-arxiv in the zipped csv files of the Open Graph Benchmark (Hu et al. 2020,
arXiv 2005.00687)."""

import gzip
import zipfile
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64

from longnn.data.archive import reading, zip_members
from longnn.data.catalogue import entry_of
from longnn.data.contents import classes, features, whole
from longnn.data.dataset import Dataset
from longnn.data.download import checksum, fetch
from longnn.data.limits import Budget
from longnn.data.npy import Stream
from longnn.graphs.graph import Graph

PIECE = 1 << 20
"""Characters of a table that are read at once, and the longest line."""


def load(name: str = "ogbn_arxiv", metric: str = "accuracy", normalize: str = "none") -> Dataset:
    """Loads the citation graph with its split by year (``shipped["fixed"]``), without directions.

    Args:
        name: a dataset of the catalogue with this loader.
        metric: see `Dataset`.
        normalize: see `longnn.data.normalize`.

    Raises:
        ValueError: if the name, metric or normalisation is unknown.
        DataFileError: if the file is missing, cannot be fetched or holds something else.
    """
    (file,) = entry_of(name, "ogb.load").files
    path = fetch(file)
    with (
        reading(path, "zip file of OGB's csv tables") as budget,
        zipfile.ZipFile(path) as tables,
    ):
        labels, count = classes(_table(tables, "raw/node-label", budget)[:, 0], "node-label")
        nodes = len(labels)
        edges = whole(_table(tables, "raw/edge", budget), "edge", 2, 0, nodes)
        graph = Graph.from_edges(edges, nodes)
        values = features(_table(tables, "raw/node-feat", budget), "node-feat", nodes, budget)
        part = np.full((1, nodes), -1, np.int8)
        for number, key in enumerate(("train", "valid", "test")):
            index = _table(tables, f"split/time/{key}", budget)[:, 0]
            part[0, whole(index, key, 1, 0, nodes)] = number
    return Dataset(
        name=name,
        graph=graph,
        features=values.astype(np.float32),
        labels=labels,
        classes=count,
        metric=metric,
        shipped={"fixed": part},
        checksum=checksum([file]),
    ).prepared(normalize)


def _table(
    tables: zipfile.ZipFile, member: str, budget: Budget
) -> Float64[np.ndarray, "rows columns"]:
    """A gzipped csv file below the only folder of the zip file; whole numbers are exact to 2^53."""
    root = next((entry.filename.split("/")[0] for entry in zip_members(tables)), "")
    with tables.open(f"{root}/{member}.csv.gz") as packed, gzip.open(packed) as text:
        parts = []
        for lines in lines_of(text, budget):
            # one character before each number, and the rows are joined at the end
            budget.take(2 * np.dtype(np.float64).itemsize * sum(map(_cells, lines)))
            parts.append(np.loadtxt(lines, np.float64, comments=None, delimiter=",", ndmin=2))
    if not parts or len({part.shape[1] for part in parts}) > 1:
        raise ValueError(f"{member} has no rows, or rows of different lengths")
    return np.concatenate(parts)


def _cells(line: bytes) -> int:
    return line.count(b",") + 1


def lines_of(text: Stream, budget: Budget | None = None) -> Iterator[list[bytes]]:
    """The lines of a table that are not empty, a piece after the other.

    Args:
        text: an open file.
        budget: from which they are taken, where they are kept.

    Raises:
        ValueError: at a line of more than `PIECE` characters.
    """
    begun = b""
    while piece := text.read(PIECE):
        if budget is not None:
            budget.take(len(piece))
        *lines, begun = (begun + piece).split(b"\n")
        if len(begun) > PIECE:
            raise ValueError(f"a line of a table has more than {PIECE} characters")
        if lines := [line for line in lines if line.strip()]:
            yield lines
    if begun.strip():
        yield [begun]

"""ogbn-arxiv in the zipped csv files of the Open Graph Benchmark (Hu et al. 2020,
arXiv 2005.00687)."""

import gzip
import zipfile

import numpy as np

from longnn.data import archive
from longnn.data.catalogue import entry_of
from longnn.data.dataset import Dataset
from longnn.data.dataset import normalize as _normalize
from longnn.data.download import checksum, fetch
from longnn.data.errors import DataFileError
from longnn.graphs.graph import Graph

_BROKEN = (zipfile.BadZipFile, KeyError, IndexError, EOFError, gzip.BadGzipFile)


def load(name: str = "ogbn_arxiv", metric: str = "accuracy", normalize: str = "none") -> Dataset:
    """Loads the citation graph with its split by year (``shipped["fixed"]``), without directions.

    Args:
        name: a dataset of the catalogue with this loader.
        metric: see `Dataset`.
        normalize: see `longnn.data.dataset.normalize`.

    Raises:
        ValueError: if the name, metric or normalisation is unknown.
        DataFileError: if the file is missing, cannot be fetched or holds something else.
    """
    (file,) = entry_of(name, "ogb.load").files
    path = fetch(file)
    try:
        with zipfile.ZipFile(path) as tables:
            edges = _table(tables, "raw/edge", np.int64)
            features = _table(tables, "raw/node-feat", np.float32)
            labels = _table(tables, "raw/node-label", np.int64)[:, 0]
            part = np.full((1, len(labels)), -1, np.int8)
            for number, key in enumerate(("train", "valid", "test")):
                part[0, _table(tables, f"split/time/{key}", np.int64)[:, 0]] = number
    except _BROKEN as error:
        raise DataFileError(
            f"{path} is no zip file of OGB's csv tables ({error}); delete it and fetch it again"
        ) from error
    return Dataset(
        name=name,
        graph=Graph.from_edges(edges, len(labels)),
        features=_normalize(features, normalize),
        labels=labels,
        classes=int(labels.max()) + 1,
        metric=metric,
        shipped={"fixed": part},
        checksum=checksum([file]),
    )


def _table(tables: zipfile.ZipFile, member: str, dtype: type) -> np.ndarray:
    """[rows, columns] of a gzipped csv file below the only folder of the zip file."""
    root = tables.namelist()[0].split("/")[0]
    lines = _text(tables, f"{root}/{member}.csv.gz").splitlines()
    return np.loadtxt(lines, dtype, delimiter=",", ndmin=2)


def _text(tables: zipfile.ZipFile, member: str) -> str:
    """The text of a gzipped file in a zip file, at most LIMIT bytes of it."""
    with tables.open(member) as packed, gzip.open(packed) as text:
        content = text.read(archive.LIMIT + 1)
    if len(content) > archive.LIMIT:
        raise DataFileError(f"a table unpacks to more than {archive.LIMIT / 1e9:.3g} GB")
    return content.decode()

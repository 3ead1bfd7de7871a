"""ogbn-arxiv in the zipped csv files of the Open Graph Benchmark (Hu et al. 2020,
arXiv 2005.00687)."""

import gzip
import zipfile
from typing import IO

import numpy as np

from longnn.data import archive
from longnn.data.dataset import Dataset
from longnn.data.dataset import normalize as _normalize
from longnn.data.download import DataFileError, checksum, fetch
from longnn.data.registry import unknown
from longnn.graphs.graph import Graph

FILES = {"ogbn_arxiv": "ogb/arxiv.zip"}


def load(name: str = "ogbn_arxiv", metric: str = "accuracy", normalize: str = "none") -> Dataset:
    """The citation graph with its split by year (``shipped["fixed"]``); directions are dropped.

    Args:
        name: one of `FILES`.
        metric: see `Dataset`.
        normalize: see `longnn.data.dataset.normalize`.

    Raises:
        ValueError: if the name, metric or normalisation is unknown.
        DataFileError: if the file is missing, cannot be fetched or holds something else.
    """
    if name not in FILES:
        raise unknown("OGB dataset", name, list(FILES))
    path = fetch(FILES[name])
    try:
        with zipfile.ZipFile(path) as tables:
            root = tables.namelist()[0].split("/")[0]

            def read(member: str, dtype: type) -> np.ndarray:
                with tables.open(f"{root}/{member}.csv.gz") as packed:
                    return _table(packed, dtype)

            edges = read("raw/edge", np.int64)
            features = read("raw/node-feat", np.float32)
            labels = read("raw/node-label", np.int64)[:, 0]
            part = np.full((1, len(labels)), -1, np.int8)
            for number, key in enumerate(("train", "valid", "test")):
                part[0, read(f"split/time/{key}", np.int64)[:, 0]] = number
    except (zipfile.BadZipFile, KeyError, IndexError, EOFError, gzip.BadGzipFile) as error:
        raise DataFileError(f"{path} is no zip file of OGB's csv tables ({error})") from error
    return Dataset(
        name=name,
        graph=Graph.from_edges(edges, len(labels)),
        features=_normalize(features, normalize),
        labels=labels,
        classes=int(labels.max()) + 1,
        metric=metric,
        shipped={"fixed": part},
        checksum=checksum([FILES[name]]),
    )


def _table(packed: IO[bytes], dtype: type) -> np.ndarray:
    """[rows, columns] of a gzipped csv file without header; at most LIMIT bytes of text."""
    with gzip.open(packed) as text:
        content = text.read(archive.LIMIT + 1)
    if len(content) > archive.LIMIT:
        raise DataFileError(f"a table unpacks to more than {archive.LIMIT / 1e9:.3g} GB")
    return np.loadtxt(content.decode().splitlines(), dtype, delimiter=",", ndmin=2)

"""Edges from files, a chunk after the other: what `longnn.stores.build` takes."""

import contextlib
import gzip
import zipfile
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import IO, cast

import numpy as np
from jaxtyping import Float64

from longnn.data.archive import reading
from longnn.data.errors import DataFileError
from longnn.data.limits import named_file
from longnn.stores.building import Chunk
from longnn.stores.streams import member_of, pairs_of, rows_of, table_rows

_HEADER = ("source", "target", "weight")

ROWS = 1 << 18
"""Rows of a parquet file that are unpacked at once."""


def csv_edges(path: str | Path) -> Iterator[Chunk]:
    """Edges of a csv file, also a gzipped one, with the columns source, target and maybe weight.

    Nodes are whole numbers from 0 on; a first line that is no numbers is a header, whatever the
    names.

    Args:
        path: csv file, or csv.gz.

    Raises:
        DataFileError: if the file is missing or damaged, or a cell is no number.
    """
    file = named_file(path, "name a csv file of edges")
    with (
        reading(file, "csv file of edges", "write the columns source,target or also weight"),
        gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream,
    ):
        yield from map(_chunk, _table(cast(IO[bytes], stream)))


def _table(stream: IO[bytes]) -> Iterator[Float64[np.ndarray, "n M"]]:
    first = stream.readline(1 << 16)
    cells = first.decode("utf-8-sig").strip().split(",")
    if len(cells) not in (2, 3):
        raise ValueError(f"its first line has {len(cells)} cells, expected source,target[,weight]")
    with contextlib.suppress(ValueError):  # a header
        yield np.array([[float(cell) for cell in cells]])
    yield from table_rows(stream, len(cells))


def _chunk(rows: Float64[np.ndarray, "n M"]) -> Chunk:
    ends = rows[:, :2].astype(np.int64)
    if (ends != rows[:, :2]).any() or np.abs(rows[:, :2]).max(initial=0) >= 2**53:
        raise ValueError("a node is no whole number; number the nodes from 0 on")
    return ends, rows[:, 2] if rows.shape[1] == 3 else None


def npz_edges(path: str | Path, edges: str = "edges", weights: str = "weights") -> Iterator[Chunk]:
    """Edges of an npz file: an array [E, 2] or [2, E], and where it is there, one of weights [E].

    Args:
        path: npz file.
        edges: name of the array of edges ("edge_index" in files of PyG and OGB).
        weights: name of the array of weights.

    Raises:
        DataFileError: if the file is missing or damaged, or has no such array.
    """
    file = named_file(path, "name an npz file of edges")
    with (
        reading(file, "npz file of edges", "write numpy.savez(path, edges=...)"),
        zipfile.ZipFile(file) as archive,
    ):
        member, other = member_of(archive, edges), member_of(archive, weights)
        if member is None:
            names = [entry.filename.removesuffix(".npy") for entry in archive.infolist()]
            raise ValueError(f"it has no array {edges!r}, but {names[:10]}")
        pairs = pairs_of(archive, member)
        if other is None:
            yield from zip(pairs, repeat(None))
        else:
            yield from _weighted(pairs, chain.from_iterable(rows_of(archive, other)))


def _weighted(pairs: Iterator[np.ndarray], weights: Iterator[float]) -> Iterator[Chunk]:
    for edges in pairs:
        yield edges, np.fromiter(weights, np.float64, len(edges))
    if next(weights, None) is not None:
        raise ValueError("it has more weights than edges")


def parquet_edges(path: str | Path) -> Iterator[Chunk]:
    """Edges of a parquet file with columns of numbers: source, target and maybe weight.

    Args:
        path: parquet file; reading it needs pyarrow.

    Raises:
        DataFileError: if the file is missing or damaged, has other columns, or pyarrow is missing.
    """
    file = named_file(path, "name a parquet file of edges")
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError:
        raise DataFileError(f"{file} needs pyarrow: pip install pyarrow") from None
    try:
        with parquet.ParquetFile(file) as table:
            names = table.schema_arrow.names
            if tuple(names) not in (_HEADER[:2], _HEADER):
                raise DataFileError(f"{file} has the columns {names}, expected {list(_HEADER)}")
            for piece in table.iter_batches(ROWS):
                columns = [column.to_numpy(zero_copy_only=False) for column in piece.columns]
                yield np.stack(columns[:2], axis=1), columns[2] if len(columns) == 3 else None
    except (pyarrow.ArrowException, OSError) as error:
        raise DataFileError(f"{file} is damaged or no parquet file ({error})") from error

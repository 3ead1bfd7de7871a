"""Predictions for all nodes of a stored graph as a file, written piece by piece."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from longnn.stores.folders import writing
from longnn.training.predictions import Predictions

if TYPE_CHECKING:
    import pyarrow

PIECE = 1 << 16
"""Nodes that are predicted and written at once."""

ENDINGS = (".npy", ".parquet")

Piece = Callable[[int, int], Predictions]
"""The predictions of the nodes from one number on, below another."""


def write_predictions(path: str | Path, piece: Piece, nodes: int) -> None:
    """Writes the predictions of nodes 0 to N - 1; the file appears when it is complete.

    Args:
        path: that ends in .npy (probabilities [N, C], or values [N], in the type of the arithmetic)
            or in .parquet (the columns of ``Predictions.columns``; needs pyarrow).
        piece: gives the predictions of consecutive nodes.
        nodes: N.

    Raises:
        ValueError: for another ending.
        StoreError: if the disk is full.
    """
    path = Path(path).expanduser()
    if path.suffix not in ENDINGS:
        raise ValueError(f"{path} ends in {path.suffix!r}, expected {' or '.join(ENDINGS)}")
    write = _write_npy if path.suffix == ".npy" else _write_parquet
    with writing(path) as file:
        write(file, piece, nodes)


def _write_npy(file: BinaryIO, piece: Piece, nodes: int) -> None:
    for start in range(0, nodes, PIECE):
        found = piece(start, min(start + PIECE, nodes))
        values = np.asarray(found, found.outputs.dtype)
        if not start:
            shape = (nodes, *values.shape[1:])
            about = {"descr": values.dtype.str, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, about)
        file.write(np.ascontiguousarray(values).data)


def _write_parquet(file: BinaryIO, piece: Piece, nodes: int) -> None:
    import pyarrow.parquet

    writer: Any = None
    for start in range(0, nodes, PIECE):
        table = _table(piece(start, min(start + PIECE, nodes)))
        if writer is None:
            writer = pyarrow.parquet.ParquetWriter(file, table.schema)
        writer.write_table(table)
    writer.close()


def _table(found: Predictions) -> "pyarrow.Table":
    import pyarrow

    columns = found.columns().items()
    return pyarrow.table({k: v.tolist() if v.dtype.kind in "OU" else v for k, v in columns})

"""Tables of the user's: csv with a header, or parquet."""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Shaped

from longnn.data.errors import DataFileError


class Table(NamedTuple):
    """Columns of text first, then columns of numbers.

    Attributes:
        header: the names of all columns.
        text: [rows, T] the cells of the first columns, as strings.
        numbers: [rows, columns - T] the cells of the others.
    """

    header: list[str]
    text: Shaped[np.ndarray, "rows T"]
    numbers: Float64[np.ndarray, "rows M"]


def read_table(path: Path | str, text: int) -> Table:
    """Reads a table whose first `text` columns are names and whose others are numbers.

    Args:
        path: a .csv file with a header line, or a .parquet file (needs pyarrow).
        text: number T of columns that are names.

    Raises:
        DataFileError: if the file is missing, empty, of another kind, or has too few columns.
        ValueError: if a cell that should be a number is none; it names row and column.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise DataFileError(f"there is no file {path}; give a csv file with a header, or parquet")
    readers = {".csv": _csv, ".parquet": _parquet}
    if path.suffix.lower() not in readers:
        raise DataFileError(f"{path} ends in {path.suffix!r}, expected .csv or .parquet")
    table = readers[path.suffix.lower()](path, text)
    if len(table.header) < text or not len(table.text):
        raise DataFileError(
            f"{path} has {len(table.header)} columns and {len(table.text)} rows, expected at least "
            f"{text} columns and one row below the header"
        )
    return table


def _csv(path: Path, text: int) -> Table:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        names, numbers = [], []
        for line, row in enumerate((row for row in rows if row), start=2):
            if len(row) != len(header):
                raise DataFileError(
                    f"line {line} of {path} has {len(row)} cells, the header has {len(header)}"
                )
            names.append(row[:text])
            numbers.append(_floats(path, line, header[text:], row[text:]))
    shape = (len(names), min(text, len(header)))
    return Table(header, np.array(names, str).reshape(shape), np.array(numbers))


def _floats(
    path: Path, line: int, header: list[str], cells: list[str]
) -> Float64[np.ndarray, " M"]:
    try:
        return np.array(cells, np.float64)
    except ValueError:
        for name, cell in zip(header, cells, strict=True):
            try:
                float(cell)
            except ValueError:
                raise ValueError(
                    f"line {line} of {path}, column {name!r}: expected a number, got {cell!r}"
                ) from None
        raise


def _text(cell: object) -> str:
    """The text of a cell; empty for None, and for NaN in a column of numbers."""
    return "" if cell is None or cell != cell else str(cell)


def _parquet(path: Path, text: int) -> Table:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise DataFileError(
            f"{path} is a parquet file, which needs pyarrow: pip install pyarrow, or convert it to "
            "csv"
        ) from None
    try:
        table = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise DataFileError(f"{path} is damaged or no parquet file ({error})") from error
    columns = [column.to_numpy() for column in table.columns]
    for name, column in zip(table.column_names[text:], columns[text:], strict=True):
        if column.dtype.kind not in "fiub":
            raise ValueError(f"column {name!r} of {path}: expected numbers, got {column.dtype}")
    rows = table.num_rows
    return Table(
        table.column_names,
        np.array([[_text(cell) for cell in column] for column in columns[:text]]).T,
        np.stack([c.astype(np.float64) for c in columns[text:]], 1)
        if columns[text:]
        else np.zeros((rows, 0)),
    )

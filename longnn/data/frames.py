"""Columns by their names as a pandas table, a csv file or a parquet file."""

import csv
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Shaped

if TYPE_CHECKING:
    import pandas

Columns = Mapping[str, Shaped[np.ndarray, " n"]]
"""The columns of a table by their names; None in a column of objects is a cell without a value."""

ENDINGS = (".csv", ".parquet")
"""The files that `write_table` writes."""


def frame(columns: Columns) -> "pandas.DataFrame":
    """The columns as a table of pandas.

    Args:
        columns: name -> [n].

    Raises:
        ModuleNotFoundError: where pandas is not installed.

    Example:
        >>> frame({"node": np.array(["a", "b"]), "score": np.array([0.5, 1.0])}).shape
        (2, 2)
    """
    # numpy's own texts would be shown as they are stored, and Python's are what pandas expects
    plain = {k: v.astype(object) if v.dtype.kind == "U" else v for k, v in columns.items()}
    return _needed("pandas", "a table of pandas (.columns() gives arrays)").DataFrame(plain)


def check_ending(path: str | Path) -> Path:
    """Raises a ValueError unless a path is of a csv or a parquet file.

    Args:
        path: of a file that is to be written.
    """
    given = Path(path)
    if given.suffix.lower() not in ENDINGS:
        raise ValueError(f"{given} ends in {given.suffix!r}, expected {' or '.join(ENDINGS)}")
    return given


def write_table(path: str | Path, columns: Columns) -> None:
    """Writes columns into a csv file with a header, or into a parquet file.

    Numbers are written with as many digits as their type needs to be read back the same.

    Args:
        path: a name that ends in .csv or .parquet; a file that is there is replaced.
        columns: name -> [n].

    Raises:
        ValueError: for another ending.
        ModuleNotFoundError: for parquet, where pyarrow is not installed.
        OSError: if the file cannot be written.
    """
    given = check_ending(path)
    if given.suffix.lower() == ".parquet":
        _write_parquet(given, columns)
        return
    with given.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        # of numpy's numbers str gives the shortest text, of Python's floats 17 digits in float32
        writer.writerows(zip(*(map(_cell, values) for values in columns.values()), strict=True))


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _write_parquet(path: Path, columns: Columns) -> None:
    _needed("pyarrow.parquet", "a parquet file", "pyarrow")
    import pyarrow
    import pyarrow.parquet

    lists: dict[str, Any] = {  # an array of objects or texts is a list to pyarrow
        k: v.tolist() if v.dtype.kind in "OU" else v for k, v in columns.items()
    }
    pyarrow.parquet.write_table(pyarrow.table(lists), path)


def _needed(module: str, what: str, package: str | None = None) -> ModuleType:
    """Imports an optional package, or says how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        name = package or module
        raise ModuleNotFoundError(f"{what} needs {name}: pip install {name}", name=name) from error

"""parquet files, read in pieces, so that what they unpack to is counted before it is kept."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64

from longnn.data import archive
from longnn.data.cells import text_of
from longnn.data.columns import Cells, Table, check_columns, check_size, kept
from longnn.data.errors import DataFileError
from longnn.data.pages import Pages, read_pages

_ROWS = 1024
"""Rows of text that are unpacked at once, at most."""

_CODED = {0, 2, 8}  # PLAIN, PLAIN_DICTIONARY, RLE_DICTIONARY
"""Encodings of which texts may be read as codes and a dictionary, each of them once."""

_BYTES = 1 << 24
"""Bytes of numbers that are unpacked at once."""


# files, schemas, types and arrays of pyarrow, which is optional, are Any
class _Plan(NamedTuple):
    """Which columns are read, and how.

    Attributes:
        header: the names of the columns that are read.
        names: the same as the file has them.
        largest: for each column of text, the largest number of its type if that is unsigned.
        ignored: the names of the others.
        coded: the columns of text that may be read as codes and a dictionary.
    """

    header: list[str]
    names: list[str]
    largest: list[int | None]
    ignored: list[str]
    coded: list[str]


def read_parquet(path: Path, text: int, ignore: Sequence[str], only_text: bool) -> Table:
    """Reads a parquet file; arguments and errors are those of `longnn.data.table.read_table`."""
    pyarrow = _pyarrow(path)
    try:
        pages = read_pages(path)
    except ValueError as error:
        raise _damaged(path, error) from error
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            plan = _plan(pyarrow, path, file, text, ignore, only_text)
        coded = plan.coded if pages.encodings <= _CODED else []
        with pyarrow.parquet.ParquetFile(path, read_dictionary=coded) as file:
            return _read(pyarrow, path, file, text, plan, pages)
    except DataFileError:
        raise
    except (pyarrow.ArrowException, OSError, OverflowError, UnicodeDecodeError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> DataFileError:
    return DataFileError(f"{path} is damaged or no parquet file ({error})")


def _pyarrow(path: Path) -> ModuleType:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise DataFileError(
            f"{path} is a parquet file, which needs pyarrow: pip install pyarrow, or convert it to "
            "csv"
        ) from None
    return pyarrow


def _plan(
    pyarrow: ModuleType, path: Path, file: Any, text: int, ignore: Sequence[str], only_text: bool
) -> _Plan:
    schema = file.schema_arrow
    header = [name.strip() for name in schema.names]
    places = kept(header, ignore)
    check_columns(path, [header[place] for place in places], text, only_text)
    names = [schema.names[place] for place in places]
    for number, name in enumerate(names):
        if schema.names.count(name) > 1:
            raise ValueError(f"{path} has two columns {name!r}; rename or drop one")
        _check_type(pyarrow, path, name, schema.field(name).type, number < text)
    kinds = {name: schema.field(name).type for name in names[:text]}
    return _Plan(
        header=[header[place] for place in places],
        names=names,
        largest=[_largest(pyarrow, kind) for kind in kinds.values()],
        ignored=[name for name in header if name in ignore],
        coded=[name for name, kind in kinds.items() if _is_text(pyarrow, kind)],
    )


def _check_type(pyarrow: ModuleType, path: Path, name: str, kind: Any, text: bool) -> None:
    types = pyarrow.types
    real = types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)
    if types.is_nested(kind) or not (real or text):
        expected = "text or numbers" if text else "numbers"
        raise ValueError(f"column {name!r} of {path}: expected {expected}, got {kind}")


def _is_text(pyarrow: ModuleType, kind: Any) -> bool:
    return bool(pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind))


def _largest(pyarrow: ModuleType, kind: Any) -> int | None:
    return 2**kind.bit_width - 1 if pyarrow.types.is_unsigned_integer(kind) else None


def _read(
    pyarrow: ModuleType, path: Path, file: Any, text: int, plan: _Plan, pages: Pages
) -> Table:
    rows = file.metadata.num_rows
    cells = Cells(path, [[] for _ in plan.names[:text]])
    # a page that is one text is there as the page, as a text of pyarrow's, and as one of Python's
    cells.count(8 * rows * len(plan.names) + pages.size + 3 * pages.largest)
    coded, unpacked = pages.encodings <= _CODED, 0
    # without codes each text may be as long as a page, as one of its words or by its beginning
    at_once = _ROWS if coded else max(1, min(_ROWS, archive.LIMIT // (16 * pages.largest + 1)))
    for column, name in enumerate(plan.names[:text]):
        for piece in file.iter_batches(at_once, columns=[name]):
            unpacked += 0 if coded else piece.nbytes
            check_size(path, unpacked)
            cells.add(column, _texts(pyarrow, piece.column(0)))
    for texts in cells.text:
        _check_rows(path, len(texts), rows)
    numbers = _numbers(pyarrow, path, file, plan.names[text:], rows)
    return Table(path, plan.header, cells.text, numbers, plan.ignored, plan.largest)


def _texts(pyarrow: ModuleType, column: Any) -> Iterator[str]:
    """The texts of a column's cells; each text of a dictionary is unpacked once."""
    if not isinstance(column, pyarrow.DictionaryArray):
        types = pyarrow.types
        plain = types.is_integer(column.type) or types.is_floating(column.type)
        if not (plain or types.is_boolean(column.type)):
            column = column.cast(pyarrow.string())
        return map(text_of, column.to_pylist())
    codes = column.indices.fill_null(-1).to_numpy()
    used, place = np.unique(codes, return_inverse=True)
    known = column.dictionary.take(pyarrow.array(used[used >= 0]))
    texts = [""] * int((used < 0).any()) + list(_texts(pyarrow, known))
    return (texts[code] for code in place.tolist())


def _check_rows(path: Path, found: int, rows: int) -> None:
    if found != rows:
        raise DataFileError(f"{path} is damaged: it has {rows} rows, and columns of {found}")


def _numbers(
    pyarrow: ModuleType, path: Path, file: Any, columns: list[str], rows: int
) -> Float64[np.ndarray, "rows M"]:
    numbers = np.zeros((rows, len(columns)))
    if not columns:
        return numbers
    start = 0
    for piece in file.iter_batches(max(1, _BYTES // (8 * len(columns))), columns=columns):
        _check_rows(path, max(rows, start + piece.num_rows), rows)
        block = numbers[start : start + piece.num_rows]
        for number, name in enumerate(columns):
            values = piece.column(name).cast(pyarrow.float64(), safe=False)
            block[:, number] = values.to_numpy(zero_copy_only=False)
        start += piece.num_rows
    _check_rows(path, start, rows)
    return numbers

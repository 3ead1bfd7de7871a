"""csv files with a header, in UTF-8 or UTF-16."""

import csv
import reprlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import numpy as np

from longnn.data import archive
from longnn.data.columns import Cells, Table, check_columns, check_size, kept
from longnn.data.errors import DataFileError

_UTF16 = (b"\xff\xfe", b"\xfe\xff")

_LINES_AT_ONCE = 100
"""A line takes this many times its length, at most, while it is read."""


def read_csv(path: Path, text: int, ignore: Sequence[str], only_text: bool) -> Table:
    """Reads a csv file; arguments and errors are those of `longnn.data.table.read_table`."""
    check_size(path, path.stat().st_size)
    encoding = _encoding(path)
    try:
        with path.open(newline="", encoding=encoding) as file:
            return _read(path, _lines(path, file), text, ignore, only_text)
    except UnicodeDecodeError as error:
        where = _undecodable(path) if encoding == "utf-8-sig" else ""
        raise DataFileError(
            f"{where}{path} is no text in {error.encoding.upper()} ({error.reason}); save as UTF-8"
        ) from error


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        return "utf-16" if file.read(2) in _UTF16 else "utf-8-sig"


def _undecodable(path: Path) -> str:
    """ "line 3 of ", the first line that is no UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return f"line {number} of "
    return ""


def _lines(path: Path, file: TextIO) -> Iterator[str]:
    """The lines of a file, checked before they are taken apart."""
    most, number = archive.LIMIT // _LINES_AT_ONCE, 0
    while line := file.readline(most):
        number += 1
        check_size(path, _LINES_AT_ONCE * (len(line) + 1) if len(line) == most else 0)
        if "\0" in line:
            raise DataFileError(f"line {number} of {path} holds a NUL byte; save as UTF-8 text")
        yield line


def _read(
    path: Path, lines: Iterator[str], text: int, ignore: Sequence[str], only_text: bool
) -> Table:
    rows = csv.reader(lines, strict=True, skipinitialspace=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        places = kept(header, ignore)
        named = [header[place] for place in places]
        check_columns(path, named, text, only_text)
        cells = Cells(path, [[] for _ in named[:text]])
        for row in rows:
            if len(row) == len(header):
                _add(cells, rows.line_num, named, [row[place] for place in places], text)
            elif row:
                raise DataFileError(
                    f"line {rows.line_num} of {path} has {len(row)} cells, the header has "
                    f"{len(header)}"
                )
    except csv.Error as error:
        raise DataFileError(
            f"line {rows.line_num} of {path} is no csv ({error}); quote cells that hold commas, "
            "quotes or line breaks"
        ) from error
    shape = (len(cells.text[0]) if cells.text else 0, max(len(named) - text, 0))
    numbers = np.frombuffer(cells.numbers).reshape(shape) if cells.numbers else np.zeros(shape)
    return Table(path, named, cells.text, numbers, [n for n in header if n in ignore])


def _add(cells: Cells, line: int, header: list[str], row: list[str], text: int) -> None:
    for column, name in enumerate(row[:text]):
        cells.add(column, (name.strip(),))
    if row[text:]:
        cells.numbers.extend(_floats(cells.path, line, header[text:], row[text:]))
        cells.count(8 * len(row[text:]))


def _floats(path: Path, line: int, header: list[str], row: list[str]) -> list[float]:
    if "_" not in "".join(row):  # Python reads 1_000
        with suppress(ValueError):
            return [float(cell) for cell in row]
    wrong = next(place for place, cell in enumerate(row) if not _is_float(cell))
    raise ValueError(
        f"line {line} of {path}, column {header[wrong]!r}: expected a number, got "
        f"{reprlib.repr(row[wrong])}"
    )


def _is_float(cell: str) -> bool:
    try:
        return "_" not in cell and float(cell) is not None
    except ValueError:
        return False

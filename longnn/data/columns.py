"""The columns of a table, gathered within a limit of memory."""

import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from longnn.data import archive
from longnn.data.errors import DataFileError


class Table(NamedTuple):
    """Columns of text first, then columns of numbers.

    Attributes:
        path: the file.
        header: the names of all columns, without blanks around them.
        text: the first T columns, each a list of stripped texts, one a row.
        numbers: [rows, columns - T] the cells of the others.
        ignored: the names of the columns that were left out.
        largest: for each column of text, the largest number of its type if that is unsigned.
    """

    path: Path
    header: list[str]
    text: list[list[str]]
    numbers: Float64[np.ndarray, "rows M"]
    ignored: list[str]
    largest: Sequence[int | None] = ()


@dataclass
class Cells:
    """The cells of a table, gathered row by row or column by column within a limit of memory.

    Attributes:
        path: the file, for messages.
        text: T columns of texts; equal texts are one object.
        numbers: the cells of the other columns, row by row.
        size: number of bytes taken so far.
    """

    path: Path
    text: list[list[str]]
    numbers: array = field(default_factory=lambda: array("d"))
    size: int = 0
    _known: dict[str, str] = field(default_factory=dict)

    def add(self, column: int, texts: Iterable[str]) -> None:
        """Adds stripped texts to a column."""
        append, known, size = self.text[column].append, self._known, 0
        for text in texts:
            if text not in known:
                known[text] = text
                size += sys.getsizeof(text) + 100  # with its place in the dictionary
            append(known[text])
            size += 8
        self.count(size)

    def count(self, size: int) -> None:
        """Raises a DataFileError where the table takes more bytes than a file may."""
        self.size += size
        if self.size > archive.LIMIT:
            check_size(self.path, self.size)


def check_size(path: Path, size: int) -> None:
    """Raises a DataFileError if a table takes more than `longnn.data.archive.LIMIT` bytes.

    Args:
        path: the file, for the message.
        size: number of bytes in memory.
    """
    if size > archive.LIMIT:
        raise DataFileError(
            f"{path} takes more than the {archive.LIMIT / 1e9:.3g} GB of memory that "
            "longnn.data.archive.LIMIT allows; raise it only if you trust the file"
        )


def kept(header: list[str], ignore: Sequence[str]) -> list[int]:
    """The places of the columns that are not left out."""
    return [place for place, name in enumerate(header) if name not in ignore]


def check_columns(path: Path, header: list[str], text: int, only_text: bool) -> None:
    """Raises a ValueError where a table has columns that nothing reads, or the numbers of rows.

    Args:
        path: the file, for the message.
        header: the names of its columns.
        text: number T of columns that are read.
        only_text: whether there may be no others.
    """
    index = [name for name in header if name.startswith("__index_level_")]
    if index:
        raise ValueError(
            f"{path} has a column {index[0]!r}, as pandas writes the index of a table; write it "
            f"with index=False, or leave the column out by ignore={index!r}"
        )
    others = header[text:]
    if only_text and others:
        raise ValueError(
            f"{path} has further columns {', '.join(map(repr, others))}, expected {text} columns; "
            "several labels a node need metric=multilabel_micro_f1 or multilabel_roc_auc; leave "
            f"columns out by ignore=[{','.join(others)}]"
        )

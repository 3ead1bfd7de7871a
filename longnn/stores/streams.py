"""Rows of large arrays and tables, a piece after the other, from files that need not be right."""

import gzip
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO

import numpy as np
from jaxtyping import Float64, Shaped

from longnn.data.archive import zip_members
from longnn.data.npy import Header, Stream, read_header
from longnn.data.ogb import lines_of
from longnn.data.plain import plain_dtype

PIECE = 1 << 20
"""Numbers of a piece, about."""


def member_of(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo | None:
    """The array of a name in an npz file, or None."""
    for member in zip_members(archive):
        if member.filename.removesuffix(".npy") == name:
            return member
    return None


def header_of(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Header:
    """The header of an array of numbers.

    Raises:
        ValueError: if it holds anything but numbers, or another number of bytes than it says.
    """
    with archive.open(member) as stream:
        header = read_header(stream)
    size = plain_dtype(header.dtype).itemsize if not header.objects else 0
    if plain_dtype(header.dtype).kind not in "biuf" or header.objects:
        raise ValueError(f"array {member.filename} holds {header.dtype}, expected numbers")
    entries = 1
    for length in header.shape:
        entries *= length
    if member.file_size - header.length != entries * size:
        raise ValueError(f"array {member.filename} is not of its shape {header.shape}")
    return header


def rows_of(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo
) -> Iterator[Shaped[np.ndarray, "n *M"]]:
    """The rows of an array that is stored row by row.

    Raises:
        ValueError: if it is stored by columns, or ends before its end.
    """
    header = header_of(archive, member)
    if header.fortran and len(header.shape) > 1:
        raise ValueError(
            f"array {member.filename} is stored by columns; write it with numpy.ascontiguousarray"
        )
    yield from _stored_rows(archive, member, header, header.shape)


def pairs_of(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo
) -> Iterator[Shaped[np.ndarray, "n 2"]]:
    """The pairs of an array [E, 2] or [2, E], stored by rows or by columns.

    Raises:
        ValueError: if it has another shape, or ends before its end.
    """
    header = header_of(archive, member)
    if len(header.shape) != 2 or 2 not in header.shape:
        raise ValueError(f"{member.filename} has shape {header.shape}, expected [E, 2] or [2, E]")
    # a transposed array lies in the file as the other one does; of two pairs the rows are edges
    stored = header.shape[::-1] if header.fortran else header.shape
    if stored[1] == 2 and not (header.fortran and stored[0] == 2):
        yield from _stored_rows(archive, member, header, stored)
    else:
        yield from _stored_columns(archive, member, header, stored)


def _stored_rows(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, header: Header, shape: tuple[int, ...]
) -> Iterator[np.ndarray]:
    rows, *row = shape
    width = int(np.prod(row, dtype=np.int64))
    with archive.open(member) as stream:
        _skip(stream, header.length)
        for piece in _pieces(stream, plain_dtype(header.dtype), rows * width, max(width, 1)):
            yield piece.reshape(-1, *row)


def _stored_columns(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, header: Header, shape: tuple[int, ...]
) -> Iterator[np.ndarray]:
    dtype, (rows, columns) = plain_dtype(header.dtype), shape
    with ExitStack() as stack:
        streams = [stack.enter_context(archive.open(member)) for _ in range(rows)]
        for row, stream in enumerate(streams):
            _skip(stream, header.length + row * columns * dtype.itemsize)
        parts = [_pieces(stream, dtype, columns, 1) for stream in streams]
        for pieces in zip(*parts, strict=True):
            yield np.stack(pieces, axis=1)


def _pieces(stream: Stream, dtype: np.dtype, count: int, whole: int) -> Iterator[np.ndarray]:
    """``count`` numbers of a stream, in pieces of whole multiples of ``whole``."""
    length = max(PIECE // whole, 1) * whole
    for start in range(0, count, length):
        size = min(length, count - start) * dtype.itemsize
        content = _exactly(stream, size)
        yield np.frombuffer(content, dtype)


def _exactly(stream: Stream, size: int) -> bytes:
    parts, left = [], size
    while left:
        part = stream.read(left)
        if not part:
            raise ValueError(f"it ends {left} bytes too early")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _skip(stream: IO[bytes], size: int) -> None:
    while size:
        size -= len(_exactly(stream, min(size, 1 << 24)))


def table_rows(stream: Stream, columns: int | None) -> Iterator[Float64[np.ndarray, "n M"]]:
    """The rows of a table of numbers without a header, separated by commas.

    Args:
        stream: an open file.
        columns: how many each row must have; None: any number.

    Raises:
        ValueError: if a cell is no number, or a row has another number of them.
    """
    for lines in lines_of(stream):
        rows = np.loadtxt(lines, np.float64, comments=None, delimiter=",", ndmin=2)
        if columns is not None and rows.shape[1] != columns:
            raise ValueError(f"a row has {rows.shape[1]} cells, expected {columns}")
        yield rows


def gzipped(archive: zipfile.ZipFile, member: str, stack: ExitStack) -> Stream:
    """An open gzip file of a zip file; the stack closes it."""
    return stack.enter_context(gzip.open(stack.enter_context(archive.open(member))))

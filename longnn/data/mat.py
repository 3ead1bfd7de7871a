"""MAT-files of level 5, as far as datasets use them: arrays of numbers, and sparse matrices.

The format is that of "MAT-File Format" (The MathWorks, R2019b, chapter 1). Nothing is read beyond
the bytes that are there, and nothing is unpacked beyond what the file's budget allows.
"""

import itertools
import math
import struct
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
from jaxtyping import Real
from scipy import sparse

from longnn.data.archive import read_bytes, reading
from longnn.data.limits import Budget
from longnn.data.plain import checked_rows

Content: TypeAlias = Real[np.ndarray, "..."] | sparse.csc_array
"""What a variable holds."""

_Element: TypeAlias = tuple[int, memoryview]

_HEADER, _TAG = 128, 8
_INT8, _INT32, _UINT32, _MATRIX, _COMPRESSED = 1, 5, 6, 14, 15
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8"}
_NUMBERS |= {12: "i8", 13: "u8"}
_SPARSE, _DENSE = 5, range(6, 16)  # classes of arrays; the others hold cells, structs and texts
_COMPLEX = 0x0800
_HEAD = 512
"""Bytes that are unpacked of each variable, to learn its name."""


def read_mat(path: Path, names: Collection[str]) -> dict[str, Content]:
    """Reads variables of a MAT-file.

    Args:
        path: the file.
        names: the variables to read; the others are passed over.

    Returns:
        Arrays of the types in which their numbers are stored, and CSC matrices, by name.

    Raises:
        DataFileError: if the file is missing, damaged, of another format, takes more than
            `longnn.data.archive.LIMIT` bytes, or lacks a variable.
    """
    with reading(path, "MAT-file of level 5") as budget:
        content = memoryview(read_bytes(path, budget))
        order = {b"\0\1IM": "<", b"\1\0MI": ">"}.get(bytes(content[124:_HEADER]))
        if order is None:
            raise ValueError("its header is another one")
        found = dict(_variables(content[_HEADER:], order, names, budget))
        missing = [name for name in names if name not in found]
        if missing:
            raise ValueError(f"it has no array {' and '.join(missing)}")
        return found


def _variables(
    content: memoryview, order: str, names: Collection[str], budget: Budget
) -> Iterator[tuple[str, Content]]:
    for kind, body in _elements(content, order):
        if kind == _COMPRESSED:
            kind, body = _unpacked(body, order, names, budget)
        if kind != _MATRIX:
            raise ValueError(f"an element of type {kind} stands where a variable belongs")
        name = _description(body, order)[2]
        if name in names:
            yield name, _matrix(body, order, budget)


def _elements(content: memoryview, order: str) -> Iterator[_Element]:
    """Type and content of each element, one after the other."""
    at = 0
    while at < len(content):
        kind, size = struct.unpack_from(order + "II", content, at)
        small = kind >> 16  # then type and size share four bytes, and the content has the others
        start, room = (at + 4, 4) if small else (at + _TAG, len(content) - at - _TAG)
        kind, size = (kind & 0xFFFF, small) if small else (kind, size)
        if size > room:
            raise ValueError(f"an element of {size} bytes stands where {room} are left")
        yield kind, content[start : start + size]
        padding = 0 if kind == _COMPRESSED else -size % _TAG
        at += _TAG if small else _TAG + size + padding


def _unpacked(packed: memoryview, order: str, names: Collection[str], budget: Budget) -> _Element:
    """A compressed element; only the head of it if its name is not among those to read."""
    unpacker = zlib.decompressobj()
    head = unpacker.decompress(packed, _HEAD)
    kind, size = struct.unpack_from(order + "II", head)
    if kind == _MATRIX and _description(memoryview(head)[_TAG:], order)[2] not in names:
        return kind, memoryview(head)[_TAG:]
    budget.take(2 * size)
    rest = _TAG + size - len(head)  # 0 would mean no limit to zlib
    body = head + (unpacker.decompress(unpacker.unconsumed_tail, rest) if rest > 0 else b"")
    if len(body) < _TAG + size:
        raise ValueError(f"a variable unpacks to {len(body)} bytes, expected {_TAG + size}")
    return kind, memoryview(body)[_TAG : _TAG + size]


def _description(body: memoryview, order: str) -> tuple[int, tuple[int, ...], str]:
    """Flags with the class in the lowest byte, sizes and name of a variable."""
    flags, sizes, name = itertools.islice(_elements(body, order), 3)
    if (flags[0], sizes[0], name[0]) != (_UINT32, _INT32, _INT8) or len(flags[1]) != 8:
        raise ValueError("a variable does not begin with its flags, sizes and name")
    (bits, _) = struct.unpack(order + "II", flags[1])
    return bits, tuple(map(int, _numbers(sizes, order))), bytes(name[1]).decode("latin-1")


def _matrix(body: memoryview, order: str, budget: Budget) -> Content:
    """The numbers of a variable."""
    bits, sizes, name = _description(body, order)
    if bits & _COMPLEX or bits & 0xFF not in (_SPARSE, *_DENSE):
        raise ValueError(f"the variable {name[:60]!r} holds no real numbers")
    parts = [_numbers(part, order) for part in itertools.islice(_elements(body, order), 3, None)]
    if bits & 0xFF == _SPARSE:
        rows, starts, values = parts
        used = int(starts[-1]) if len(starts) else 0  # a file may have room for more
        budget.take(8 * (len(starts) + 4 * len(values)))
        return checked_rows(values[:used], rows[:used], starts, sizes[::-1]).T
    (values,) = parts
    if min(sizes) < 0 or math.prod(sizes) != len(values):
        raise ValueError(f"{len(values)} numbers cannot have the sizes {sizes}")
    budget.take(values.nbytes)
    return values.astype(values.dtype.newbyteorder("=")).reshape(sizes, order="F")


def _numbers(element: _Element, order: str) -> Real[np.ndarray, " n"]:
    kind, body = element
    if kind not in _NUMBERS:
        raise ValueError(f"an element of type {kind} stands where numbers belong")
    return np.frombuffer(body, order + _NUMBERS[kind])

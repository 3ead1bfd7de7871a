"""One array in NumPy's npy format, from a stream that need not be what it says."""

import re
import struct
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from longnn.data.limits import Budget
from longnn.data.plain import plain_dtype, shaped
from longnn.data.unpickle import restricted_loads

PIECE = 1 << 20
"""Bytes that are read at once."""

_LENGTHS = {b"\x01\x00": "<H", b"\x02\x00": "<I", b"\x03\x00": "<I"}
"""Version of the format -> the type of the length of its header."""

_HEADER = re.compile(
    r"""\{\s*'descr'\s*:\s*(?P<dtype>'[^'\\]*'|\[.*\])\s*,"""
    r"""\s*'fortran_order'\s*:\s*(?P<fortran>True|False)\s*,"""
    r"""\s*'shape'\s*:\s*\((?P<shape>[0-9L,\s]*)\)\s*,?\s*\}\s*"""
)


@runtime_checkable
class Stream(Protocol):
    """What bytes are read from: an open file, or a member of an archive."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` more bytes; none at the end."""


def read_array(stream: Stream, size: int, budget: Budget, objects: bool) -> Any:
    """Reads an array; its header is believed only as far as the content goes.

    Args:
        stream: at the beginning of the npy format.
        size: number of bytes up to the end.
        budget: from which the array is taken.
        objects: whether pickled objects are read, with the restricted unpickler.

    Returns:
        The array; for pickled objects what the unpickler gives.

    Raises:
        ValueError: if the content is damaged, or holds objects that were not asked for.
    """
    header = read_header(stream)
    budget.take(size)
    if header.objects:
        if not objects:
            raise ValueError("it holds objects (pickles), which are not read")
        return restricted_loads(_content(stream, size - header.length).tobytes(), budget)
    dtype = plain_dtype(header.dtype)
    return shaped(_content(stream, size - header.length), dtype, header.shape, header.fortran)


class Header(NamedTuple):
    """What the beginning of an array in the npy format says of it, which nobody has checked.

    Attributes:
        dtype: such as "<f8".
        shape: its sizes, >= 0.
        fortran: whether the first index varies fastest.
        length: number of bytes up to the first entry.
    """

    dtype: str
    shape: tuple[int, ...]
    fortran: bool
    length: int

    @property
    def objects(self) -> bool:
        """Whether it holds pickled objects."""
        return self.dtype.lstrip("|") in ("O", "O8", "O4")


def read_header(stream: Stream) -> Header:
    """Reads the header of an array, and leaves the stream at its first entry.

    Raises:
        ValueError: unless it is the header of an array without fields.
    """
    text, length = _header(stream)
    found = _HEADER.fullmatch(text)
    if found is None or found["dtype"].startswith("["):
        raise ValueError(f"it has another header than an array of numbers: {text[:80]!r}")
    shape = tuple(int(part) for part in re.findall("[0-9]{1,18}", found["shape"]))
    return Header(found["dtype"].strip("'"), shape, found["fortran"] == "True", length)


def _header(stream: Stream) -> tuple[str, int]:
    """The text of the header, and the number of bytes up to its end."""
    start = stream.read(8)
    if start[:6] != b"\x93NUMPY" or start[6:] not in _LENGTHS:
        raise ValueError("it does not begin as the npy format, version 1 to 3")
    kind = _LENGTHS[start[6:]]
    (length,) = struct.unpack(kind, stream.read(struct.calcsize(kind)))
    if length > 10_000:
        raise ValueError(f"its header has {length} bytes, which no array of numbers needs")
    return stream.read(length).decode("latin-1"), 8 + struct.calcsize(kind) + length


def _content(stream: Stream, size: int) -> np.ndarray:
    """[size] the bytes that are left, as uint8."""
    if size < 0:
        raise ValueError("it ends in its header")
    content = np.empty(size, np.uint8)
    done = 0
    while piece := stream.read(PIECE):
        if done + len(piece) > size:
            raise ValueError(f"it holds more than {size} bytes")
        content[done : done + len(piece)] = np.frombuffer(piece, np.uint8)
        done += len(piece)
    if done < size:
        raise ValueError(f"it ends after {done} of {size} bytes")
    return content

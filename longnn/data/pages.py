"""How much the pages of a parquet file unpack to, read from the headers of the pages themselves.

What the end of a file says of its size can be wrong, and what unpacks a page does not ask first.
The headers are in Thrift's compact protocol, of which this module reads as much as parquet uses. It
finds the pages that pyarrow finds: a field of another type than the format says is not there, and
what could be read in two ways is refused.
Source: Apache Parquet, parquet.thrift (FileMetaData, ColumnChunk, PageHeader); Apache Thrift,
"Thrift Compact protocol encoding".
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

_INT32, _INT64, _LIST, _STRUCT = 5, 6, 9, 12
_BITS = {3: 8, 4: 16, _INT32: 32, _INT64: 64}

_GROUPS = (4, _LIST)
_COLUMNS, _ROWS = (1, _LIST), (3, _INT64)
_COLUMN = (3, _STRUCT)
_VALUES, _PACKED, _FIRST, _DICTIONARY = (5, _INT64), (7, _INT64), (9, _INT64), (11, _INT64)
_UNPACKED_PAGE, _PACKED_PAGE = (2, _INT32), (3, _INT32)
_DATA, _DATA_2 = (5, _STRUCT), (8, _STRUCT)
_ENCODING, _ENCODING_2 = (2, _INT32), (4, _INT32)
"""Fields of the end of a file, a group of rows, a column, and the headers of a page, in order."""

_MARK, _DEEPEST = b"PAR1", 16
_WINDOW, _LONGEST = 1 << 10, 1 << 24
"""Bytes that are read for the header of a page: at first, and at most."""

# number and type of a field -> an int, float, bytes, list or another struct
_Struct = dict[tuple[int, int], Any]


class Pages(NamedTuple):
    """The pages of a file.

    Attributes:
        size: number of bytes that they unpack to.
        largest: number of bytes of the largest.
        encodings: the numbers of their encodings.
    """

    size: int
    largest: int
    encodings: frozenset[int]


def read_pages(path: Path) -> Pages:
    """Reads the header of every page of a parquet file, and no page.

    Args:
        path: the file.

    Raises:
        ValueError: if it is damaged or no parquet file.
    """
    size, largest, encodings = 0, 0, set()
    try:
        with path.open("rb") as file:
            for header in _headers(file):
                unpacked = _count(header, _UNPACKED_PAGE)
                size, largest = size + unpacked, max(largest, unpacked)
                for kind, encoding in ((_DATA, _ENCODING), (_DATA_2, _ENCODING_2)):
                    if kind in header:
                        encodings.add(header[kind][encoding])
    except (IndexError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise ValueError(f"its headers cannot be read ({type(error).__name__}: {error})") from error
    return Pages(size, largest, frozenset(encodings))


def _headers(file: BinaryIO) -> Iterator[_Struct]:
    """The headers of all pages of all columns in all groups of rows."""
    for group in _footer(file)[_GROUPS]:
        for chunk in group[_COLUMNS]:
            yield from _headers_of(file, chunk[_COLUMN], group[_ROWS])


def _footer(file: BinaryIO) -> _Struct:
    end = file.seek(0, 2)
    file.seek(max(0, end - 8))
    length, mark = int.from_bytes(file.read(4), "little"), file.read(4)
    if mark != _MARK or length + 12 > end:
        raise ValueError("it does not end as a parquet file does")
    file.seek(end - 8 - length)
    return _Reader(file.read(length)).struct()


def _headers_of(file: BinaryIO, chunk: _Struct, rows: int) -> Iterator[_Struct]:
    """The headers of the pages of one column in one group of rows."""
    if chunk[_VALUES] == 0:  # nothing of it is read, and where it begins need not be true
        return
    place, dictionary = _count(chunk, _FIRST), chunk.get(_DICTIONARY, 0)
    place = dictionary if 0 < dictionary < place else place
    end, most = place + _count(chunk, _PACKED), rows + 2
    while place < end and most:
        header, length = _header(file, place)
        yield header
        place, most = place + length + _count(header, _PACKED_PAGE), most - 1
    if place != end:
        raise ValueError(f"the pages of a column of {rows} rows do not end where the column ends")


def _header(file: BinaryIO, place: int) -> tuple[_Struct, int]:
    """The header of the page at a place of the file, and its length."""
    window = _WINDOW
    while True:
        file.seek(place)
        reader = _Reader(file.read(window))
        try:
            return reader.struct(), reader.at
        except IndexError:  # longer, by the statistics of its page
            window *= 8
            if window > _LONGEST:
                raise


def _count(fields: _Struct, field: tuple[int, int]) -> int:
    value: int = fields[field]
    if value < 0:
        raise ValueError(f"{value} is no number of bytes")
    return value


class _Reader:
    """Reads Thrift's compact protocol; an IndexError where the bytes end too early."""

    def __init__(self, content: bytes):
        self._content, self.at = content, 0

    def struct(self, depth: int = 0) -> _Struct:
        """The fields of a struct."""
        fields: _Struct = {}
        number = 0
        while head := self._byte():
            step, kind = head >> 4, head & 15
            number = number + step if step else self._signed(16)
            if (number, kind) in fields:
                raise ValueError(f"its headers have a field {number} twice")
            fields[number, kind] = None if kind in (1, 2) else self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ValueError("its headers are nested too deeply")
        if kind in (1, 2, 3):  # a truth value of a list, or a number of one byte
            return self._byte()
        if kind in _BITS:
            return self._signed(_BITS[kind])
        if kind == 7:
            return struct.unpack("<d", self._bytes(8))[0]
        if kind == 8:
            return self._bytes(self._unsigned())
        if kind in (_LIST, 10):  # 10: a set
            head = self._byte()
            size = head >> 4 if head >> 4 < 15 else self._unsigned()
            self._check(size)
            return [self._value(head & 15, depth + 1) for _ in range(size)]
        if kind == _STRUCT:
            return self.struct(depth + 1)
        raise ValueError(f"its headers hold a field of kind {kind}, of which parquet has none")

    def _byte(self) -> int:
        self.at += 1
        return self._content[self.at - 1]

    def _bytes(self, size: int) -> bytes:
        self._check(size)
        self.at += size
        return self._content[self.at - size : self.at]

    def _check(self, size: int) -> None:
        if size > len(self._content) - self.at:
            raise IndexError(f"{size} bytes after byte {self.at} of {len(self._content)}")

    def _unsigned(self) -> int:
        value, shift = 0, 0
        while (byte := self._byte()) & 128:
            value, shift = value | (byte & 127) << shift, shift + 7
            if shift > 63:
                raise ValueError("its headers hold a number of more than 64 bits")
        return value | byte << shift

    def _signed(self, bits: int) -> int:
        value = self._unsigned()
        if value >> bits:
            raise ValueError(f"its headers hold {value}, expected a number of {bits} bits")
        return value >> 1 ^ -(value & 1)

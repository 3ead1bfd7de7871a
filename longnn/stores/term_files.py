"""One term of one block of columns on the disk: as it was computed, or in few bits."""

from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32, Integer, UInt8

from longnn.stores.blocks import CheckedArray, Layout, StoreError
from longnn.stores.packing import Tiles, decode, row_bytes


@runtime_checkable
class TermFile(Protocol):
    """What a term is read by."""

    bytes: int
    dtype: np.dtype

    def read(self, start: int, stop: int, out: Float[np.ndarray, "n W"]) -> None:
        """Writes the rows from ``start`` on, below ``stop``, into ``out``."""

    def take(self, nodes: Integer[np.ndarray, " n"], out: Float[np.ndarray, "n W"]) -> None:
        """Writes the rows of nodes into ``out``."""

    def forget(self) -> None:
        """Gives the memory of what was read back to the system."""


class PlainTerm:
    """A term as it was computed.

    Args:
        folder: of the store.
        name: of the term.
        arrays: of the header.
        nodes, width: its shape.

    Raises:
        StoreError: if the header describes another array, or its file is missing.
    """

    def __init__(self, folder: Path, name: str, arrays: dict[str, Layout], nodes: int, width: int):
        layout = arrays.get(name)
        if layout is None or layout.size != nodes * width or layout.dtype not in ("<f4", "<f8"):
            raise StoreError(f"{folder}: the array {name} does not fit the terms")
        self._values, self._width = CheckedArray(folder / f"{name}.bin", layout), width
        self.bytes, self.dtype = layout.bytes, np.dtype(layout.dtype)

    def read(self, start: int, stop: int, out: Float[np.ndarray, "n W"]) -> None:
        """Writes the rows from ``start`` on, below ``stop``, into ``out``."""
        part = self._values.read(start * self._width, stop * self._width)
        out[:] = part.reshape(-1, self._width)

    def take(self, nodes: Integer[np.ndarray, " n"], out: Float[np.ndarray, "n W"]) -> None:
        """Writes the rows of nodes into ``out``."""
        out[:] = self._values.rows_at(nodes, self._width)

    def forget(self) -> None:
        """Gives the memory of what was read back to the system."""
        self._values.forget()


class PackedTerm:
    """A term in few bits, which is unpacked to float32 as it is read.

    Args:
        folder: of the store.
        name: of the term.
        arrays: of the header.
        nodes, width: its shape.
        bits: of a number.
        tiles: which numbers have ends of their levels in common.

    Raises:
        StoreError: if the header describes other arrays, or a file is missing.
    """

    dtype = np.dtype(np.float32)

    def __init__(
        self,
        folder: Path,
        name: str,
        arrays: dict[str, Layout],
        nodes: int,
        width: int,
        bits: int,
        tiles: Tiles,
    ):
        self.bits, self.tiles = bits, tiles
        self._row, self._ends_row = row_bytes(bits, width), 2 * tiles.across(width)
        sizes = {
            codes_of(name): ("|u1", nodes * self._row),
            ends_of(name): ("<f4", tiles.down(nodes) * self._ends_row),
        }
        for array, expected in sizes.items():
            layout = arrays.get(array)
            if layout is None or (layout.dtype, layout.size) != expected:
                raise StoreError(f"{folder}: the array {array} does not fit the terms")
        codes, ends = (folder / f"{array}.bin" for array in sizes)
        self._codes = CheckedArray(codes, arrays[codes_of(name)])
        self._ends = CheckedArray(ends, arrays[ends_of(name)], _check_ends)
        self.bytes = sum(arrays[array].bytes for array in sizes)

    def read(self, start: int, stop: int, out: Float32[np.ndarray, "n W"]) -> None:
        """Writes the rows from ``start`` on, below ``stop``, into ``out``."""
        codes = self._codes.read(start * self._row, stop * self._row)
        self._decode(codes.reshape(-1, self._row), np.arange(start, stop), out)

    def take(self, nodes: Integer[np.ndarray, " n"], out: Float32[np.ndarray, "n W"]) -> None:
        """Writes the rows of nodes into ``out``."""
        self._decode(self._codes.rows_at(nodes, self._row), nodes, out)

    def content(self) -> tuple[UInt8[np.ndarray, "n B"], Float32[np.ndarray, "t g 2"]]:
        """All codes, packed, and the ends of the levels."""
        ends = self._ends.all().reshape(-1, self._ends_row // 2, 2)
        return self._codes.all().reshape(-1, self._row), ends

    def _decode(
        self,
        codes: Integer[np.ndarray, "n B"],
        nodes: Integer[np.ndarray, " n"],
        out: Float32[np.ndarray, "n W"],
    ) -> None:
        ends = self._ends.rows_at(nodes // self.tiles.rows, self._ends_row)
        ends = ends.reshape(len(nodes), self._ends_row // 2, 2)
        decode(codes, ends, self.bits, self.tiles, out)

    def forget(self) -> None:
        """Gives the memory of what was read back to the system."""
        self._codes.forget()
        self._ends.forget()


def codes_of(name: str) -> str:
    """The name of the array of a term's codes."""
    return f"{name}-codes"


def ends_of(name: str) -> str:
    """The name of the array of the ends of a term's levels."""
    return f"{name}-ends"


def _check_ends(ends: Float32[np.ndarray, " n"]) -> None:
    if not np.isfinite(ends).all():
        raise StoreError("the ends of the levels of terms in few bits are not finite")

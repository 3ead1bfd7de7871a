"""Matrices in few bits: codes of b bits packed by rows, and the ends of the levels of each tile."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Integer, UInt8

from longnn.stores.rounding import restored, rounded

NARROW = 64
"""Columns below which a row has too few numbers for ends of its own."""

COLUMNS, ROWS = 128, 256
"""The most numbers of a tile, beside or below each other. Ends of 128 numbers are half of a bit of
each; in tiles of 256, half of a bit more would not leave less error (terms of Squirrel, Cora)."""


@dataclass(frozen=True)
class Tiles:
    """How a matrix [N, F] is cut into tiles that have ends of their own.

    Attributes:
        rows: of a tile; the last may have fewer.
        columns: of a tile; the last may have fewer. One of the two is 1.
    """

    rows: int
    columns: int

    @classmethod
    def of(cls, width: int) -> "Tiles":
        """What is taken for F = ``width`` columns: parts of rows that are nearly equal, or parts of
        columns where rows are shorter than `NARROW`."""
        if width < NARROW:
            return cls(ROWS, 1)
        return cls(1, -(-width // -(-width // COLUMNS)))

    def across(self, width: int) -> int:
        """Number of tiles beside each other."""
        return -(-width // self.columns)

    def down(self, nodes: int) -> int:
        """Number of tiles below each other."""
        return -(-nodes // self.rows)

    def bytes(self, bits: int, nodes: int, width: int) -> int:
        """Bytes of a matrix [nodes, width]: its codes, by rows of whole bytes, and its ends."""
        return nodes * row_bytes(bits, width) + 8 * self.down(nodes) * self.across(width)


def row_bytes(bits: int, width: int) -> int:
    """Bytes of the codes of a row."""
    return -(-bits * width // 8)


def encode(
    values: Float[np.ndarray, "n F"], bits: int, tiles: Tiles
) -> tuple[UInt8[np.ndarray, "n B"], Float32[np.ndarray, "t g 2"]]:
    """Rounds the rows of a matrix, from the first row of a tile on, and packs them.

    Args:
        values: [n, F] finite numbers in the range of float32.
        bits: one of `longnn.stores.rounding.BITS`.
        tiles: how the matrix is cut.

    Returns:
        (packed codes [n, `row_bytes`]; ends [tiles below each other, tiles beside each other, 2]).
    """
    nodes, width = values.shape
    codes = np.empty((nodes, width), np.uint16 if bits == 16 else np.uint8)
    ends = np.empty((tiles.down(nodes), tiles.across(width), 2), np.float32)
    if tiles.rows == 1:
        for i, start in enumerate(range(0, width, tiles.columns)):
            part = slice(start, start + tiles.columns)
            codes[:, part], ends[:, i] = rounded(values[:, part], bits)
    else:
        whole = nodes // tiles.rows
        for start, count in ((0, whole), (whole, tiles.down(nodes) - whole)):
            if count:
                part = slice(start * tiles.rows, (start + count) * tiles.rows)
                _encode_columns(values[part], bits, codes[part], ends[start : start + count])
    return packed(codes, bits), ends


def _encode_columns(
    values: Float[np.ndarray, "n F"],
    bits: int,
    codes: Integer[np.ndarray, "n F"],
    ends: Float32[np.ndarray, "t F 2"],
) -> None:
    """Rounds tiles of one column each, t below each other, all of one length."""
    count, width, _ = ends.shape
    tiles = values.reshape(count, -1, width).transpose(0, 2, 1)
    found, reached = rounded(tiles.reshape(count * width, -1), bits)
    ends[:] = reached.reshape(ends.shape)
    codes[:] = found.reshape(tiles.shape).transpose(0, 2, 1).reshape(codes.shape)


def decode(
    content: UInt8[np.ndarray, "n B"],
    ends: Float32[np.ndarray, "n g 2"],
    bits: int,
    tiles: Tiles,
    out: Float32[np.ndarray, "n F"],
) -> None:
    """What `encode` has rounded the rows to.

    Args:
        content: [n, B] packed codes.
        ends: [n, g, 2] of the tiles of each row.
        bits, tiles: those of `encode`.
        out: [n, F], written to.
    """
    codes = unpacked(content, bits, out.shape[1])
    if tiles.columns == 1:
        out[:] = restored(codes, ends[..., 0], ends[..., 1], bits)
        return
    for i, start in enumerate(range(0, out.shape[1], tiles.columns)):
        part = slice(start, start + tiles.columns)
        out[:, part] = restored(codes[:, part], ends[:, i, :1], ends[:, i, 1:], bits)


def packed(codes: Integer[np.ndarray, "n F"], bits: int) -> UInt8[np.ndarray, "n B"]:
    """Codes below 2^bits in rows of whole bytes, the first code in the lowest bits.

    Example:
        >>> packed(np.array([[1, 2, 3]], np.uint8), 4).tolist()
        [[33, 3]]
    """
    if bits >= 8:
        return np.ascontiguousarray(codes, f"<u{bits // 8}").view(np.uint8)
    if bits == 1:
        return np.packbits(codes, axis=1, bitorder="little")
    each, (nodes, width) = 8 // bits, codes.shape
    whole = np.zeros((nodes, row_bytes(bits, width), each), np.uint8)
    whole.reshape(nodes, -1)[:, :width] = codes
    whole <<= np.arange(0, 8, bits, dtype=np.uint8)
    return np.bitwise_or.reduce(whole, axis=2)


def unpacked(
    content: UInt8[np.ndarray, "n B"], bits: int, width: int
) -> Integer[np.ndarray, "n {width}"]:
    """What `packed` has packed, rows of ``width`` codes."""
    if bits >= 8:
        return np.ascontiguousarray(content).view(f"<u{bits // 8}")
    if bits == 1:
        return np.unpackbits(content, axis=1, count=width, bitorder="little")
    codes = np.empty((*content.shape, 8 // bits), np.uint8)
    for i in range(8 // bits):
        np.right_shift(content, bits * i, out=codes[..., i])
    codes &= (1 << bits) - 1
    return codes.reshape(len(content), content.shape[1] * (8 // bits))[:, :width]

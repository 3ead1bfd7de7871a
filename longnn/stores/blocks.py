"""Arrays on the disk with a checksum for each block, which is verified when it is first read."""

import hashlib
import mmap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from jaxtyping import Integer, Shaped

BLOCK = 1 << 22
"""Bytes of a block: what is read and verified at once."""

DTYPES = ("|i1", "|u1", "<i4", "<i8", "<f4", "<f8")
"""The types of the numbers of an array."""

CHECKED = 1 << 40
"""The most entries of an array, so that a number of bytes fits into 64 bits by far."""


class StoreError(Exception):
    """A store on the disk is missing, damaged, not finished, or of something else."""


@dataclass(frozen=True)
class Layout:
    """What a store says of one of its arrays.

    Attributes:
        dtype: one of `DTYPES`.
        size: number of entries.
        sha256: of each block of `BLOCK` bytes, in hexadecimal digits.
    """

    dtype: str
    size: int
    sha256: tuple[str, ...]

    @classmethod
    def parsed(cls, value: Any, what: str) -> "Layout":
        """Of the header of a store, which nobody has checked.

        Raises:
            StoreError: if it is not the layout of an array.
        """
        good = isinstance(value, dict) and value.keys() == {"dtype", "size", "sha256"}
        if not good or value["dtype"] not in DTYPES or type(value["size"]) is not int:
            raise StoreError(f"{what}: the header does not describe an array of numbers")
        digests, size = value["sha256"], value["size"]
        if not 0 <= size < CHECKED:
            raise StoreError(f"{what}: {size} is no number of entries")
        layout = cls(value["dtype"], size, tuple(digests) if isinstance(digests, list) else ())
        if len(layout.sha256) != -(-layout.bytes // BLOCK) or not all(
            isinstance(digest, str) and len(digest) == 64 for digest in digests
        ):
            raise StoreError(f"{what}: the header has not one checksum for each block")
        return layout

    @property
    def bytes(self) -> int:
        """Number of bytes of the array."""
        return self.size * np.dtype(self.dtype).itemsize

    def as_json(self) -> dict[str, object]:
        """What `parsed` reads."""
        return {"dtype": self.dtype, "size": self.size, "sha256": list(self.sha256)}


class Writer:
    """Appends numbers to a file, which it closes as a context, and keeps checksums of its blocks.

    Args:
        path: of the file, which is made anew.
        dtype: one of `DTYPES`.
    """

    def __init__(self, path: Path, dtype: str):
        self._file = path.open("wb")
        self._dtype, self._bytes = dtype, 0
        self._digest, self._digests = hashlib.sha256(), list[str]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, values: Shaped[np.ndarray, " n"]) -> None:
        """Appends values, which are rounded to the type of the file."""
        view = np.ascontiguousarray(values, self._dtype).data.cast("B")
        while len(view):
            part = view[: BLOCK - self._bytes % BLOCK]
            self._file.write(part)
            self._digest.update(part)
            self._bytes += len(part)
            if self._bytes % BLOCK == 0:
                self._end_block()
            view = view[len(part) :]

    def close(self) -> Layout:
        """Ends the file."""
        if self._bytes % BLOCK:
            self._end_block()
        self._file.close()
        size = self._bytes // np.dtype(self._dtype).itemsize
        return Layout(self._dtype, size, tuple(self._digests))

    def _end_block(self) -> None:
        self._digests.append(self._digest.hexdigest())
        self._digest = hashlib.sha256()


class CheckedArray:
    """A memory-mapped array whose blocks are verified when they are first read.

    Args:
        path: of the file.
        layout: what the header of the store says of it.
        check: called with the numbers of each block at its first reading; it raises a StoreError
            where they cannot be what they should.

    Raises:
        StoreError: if the file is missing or has another size.
    """

    def __init__(
        self,
        path: Path,
        layout: Layout,
        check: Callable[[Shaped[np.ndarray, " n"]], None] = lambda _: None,
    ):
        if not path.is_file() or path.stat().st_size != layout.bytes:
            found = f"has {path.stat().st_size:,} bytes" if path.is_file() else "is missing"
            raise StoreError(
                f"{path} {found}, expected {layout.bytes:,} bytes; build the store again"
            )
        self.path, self.layout, self._check = path, layout, check
        self._verified = np.zeros(len(layout.sha256), bool)
        mapped = np.memmap(path, layout.dtype, "r") if layout.size else np.zeros(0, layout.dtype)
        self._values: np.ndarray = mapped

    def __len__(self) -> int:
        return self.layout.size

    def read(self, start: int, stop: int) -> Shaped[np.ndarray, " n"]:
        """The entries from ``start`` on, below ``stop``, as they lie in the file.

        Raises:
            StoreError: if a block of them is damaged.
        """
        size = np.dtype(self.layout.dtype).itemsize
        if stop > start:
            for block in range(start * size // BLOCK, -(-stop * size // BLOCK)):
                if not self._verified[block]:
                    self._verify(block)
        return self._values[start:stop]

    def rows_at(
        self, rows: Integer[np.ndarray, " n"], width: int
    ) -> Shaped[np.ndarray, "n {width}"]:
        """Rows of the array as a matrix of ``width`` columns.

        Args:
            rows: [n] numbers of rows, all of which must be there.
            width: entries of a row.

        Raises:
            StoreError: if a block of them is damaged.
        """
        size = np.dtype(self.layout.dtype).itemsize * width
        for edge in (0, size - 1):  # the blocks that rows begin and end in
            for block in np.unique((rows * size + edge) // BLOCK):
                if not self._verified[block]:
                    self._verify(int(block))
        return self._values.reshape(-1, width)[rows]

    def all(self) -> Shaped[np.ndarray, " n"]:
        """Every entry."""
        return self.read(0, len(self))

    def forget(self) -> None:
        """Gives the memory of pages that were read back to the system; they stay verified."""
        held = getattr(self._values, "_mmap", None)
        if held is not None:
            held.madvise(mmap.MADV_DONTNEED)

    def _verify(self, block: int) -> None:
        entries = BLOCK // np.dtype(self.layout.dtype).itemsize
        values = self._values[block * entries : (block + 1) * entries]
        if hashlib.sha256(values.data).hexdigest() != self.layout.sha256[block]:
            raise StoreError(
                f"block {block} of {self.path} (bytes {block * BLOCK:,} to "
                f"{block * BLOCK + values.nbytes:,}) is damaged: its checksum is another; "
                "build the store again, or copy it again"
            )
        self._check(values)
        self._verified[block] = True

"""Sorts more records than memory holds: dealt to files by ranges of keys, then file by file."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64

FANOUT = 128
"""Files that the records of one range are dealt to."""

Records = tuple[Int64[np.ndarray, " n"], Float64[np.ndarray, " n"] | None]
"""Keys, and the weight of each; None where all are 1."""


class Sorter:
    """Takes records in any order and gives them back by ascending key, in pieces.

    All records of a key come in one piece; a key of more records than memory holds is the
    caller's to avoid.

    Args:
        folder: where the files are written; it holds all records twice at most.
        low, high: every key lies in [low, high).
        weighted: whether records have weights.
        piece: most records of a piece, unless a single key has more.
    """

    def __init__(self, folder: Path, low: int, high: int, weighted: bool, piece: int):
        self._folder = Path(tempfile.mkdtemp(dir=folder, prefix="sort-"))
        self._low, self._weighted, self._piece = low, weighted, piece
        self._step = max(-(-(high - low) // FANOUT), 1)
        self._high = high
        self._counts = np.zeros(FANOUT, np.int64)

    def add(self, keys: Int64[np.ndarray, " n"], weights: Float64[np.ndarray, " n"] | None) -> None:
        """Takes records, [n] each."""
        bucket = ((keys - self._low) // self._step).astype(np.uint8)
        order = np.argsort(bucket, kind="stable")  # a radix sort of bytes
        counts = np.bincount(bucket, minlength=FANOUT)
        ends = np.cumsum(counts)
        keys = keys[order]
        weights = None if weights is None else weights[order]
        for number in np.flatnonzero(counts):
            part = slice(ends[number] - counts[number], ends[number])
            self._append(f"{number}.keys", keys[part])
            if weights is not None:
                self._append(f"{number}.weights", weights[part])
        self._counts += counts

    def pieces(self) -> Iterator[Records]:
        """The records by ascending key; each file is deleted once it has been read."""
        held: list[Records] = []
        for number in range(FANOUT):
            count = int(self._counts[number])
            if count == 0:
                continue
            if held and sum(len(keys) for keys, _ in held) + count > self._piece:
                yield _sorted(held)
                held = []
            if count <= self._piece or self._step == 1:
                held.append(self._taken(number))
            else:
                yield from self._divided(number)
        if held:
            yield _sorted(held)
        self._folder.rmdir()

    def _divided(self, number: int) -> Iterator[Records]:
        """The records of a file that is too large for memory, by a finer sorter."""
        low = self._low + number * self._step
        high = min(low + self._step, self._high)
        finer = Sorter(self._folder, low, high, self._weighted, self._piece)
        length = self._piece
        for start in range(0, int(self._counts[number]), length):
            finer.add(*self._read(number, start, length))
        self._delete(number)
        yield from finer.pieces()

    def _taken(self, number: int) -> Records:
        records = self._read(number, 0, -1)
        self._delete(number)
        return records

    def _read(self, number: int, start: int, count: int) -> Records:
        part = lambda name, dtype: np.fromfile(  # noqa: E731
            self._folder / f"{number}.{name}", dtype, count, offset=8 * start
        )
        return part("keys", np.int64), part("weights", np.float64) if self._weighted else None

    def _delete(self, number: int) -> None:
        for path in self._folder.glob(f"{number}.*"):
            path.unlink()

    def _append(self, name: str, values: np.ndarray) -> None:
        with (self._folder / name).open("ab") as file:
            values.tofile(file)


def _sorted(parts: list[Records]) -> Records:
    keys = np.concatenate([keys for keys, _ in parts])
    if parts[0][1] is None:
        keys.sort()
        return keys, None
    weights = np.concatenate([w for _, w in parts if w is not None])
    order = np.argsort(keys, kind="stable")
    return keys[order], weights[order]

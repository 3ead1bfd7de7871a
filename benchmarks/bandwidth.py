"""What this machine's memory and disk give."""

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

import numpy as np

from longnn.stores import StoredGraph

REPEATS = 8


def copied(threads: int, count: int = 1 << 27) -> float:
    """GB in a second of a copy in memory, what is read and what is written."""
    source, target = np.ones(count, np.float32), np.zeros(count, np.float32)
    parts = [slice(i * count // threads, (i + 1) * count // threads) for i in range(threads)]

    def copy() -> None:
        list(pool.map(lambda part: np.copyto(target[part], source[part]), parts))

    with ThreadPoolExecutor(threads) as pool:
        return 2 * source.nbytes / min(timed(copy) for _ in range(REPEATS)) / 1e9


def taken(graph: StoredGraph, signal: np.ndarray, threads: int) -> float:
    """GB in a second of numpy taking the rows of a signal that pieces of the product read."""
    pieces = [rows.neighbours for rows in itertools.islice(graph.blocks(1 << 20), threads)]
    outs = [np.empty((len(rows), signal.shape[1]), signal.dtype) for rows in pieces]

    def take() -> None:
        list(pool.map(lambda rows, out: signal.take(rows, 0, out, "clip"), pieces, outs))

    with ThreadPoolExecutor(threads) as pool:
        seconds = min(timed(take) for _ in range(REPEATS))
    return sum(out.nbytes for out in outs) / seconds / 1e9


def read(folder: Path, most: int = 1 << 31) -> float:
    """GB in a second of files that are read one after the other, not from the page cache."""
    total, seconds, buffer = 0, 0.0, bytearray(1 << 24)
    for path in sorted(folder.glob("*.bin")):
        with path.open("rb", buffering=0) as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            began = perf_counter()
            while count := file.readinto(buffer):
                total += count
            seconds += perf_counter() - began
        if total > most:
            break
    return total / seconds / 1e9


def timed(call: Callable[[], object]) -> float:
    """Seconds of a call."""
    began = perf_counter()
    call()
    return perf_counter() - began

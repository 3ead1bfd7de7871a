"""Propagates features once: p_k(S) X for every k, streamed to the disk."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Shaped

from longnn.stores.blocks import Layout, StoreError, Writer
from longnn.stores.dataset import StoredDataset
from longnn.stores.folders import making
from longnn.stores.graph import StoredGraph
from longnn.stores.header import write_header
from longnn.stores.pieces import aligned
from longnn.stores.products import Step, StreamedOperator, columns
from longnn.stores.terms import StoredTerms, as_facts, name_of
from polybases import Recurrence

Stored = Literal["float32", "float64"]

_TYPES = {"float32": "<f4", "float64": "<f8"}

ROWS = 1 << 16
"""Rows that are scaled and written at once."""


@dataclass(frozen=True)
class Propagated:
    """How far a propagation is.

    Attributes:
        done: products with S that are done, in all processes that worked on it.
        total: products in all.
        seconds_left: an estimate, or None before the first product of this process.
    """

    done: int
    total: int
    seconds_left: float | None


def propagate(
    path: str | Path,
    graph: StoredGraph,
    features: StoredDataset | Shaped[np.ndarray, "N F"],
    basis: Recurrence,
    *,
    dtype: Stored = "float32",
    memory_gb: float = 4.0,
    threads: int | None = None,
    state_seconds: float = 60.0,
    on_progress: Callable[[Propagated], None] = lambda _: None,
) -> StoredTerms:
    """Computes p_k(S) X for k = 0 to K in one fixed basis and writes every term to the disk.

    The columns of X are taken in blocks of which two signals fit into ``memory_gb``; for each, the
    rows of the graph are streamed K times. A killed propagation goes on where it was, with the
    same result to the last bit.

    Args:
        path: folder to make.
        graph: N nodes.
        features: X [N, F], or a dataset whose features are streamed.
        basis: of order K, with coefficients that are the same for all channels; orthonormal ones,
            such as ``polybases.jacobi``, keep the terms of one size.
        dtype: of the arithmetic and of the terms.
        memory_gb: memory for signals, > 0.
        threads: how many cores work; None: those of the process.
        state_seconds: between two savings of the signals, from which a killed propagation goes on.
        on_progress: called after each product.

    Returns:
        The terms, opened.

    Raises:
        StoreError: if the folder exists with other terms, another process is making it, or the
            disk is full (what was written stays, and the same call goes on).
        ValueError: if features and graph do not fit, or the basis has parameters for each channel.
    """
    path = Path(path).expanduser()
    work = _Work(graph, _source(features, graph), basis, dtype, memory_gb, threads)
    if path.exists():
        return _checked(StoredTerms(path), work)
    with making(path, goes_on=True) as folder:
        work.run(folder, state_seconds, on_progress)
    return StoredTerms(path)


@dataclass(frozen=True)
class _Source:
    """Features that are read by rows."""

    rows: Callable[[int, int], Shaped[np.ndarray, "n F"]]
    width: int
    checksum: str


def _source(features: StoredDataset | Shaped[np.ndarray, "N F"], graph: StoredGraph) -> _Source:
    if isinstance(features, StoredDataset):
        if features.graph.checksum != graph.checksum:
            raise ValueError("the features are those of a dataset with another graph")
        return _Source(features.rows, features.features, features.checksum)
    if features.ndim != 2 or len(features) != graph.num_nodes or not np.isfinite(features).all():
        raise ValueError(
            f"features must be finite numbers [N, F] with N = {graph.num_nodes}, got shape "
            f"{features.shape}"
        )
    from longnn.data.dataset import checksum_of

    return _Source(lambda a, b: features[a:b], features.shape[1], checksum_of(features))


class _Work:
    """What is to be done, and how far it is."""

    def __init__(
        self,
        graph: StoredGraph,
        source: _Source,
        basis: Recurrence,
        dtype: Stored,
        memory_gb: float,
        threads: int | None,
    ):
        if not memory_gb > 0:
            raise ValueError(f"propagation needs memory_gb > 0, got {memory_gb}")
        self._source, self._dtype = source, np.dtype(dtype)
        self._graph, self._threads = graph, threads
        one = 2 * graph.num_nodes * self._dtype.itemsize
        block = max(int(memory_gb * 1e9 / one), 1)
        self._blocks = list(columns(source.width, block))
        self._coefficients = as_facts(basis)
        self.order = len(self._coefficients["diagonal"])
        self.facts = {
            "num_nodes": graph.num_nodes,
            "order": self.order,
            "features": source.width,
            "graph": graph.checksum,
            "source": source.checksum,
            "basis": self._coefficients,
            "widths": [part.stop - part.start for part in self._blocks],
        }

    def run(
        self, folder: Path, state_seconds: float, on_progress: Callable[[Propagated], None]
    ) -> None:
        """Does what is left to do in a folder, and writes the header."""
        state = _State(folder, self.facts | {"dtype": self._dtype.name}, state_seconds)
        operator = StreamedOperator(self._graph, self._threads)
        total, began = len(self._blocks) * self.order, time.perf_counter()
        first = state.products(self.order)
        for number in range(state.block, len(self._blocks)):
            for done in self._block(state, operator, number):
                here = done - first
                left = (time.perf_counter() - began) / here * (total - done) if here else None
                on_progress(Propagated(done, total, left))
        state.remove()
        write_header(folder, "terms", self.facts, state.layouts)

    def _block(self, state: "_State", operator: StreamedOperator, number: int) -> Iterator[int]:
        """The terms of one block of columns; the number of products that are done, after each."""
        part = self._blocks[number]
        k, signals = state.signals(part.stop - part.start, self._dtype)
        if signals is None:
            signals = self._start(operator, part)
            state.write(number, 0, operator.root, signals[0])
        current, previous = signals
        while k < self.order:
            values = (self._coefficients[name][k] for name in ("diagonal", "upper", "lower"))
            operator.advance(Step(*values), current, previous)
            current, previous = previous, current
            k += 1
            state.write(number, k, operator.root, current)
            state.save(number, k, (current, previous))
            yield number * self.order + k
        state.next_block(number + 1)

    def _start(
        self, operator: StreamedOperator, part: slice
    ) -> tuple[Float[np.ndarray, "N W"], Float[np.ndarray, "N W"]]:
        """u_0 and u_{-1} = 0."""
        nodes = self._graph.num_nodes
        shape = nodes, part.stop - part.start
        current, previous = aligned(shape, self._dtype), aligned(shape, self._dtype)
        previous[:] = 0
        first = self._coefficients["first"]
        for start in range(0, nodes, ROWS):
            rows = self._source.rows(start, min(start + ROWS, nodes))[:, part]
            scale = first / operator.root[start : start + ROWS]
            current[start : start + ROWS] = rows * scale[:, None]
        return current, previous


class _State:
    """What a killed propagation goes on from.

    Args:
        folder: where terms are written.
        facts: what identifies them; a folder of others is emptied.
        seconds: between two savings of the signals.
    """

    def __init__(self, folder: Path, facts: dict[str, Any], seconds: float):
        self._folder, self._facts, self._seconds = folder, facts, seconds
        self._file = folder / "state.json"
        self.layouts: dict[str, Layout] = {}
        self.block, self._k, self._saved = 0, 0, ""
        self._last = time.perf_counter()
        held = json.loads(self._file.read_text()) if self._file.is_file() else {}
        if held.get("facts") == json.loads(json.dumps(facts)):
            self.block, self._k, self._saved = held["block"], held["k"], held["signals"]
            self.layouts = {n: Layout.parsed(v, n) for n, v in held["layouts"].items()}
        kept = {"state.json", *(f"{name}.bin" for name in self.layouts), self._saved}
        for path in folder.iterdir():
            if path.name not in kept:
                path.unlink()

    def products(self, order: int) -> int:
        """The number of products that are done."""
        return self.block * order + self._k

    def signals(
        self, width: int, dtype: np.dtype
    ) -> tuple[int, tuple[Float[np.ndarray, "N W"], Float[np.ndarray, "N W"]] | None]:
        """(k, (u_k, u_{k-1})) that were saved, or (0, None).

        Raises:
            StoreError: if the file that holds them is shorter than they are.
        """
        if not self._saved:
            return 0, None
        path, shape = self._folder / self._saved, (self._facts["num_nodes"], width)
        current, previous = aligned(shape, dtype), aligned(shape, dtype)
        with path.open("rb") as file:
            for signal in (current, previous):
                if file.readinto(signal.reshape(-1).view(np.uint8).data) != signal.nbytes:
                    raise StoreError(
                        f"{path} is damaged: it is too short; delete {self._folder} to begin again"
                    )
        return self._k, (current, previous)

    def write(
        self,
        block: int,
        k: int,
        root: Float[np.ndarray, " N"],
        signal: Float[np.ndarray, "N W"],
    ) -> None:
        """Writes p_k = D^1/2 u_k."""
        name = name_of(block, k)
        with Writer(self._folder / f"{name}.bin", _TYPES[signal.dtype.name]) as writer:
            for start in range(0, len(signal), ROWS):
                part = slice(start, start + ROWS)
                writer.add((signal[part] * root[part, None].astype(signal.dtype)).reshape(-1))
            self.layouts[name] = writer.close()

    def save(self, block: int, k: int, signals: tuple[Float[np.ndarray, "N W"], ...]) -> None:
        """Saves the signals, where the last saving is long enough ago."""
        if time.perf_counter() - self._last < self._seconds:
            return
        old, self._saved = self._saved, f"signals-{block}-{k}"
        with (self._folder / self._saved).open("wb") as file:
            for signal in signals:
                signal.tofile(file)
            file.flush()
            os.fsync(file.fileno())  # before it is said that they are there
        self.block, self._k = block, k
        self._note()
        if old:
            (self._folder / old).unlink()

    def next_block(self, block: int) -> None:
        """Says that every block before this one is done."""
        old, self._saved = self._saved, ""
        self.block, self._k = block, 0
        self._note()
        if old:
            (self._folder / old).unlink()

    def remove(self) -> None:
        """Removes what a finished propagation does not need."""
        self._file.unlink()

    def _note(self) -> None:
        layouts = {name: layout.as_json() for name, layout in self.layouts.items()}
        content = {
            "facts": self._facts,
            "block": self.block,
            "k": self._k,
            "signals": self._saved,
            "layouts": layouts,
        }
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(content))
        new.replace(self._file)
        self._last = time.perf_counter()


def _checked(terms: StoredTerms, work: _Work) -> StoredTerms:
    """Terms that are there already, unless they are others."""
    wanted = {"graph": terms.graph, "source": terms.source, "basis": as_facts(terms.basis)}
    if terms.bits is not None:
        raise StoreError(f"{terms.path} holds terms in few bits; name another folder")
    other = [name for name, value in wanted.items() if work.facts[name] != value]
    if other:
        raise StoreError(
            f"{terms.path} holds terms of another {' and another '.join(other)}; delete it, or "
            "name another folder"
        )
    return terms

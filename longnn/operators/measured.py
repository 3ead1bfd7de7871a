"""Whether the native kernels are faster than pure JAX here: timed once, and kept."""

import json
import math
import os
import time
from collections.abc import Callable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from longnn.graphs.graph import Graph
from longnn.graphs.scaling import shift_entries
from longnn.operators.csr import csr_operator
from longnn.operators.native.library import SOURCES, status
from longnn.operators.native.operator import native_operator
from longnn.operators.native.variants import model
from polybases import jacobi, weighted_sum

WIDTHS = (8, 32, 50, 128)
"""Columns of the signals that are multiplied; the filter has those of the third."""

ORDER, NODES, EDGES = 10, 5_000, 100_000
REPEATS = 5
"""Rounds in which both are timed in turn; the least time of each counts."""


class Times(NamedTuple):
    """Milliseconds of one piece of work on both backends."""

    work: str
    native: float
    csr: float


@cache
def fastest() -> Literal["native", "csr"]:
    """ "native" or "csr", whichever is faster on this machine; the kernels have to be active.

    It is read from the record of an earlier measurement with the same library, jaxlib and
    processor; without one it is measured, which takes a few seconds, and recorded.
    """
    return "native" if advantage(recorded() or measure()) >= 1 else "csr"


def verdict() -> str:
    """One sentence: which of both is faster here, and by how much."""
    times = recorded() or measure()
    ratio = advantage(times)
    winner, loser, by = ("native", "csr", ratio) if ratio >= 1 else ("csr", "native", 1 / ratio)
    return f"{winner} is taken, {by:.1f} times as fast as {loser} on {model()}"


def advantage(times: list[Times]) -> float:
    """How many times faster native is than csr: the geometric mean over the pieces of work.

    Example:
        >>> advantage([Times("a", 1.0, 2.0), Times("b", 1.0, 8.0)])
        4.0
    """
    return math.exp(sum(math.log(t.csr / t.native) for t in times) / len(times))


def measure() -> list[Times]:
    """Times products of S with signals of several widths, and a filter, on both backends.

    The graph has skewed degrees and fits the nearest caches, as most benchmark graphs do. The
    times are kept beside the library or, where that cannot be written, in the user's cache.
    """
    with jax.ensure_compile_time_eval():
        work = _work()
        both = {name: [jax.jit(f) for f in functions] for name, *functions, _ in work}
        least = {name: [math.inf, math.inf] for name in both}
        for repeat in range(REPEATS + 1):  # the first compiles
            for name, _, _, x in work:
                for i, f in enumerate(both[name]):
                    seconds = _timed(f, x)
                    if repeat:
                        least[name][i] = min(least[name][i], seconds)
    times = [Times(name, 1e3 * native, 1e3 * csr) for name, (native, csr) in least.items()]
    _keep(times)
    return times


def recorded() -> list[Times] | None:
    """The times of an earlier measurement of these kernels on this machine, or None."""
    for place in _places():
        try:
            found = json.loads(place.read_text())
        except (OSError, ValueError):
            continue
        if isinstance(found, dict) and found.get("of") == _subject():
            return [Times(*row) for row in found["times"]]
    return None


def _work() -> list[tuple[str, Callable[[Array], Array], Callable[[Array], Array], Array]]:
    """(name, function on native, function on csr, signal) of each piece of work."""
    rng = np.random.default_rng(0)
    ends = (NODES * rng.random((EDGES, 2)) ** 2).astype(np.int64)
    graph = Graph.from_edges(rng.permutation(NODES)[ends[ends[:, 0] != ends[:, 1]]], NODES)
    native = native_operator(graph)
    csr = csr_operator(graph, shift_entries(graph), jnp.float32)
    signals = {w: jnp.asarray(rng.normal(size=(NODES, w)), jnp.float32) for w in WIDTHS}
    products = [(f"product, width {w}", native.matvec, csr.matvec, signals[w]) for w in WIDTHS]
    alpha, theta = np.full(WIDTHS[2], 0.5, np.float32), np.ones((ORDER + 1, WIDTHS[2]), np.float32)
    recurrence = jacobi(ORDER, jnp.asarray(alpha), jnp.asarray(alpha))
    return [
        *products,
        (
            f"filter, K = {ORDER}, width {WIDTHS[2]}",
            lambda x: native.filter_sum(recurrence, jnp.asarray(theta), x),
            lambda x: weighted_sum(recurrence, theta, csr.matvec, x),
            signals[WIDTHS[2]],
        ),
    ]


def _timed(f: Callable[[Array], Array], x: Array) -> float:
    start = time.perf_counter()
    for _ in range(3):
        jax.block_until_ready(f(x))
    return (time.perf_counter() - start) / 3


def _subject() -> str:
    """What the times hold for."""
    library = status().library
    name = library.name if library else "none"
    return f"{name}, jaxlib {metadata.version('jaxlib')}, {model()}"


def _places() -> list[Path]:
    cached = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "longnn")
    return [SOURCES / "measured.json", cached / "measured.json"]


def _keep(times: list[Times]) -> None:
    """Writes the record at the first place that can be written; without one, it is not kept."""
    text = json.dumps({"of": _subject(), "times": times}, indent=1)
    for place in _places():
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            part = place.with_suffix(f".{os.getpid()}")
            part.write_text(text)
            part.replace(place)
        except OSError:
            continue
        return

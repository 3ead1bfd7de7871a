"""Whether the native kernels are faster than pure JAX here: timed once, and kept."""

import json
import math
import os
import time
from collections.abc import Callable
from functools import cache
from importlib import metadata
from pathlib import Path
from statistics import geometric_mean
from typing import Any, Literal, NamedTuple

import jax
from jax import Array

from longnn.operators._compared import Part, features_work, operator_work
from longnn.operators.native.library import SOURCES, status
from longnn.operators.native.variants import model

REPEATS = 5
"""Rounds in which both are timed in turn; the least time of each counts."""


class Times(NamedTuple):
    """Milliseconds of one piece of work on both backends."""

    part: Part
    work: str
    native: float
    csr: float


@cache
def fastest(part: Part = "operator") -> Literal["native", "csr"]:
    """ "native" or "csr", whichever is faster for this part here; the kernels have to be active.

    It is read from the record of an earlier measurement with the same library, jaxlib and
    processor; without one it is measured, which takes a few seconds, and recorded.
    """
    return "native" if advantage(recorded() or measure(), part) >= 1 else "csr"


def verdict() -> str:
    """One sentence: which of both is faster here for each part, and by how much."""
    times = recorded() or measure()
    return f"on {model()} {_of(times, 'operator')}, and {_of(times, 'features')}"


def _of(times: list[Times], part: Part) -> str:
    ratio = advantage(times, part)
    winner, loser, by = ("native", "csr", ratio) if ratio >= 1 else ("csr", "native", 1 / ratio)
    name = {"operator": "filters", "features": "sparse features"}[part]
    return f"{winner} is taken for {name}, {by:.1f} times as fast as {loser}"


def advantage(times: list[Times], part: Part) -> float:
    """How many times faster native is than csr: the geometric mean over the part's work.

    Example:
        >>> times = [Times("operator", "a", 1.0, 2.0), Times("operator", "b", 1.0, 8.0)]
        >>> advantage(times, "operator")
        4.0
    """
    return geometric_mean(time.csr / time.native for time in times if time.part == part)


def measure() -> list[Times]:
    """Times products of S with signals of several widths, a filter and a layer on both backends.

    The graph has skewed degrees and fits the nearest caches, as most benchmark graphs do. The
    times are kept beside the library or, where that cannot be written, in the user's cache.
    """
    with jax.ensure_compile_time_eval():
        work = [*operator_work(), *features_work()]
        least = [[math.inf, math.inf] for _ in work]
        for repeat in range(REPEATS + 1):  # the first compiles
            for seconds, piece in zip(least, work, strict=True):
                for i, f in enumerate((piece.native, piece.csr)):
                    took = _timed(f, piece.x)
                    if repeat:
                        seconds[i] = min(seconds[i], took)
    times = [
        Times(piece.part, piece.name, 1e3 * native, 1e3 * csr)
        for piece, (native, csr) in zip(work, least, strict=True)
    ]
    _keep(times)
    return times


def recorded() -> list[Times] | None:
    """The times of an earlier measurement of these kernels on this machine, or None."""
    for place in _places():
        try:
            return [Times(*row) for row in _records(place)[_subject()]]
        except (TypeError, KeyError):  # not measured, or no such record
            continue
    return None


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
    """Writes the record at the first place that can be written; without one, it is not kept.

    Those of other processors stay: nodes of a cluster share a folder.
    """
    for place in _places():
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            part = place.with_suffix(f".{os.getpid()}")
            part.write_text(json.dumps(_records(place) | {_subject(): times}, indent=1))
            part.replace(place)
        except OSError:
            continue
        return


def _records(place: Path) -> dict[str, Any]:
    """Subject -> rows, as a file has them; empty where there is none, or none that can be read."""
    try:
        found = json.loads(place.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}

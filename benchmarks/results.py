"""Writes measured times as the Markdown of ``RESULTS.md``, each with what it holds for."""

import os
import platform
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.polybases_speed import measure
from longnn.operators.native.library import status
from longnn.operators.native.variants import model

RESULTS = Path(__file__).parent / "RESULTS.md"


class Line(NamedTuple):
    """Seconds of each side for one thing."""

    case: str
    what: str
    seconds: dict[str, float]


def copy_bandwidth() -> float:
    """GB/s of one core copying (bytes read and written)."""
    source = np.ones(1 << 26, np.float32)
    target = np.empty_like(source)
    target[:] = source
    seconds = measure({"copy": lambda: np.copyto(target, source)}, 5)["copy"]
    return 2 * source.nbytes / seconds / 1e9


def markdown(lines: list[Line], captions: Mapping[str, str], command: str) -> dict[str, str]:
    """Case -> its section; times in brackets are multiples of our first side.

    Args:
        lines: of one or more cases.
        captions: case -> what is timed.
        command: what prints these lines.
    """
    place = measured_by(command)
    of_case: dict[str, list[Line]] = {}
    for line in lines:
        of_case.setdefault(line.case, []).append(line)
    return {case: _table(rows, captions[case], place) for case, rows in of_case.items()}


def _table(lines: list[Line], caption: str, place: str) -> str:
    sides = list(dict.fromkeys(side for line in lines for side in line.seconds))
    out = [
        f"{lines[0].case}\n\n{caption}\n\n{place}\n",
        f"| | {' | '.join(sides)} |",
        f"|---{'|---' * len(sides)}|",
    ]
    for line in lines:
        first = next(iter(line.seconds.values()))
        cells = [_cell(line.seconds.get(side), first) for side in sides]
        out.append(f"| {line.what} | {' | '.join(cells)} |")
    return "\n".join(out) + "\n"


def measured_by(command: str) -> str:
    """The command, and what its figures hold for: day, load, processor, kernels and versions."""
    library = status().library
    kernels = f"kernels {library.name.split('-')[1]}" if library else "no kernels"
    packages = ", ".join(f"{name} {v}" for name, v in versions("jax", "torch", "scipy").items())
    return (
        f"`{command}`, {date.today()}: {model()}, {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f}, one core copies {copy_bandwidth():.0f} GB/s; {kernels}; "
        f"Python {platform.python_version()}, {packages}."
    )


def versions(*names: str) -> dict[str, str]:
    """The versions of those packages that are installed."""
    return {name: version(name) for name in names if find_spec(name)}


def write(new: Mapping[str, str]) -> None:
    """Puts sections into RESULTS.md, in place of those of the same names or at its end."""
    RESULTS.write_text(merged(RESULTS.read_text(), new))


def merged(old: str, new: Mapping[str, str]) -> str:
    """A text whose sections are those of ``old``, replaced by and followed by ``new``."""
    top, *parts = old.split("\n## ")
    sections = {part.split("\n")[0]: part for part in parts} | new
    return "\n## ".join([top, *(part.rstrip() + "\n" for part in sections.values())])


def _cell(seconds: float | None, first: float) -> str:
    if seconds is None:
        return "-"
    shown = f"{seconds:.3g} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"
    return shown if seconds == first else f"{shown} ({seconds / first:.2g} x)"

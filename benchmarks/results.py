"""Writes measured times as the Markdown of ``RESULTS.md``."""

import os
import platform
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.polybases_speed import measure


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


def markdown(lines: list[Line], captions: Mapping[str, str]) -> dict[str, str]:
    """Case -> its table; times in brackets are multiples of our first side."""
    cases = dict.fromkeys(line.case for line in lines)
    return {c: _table([x for x in lines if x.case == c], captions[c]) for c in cases}


def _table(lines: list[Line], caption: str) -> str:
    sides = list(dict.fromkeys(side for line in lines for side in line.seconds))
    out = [
        f"{lines[0].case}\n\n{caption} ({_when()})\n",
        f"| | {' | '.join(sides)} |",
        f"|---{'|---' * len(sides)}|",
    ]
    for line in lines:
        first = next(iter(line.seconds.values()))
        cells = [_cell(line.seconds.get(side), first) for side in sides]
        out.append(f"| {line.what} | {' | '.join(cells)} |")
    return "\n".join(out) + "\n"


def _when() -> str:
    return f"{date.today()}, load {os.getloadavg()[0]:.1f}"


def merged(old: str, header: str, new: Mapping[str, str], order: Iterable[str]) -> str:
    """The results file with the cases of ``new`` replaced, in this order."""
    sections = {part.split("\n")[0]: part for part in old.split("\n## ")[1:]} | new
    chosen = [sections[case].rstrip() + "\n" for case in order if case in sections]
    return "\n## ".join([header, *chosen])


def _cell(seconds: float | None, first: float) -> str:
    if seconds is None:
        return "-"
    shown = f"{seconds:.3g} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"
    return shown if seconds == first else f"{shown} ({seconds / first:.2g} x)"


def header() -> str:
    """What was measured where."""
    versions = ", ".join(f"{n} {version(n)}" for n in ("jax", "torch", "scipy"))
    return (
        f"# Training beside PyTorch\n\n`python -m benchmarks.training` on "
        f"{_processor()}, {os.cpu_count()} cores, both sides on all of them; one core copies "
        f"{copy_bandwidth():.0f} GB/s. {versions}, "
        f"Python {platform.python_version()}. In brackets: the time as a multiple of the first "
        "column.\n"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()

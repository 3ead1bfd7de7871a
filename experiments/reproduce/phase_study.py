"""Runs the phase diagram: every graph that has no record yet, one after the other."""

import logging
import time
from pathlib import Path

from longnn.runs.atomic import atomic_write

from . import phase_design as design
from . import phase_records as records
from .phase_figures import diagram
from .phase_fits import measure
from .phase_page import page

LOG = logging.getLogger(__name__)


def run(folder: Path, limit: int | None = None) -> None:
    """Measures what is missing, and adds each graph to the records as soon as it is done.

    Killed at any moment, it loses one graph.

    Args:
        folder: docs/results.
        limit: the most graphs that are measured now; None: all.
    """
    file = folder / "records" / "phase.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    found = records.read(file)
    records.write(file, found)  # without a line that was torn
    known = {(records.place_of(entry), entry["graph"]) for entry in found}
    left = [pair for pair in design.planned() if pair not in known][:limit]
    began = time.perf_counter()
    for done, (place, number) in enumerate(left):
        records.append(file, measure(place, number, design.seed_of(place, number)))
        spent = time.perf_counter() - began
        rest = spent / (done + 1) * (len(left) - done - 1)
        LOG.info(bar(done + 1, len(left), rest))


def bar(done: int, count: int, rest: float, width: int = 30) -> str:
    """A line that says how far the run is.

    Args:
        done: graphs that are measured.
        count: all that this run measures.
        rest: seconds that are left.
        width: of the bar, in characters.

    Example:
        >>> bar(1, 4, 150, width=8)
        'phase [##------] 1/4 graphs, 3 min left'
    """
    full = width * done // count
    return f"phase [{'#' * full}{'-' * (width - full)}] {done}/{count} graphs, " + (
        f"{rest / 60:.0f} min left"
    )


def render(folder: Path) -> Path:
    """Writes the page and its figure from the records."""
    found = records.read(folder / "records" / "phase.jsonl")
    if found:
        (folder / "figures").mkdir(exist_ok=True)
        with atomic_write(folder / "figures" / "phase.png") as path:
            diagram(found).savefig(path, dpi=150)
    target = folder / "phase.md"
    with atomic_write(target) as path:
        path.write_text(page(found))
    return target

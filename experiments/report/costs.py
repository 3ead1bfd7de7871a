"""Figures of the time and memory that each run recorded."""

from collections.abc import Iterator, Sequence

import numpy as np

from longnn.runs.result import Result

from .labels import label
from .picture import Picture, drawn
from .plot_cost import bars

STEPS = ("setup", "compile", "train")
"""Parts of ``seconds`` that follow one another; other entries may overlap with them."""

MOST = 40
"""How many bars one figure has at most."""

GIGABYTES = {"_bytes": 1e-9, "_mb": 1e-3, "_gb": 1.0, "_mib": 2**20 / 1e9, "_gib": 2**30 / 1e9}
"""Unit at the end of a name in ``memory`` -> gigabytes."""


def cost_pictures(runs: Sequence[Result], every: int) -> Iterator[Picture]:
    """Seconds of each run, and its memory where it was recorded.

    Args:
        runs: that are shown; of more than ``MOST`` the first.
        every: number of runs they were chosen from.
    """
    shown = list(runs)[:MOST]
    some = (
        f"{len(shown)} of {every} runs, each the best of its model on validation"
        if len(shown) < every
        else f"{every} runs"
    )
    labels = [f"{run.model}, {run.dataset} ({label(run)})" for run in shown]
    parts = {name: np.array([run.seconds.get(name, 0.0) for run in shown]) for name in STEPS}
    total = np.sum(list(parts.values()), axis=0)
    yield drawn(
        bars(parts, labels, "time [s]", some),
        "seconds",
        f"Wall-clock seconds of {some}: loading, compiling and training, all splits and seeds "
        "together. Compilation is shared by jobs of one program: in a batch each bears an equal "
        "share, otherwise the job that came first bears all of it.",
        "Seconds by run: " + "; ".join(f"{label} {t:.1f}" for label, t in zip(labels, total)),
    )
    amounts = [memory(run) for run in shown]
    if any(amount is not None for amount in amounts):
        known = [(label, a) for label, a in zip(labels, amounts) if a is not None]
        yield drawn(
            bars(
                {"peak": np.array([a for _, a in known])},
                [n for n, _ in known],
                "memory held by the process [GB]",
                some,
            ),
            "memory",
            "The most memory that the process had held when the run ended, for the runs that "
            "recorded it. It never falls from one job of a process to the next, so it follows the "
            "order of the jobs and is not what one run needs.",
            "Most gigabytes that the process had held by the end of each run: "
            + "; ".join(f"{label} {a:.2f}" for label, a in known),
        )


def memory(run: Result) -> float | None:
    """The most memory that the process had held when the run ended, in gigabytes.

    None where none was recorded; of several recorded amounts the largest.

    The unit is the end of an amount's name, such as `peak_gb`.
    """
    amounts = [
        value * factor
        for name, value in run.memory.items()
        for unit, factor in GIGABYTES.items()
        if name.endswith(unit) and isinstance(value, int | float)
    ]
    return max(amounts, default=None)

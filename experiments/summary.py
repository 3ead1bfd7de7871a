"""Numbers of ``result.json``."""

import importlib.metadata
import platform
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

PACKAGES = ("longnn", "jax", "jaxlib", "flax", "optax", "numpy", "scipy", "hydra-core")


def statistics(percent: np.ndarray) -> dict[str, Any]:
    """Mean, std (ddof 1) and 95 % half-width of the mean by Student's t; None where n = 1.

    Args:
        percent: [n] scores.
    """
    n = len(percent)
    std = float(np.std(percent, ddof=1)) if n > 1 else None
    ci95 = None if std is None else float(stats.t.ppf(0.975, n - 1)) * std / n**0.5
    return {"mean": float(np.mean(percent)), "std": std, "ci95": ci95, "n": n}


def versions() -> dict[str, str]:
    """Version of Python and of each package that decides the numbers."""
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **found}


def peak_memory() -> float | None:
    """The most memory this process has held so far, in GB; None where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    fields = dict(row.split(":", 1) for row in status.read_text().splitlines())
    return round(int(fields["VmHWM"].split()[0]) * 1024 / 1e9, 3)

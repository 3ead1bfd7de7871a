"""The rows of a fit's table, one for each filter."""

from typing import Any

import numpy as np
from jaxtyping import Float

from longnn.fitting import FitProblem, r2

from .data import Target
from .solve import Fits


def rows_of(
    fits: Fits, targets: list[Target], problem: FitProblem, optimum: Float[np.ndarray, "B F"]
) -> list[dict[str, Any]]:
    """Returns a row of numbers for each filter.

    Args:
        fits: the fits in one basis.
        targets: what was fitted.
        problem: the problem of all filters.
        optimum: [B, F] least squared errors.
    """
    sse, counted = fits.arrays["sse"], problem.counted
    rows = []
    for f, target in enumerate(targets):
        best = optimum[:, f]
        ratio = _ratio(sse[f], best)
        worst = int(np.argmax(ratio))
        row: dict[str, Any] = {
            "filter": target.name,
            "sse": float(sse[f].mean()),
            "optimum": float(best.mean()),
            "r2": _mean(r2(sse[f], counted[:, :, f])),
            "optimum_r2": _mean(r2(best, counted[:, :, f])),
            "worst_ratio": float(ratio[worst]) if np.isfinite(ratio[worst]) else None,
            "worst_signal": worst + 1,
            "epochs": fits.epochs[f],
            "seconds": round(fits.seconds[f], 3) if len(fits.seconds) == len(targets) else None,
        }
        if "epochs_to_1pct" in fits.arrays:
            reached = fits.arrays["epochs_to_1pct"][f]
            row["epochs_to_1pct"] = [_epoch(np.median(reached)), _epoch(reached.max())]
            for name in ("alpha", "beta"):
                row[name] = float(fits.arrays[name][f].mean())
        rows.append(row)
    return rows


def _ratio(sse: np.ndarray, best: np.ndarray) -> np.ndarray:
    """SSE / optimum; 1 where both are 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((sse == 0) & (best == 0), 1, sse / best)


def _mean(values: np.ndarray) -> float | None:
    """None where a target is constant, which has no R^2."""
    return float(values.mean()) if np.isfinite(values).all() else None


def _epoch(value: float) -> int | None:
    return int(value) if np.isfinite(value) else None

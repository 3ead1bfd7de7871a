"""Paired comparison of two series of scores, split by split."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from .summary import statistics


class Difference(NamedTuple):
    """Second minus first over S splits, in percent; None where S or the spread is too small."""

    first: float
    second: float
    mean: float
    standard_error: float | None
    ci95: float | None
    t_p: float | None
    wilcoxon_p: float | None
    splits: int


def by_split(per_run: list[dict[str, Any]]) -> dict[int, float]:
    """Test score of each split, the mean over its seeds."""
    scores: dict[int, list[float]] = {}
    for run in per_run:
        scores.setdefault(run["split"], []).append(run["test"])
    return {split: float(np.mean(scores[split])) for split in sorted(scores)}


def difference(first: Mapping[int, float], second: Mapping[int, float]) -> Difference:
    """Second minus first, with the paired t test and Wilcoxon's signed-rank test, both two-sided.

    Args:
        first: split -> test score in percent.
        second: likewise, of the same splits.

    Raises:
        ValueError: if the splits are not the same ones.
    """
    if sorted(first) != sorted(second):
        raise ValueError(
            f"splits {sorted(first)} cannot be paired with splits {sorted(second)}; "
            "both need a score on each split"
        )
    a = np.array([first[split] for split in sorted(first)])
    b = np.array([second[split] for split in sorted(first)])
    summary = statistics(b - a)
    error = None if summary["std"] is None else summary["std"] / len(a) ** 0.5
    # equal differences have no t statistic, but for rounding
    spread = error is not None and error > 1e-9 * max(np.abs(a).max(), np.abs(b).max())
    return Difference(
        first=float(a.mean()),
        second=float(b.mean()),
        mean=summary["mean"],
        standard_error=error,
        ci95=summary["ci95"],
        t_p=float(stats.ttest_rel(b, a).pvalue) if spread else None,
        wilcoxon_p=_wilcoxon(b - a),
        splits=len(a),
    )


def _wilcoxon(differences: np.ndarray) -> float | None:
    # Scores are float32 shares in percent: without rounding, ties and zeros would seem to differ.
    rounded = np.round(differences, 4)
    if len(rounded) < 2 or not rounded.any():
        return None
    return float(stats.wilcoxon(rounded).pvalue)

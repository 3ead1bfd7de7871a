"""The paired comparison of two series of scores, split by split."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from longnn.analysis.comparison import corrected_t_test
from longnn.runs.result import TrainedModel
from longnn.training.intervals import statistics

from .sizes import Sizes


class Difference(NamedTuple):
    """Second minus first over S splits, in percent.

    Attributes:
        first: mean of the first scores.
        second: mean of the second scores.
        mean: mean of the differences.
        standard_error: of that mean; None where S = 1.
        ci95: half the width of its 95 % interval (Student's t); None where S = 1.
        t_p: two-sided p of the paired t test; None where the differences are equal or S = 1.
        wilcoxon_p: two-sided p of Wilcoxon's signed-rank test; None where S = 1 or none differs.
        splits: S.
        corrected_ci95: half the width of the interval by Nadeau and Bengio's corrected variance;
            None where t_p is, or where the sizes of the parts are not known.
        corrected_p: two-sided p of their corrected t test, likewise.
    """

    first: float
    second: float
    mean: float
    standard_error: float | None
    ci95: float | None
    t_p: float | None
    wilcoxon_p: float | None
    splits: int
    corrected_ci95: float | None = None
    corrected_p: float | None = None

    @property
    def below(self) -> bool:
        """Whether the second scores are lower by more than two standard errors."""
        return self.mean < -2 * (self.standard_error or 0.0)


def by_split(rows: Iterable[TrainedModel]) -> dict[int, float]:
    """The test score of each split, which is the mean over its seeds."""
    scores: dict[int, list[float]] = {}
    for row in rows:
        scores.setdefault(row.split, []).append(row.test)
    return {split: float(np.mean(scores[split])) for split in sorted(scores)}


def on_shared_splits(first: Mapping[int, float], second: Mapping[int, float]) -> Difference:
    """Second minus first on the splits that both have; see :func:`difference`.

    Raises:
        ValueError: if they share no split.
    """
    shared = [split for split in first if split in second]
    if not shared:
        raise ValueError(
            f"splits {sorted(first)} and splits {sorted(second)} have none in common; "
            "train on the splits of the scores that you compare with"
        )
    return difference({s: first[s] for s in shared}, {s: second[s] for s in shared})


def difference(
    first: Mapping[int, float], second: Mapping[int, float], sizes: Sizes | None = None
) -> Difference:
    """Second minus first, with paired t tests and Wilcoxon's signed-rank test, all two-sided.

    Args:
        first: split -> test score in percent.
        second: likewise, of the same splits.
        sizes: of the parts of a split, for the corrected t test; None leaves it out.

    Raises:
        ValueError: if the splits are not the same ones.
    """
    from scipy import stats  # see longnn.training.intervals

    if sorted(first) != sorted(second):
        raise ValueError(
            f"splits {sorted(first)} cannot be paired with splits {sorted(second)}; "
            "both need a score on each split"
        )
    a = np.array([first[split] for split in sorted(first)])
    b = np.array([second[split] for split in sorted(first)])
    summary = statistics(b - a)
    error = None if summary.std is None else summary.std / len(a) ** 0.5
    # equal differences have no t statistic, but for rounding
    spread = error is not None and error > 1e-9 * max(np.abs(a).max(), np.abs(b).max())
    corrected = corrected_t_test(b - a, *sizes) if spread and sizes is not None else None
    return Difference(
        first=float(a.mean()),
        second=float(b.mean()),
        mean=summary.mean,
        standard_error=error,
        ci95=summary.ci95,
        t_p=float(stats.ttest_rel(b, a).pvalue) if spread else None,
        wilcoxon_p=signed_rank(b - a),
        splits=len(a),
        corrected_ci95=None if corrected is None else corrected.ci95,
        corrected_p=None if corrected is None else corrected.p,
    )


def signed_rank(differences: np.ndarray) -> float | None:
    """Two-sided p of Wilcoxon's signed-rank test; None for one difference, or where none differs.

    Args:
        differences: [n] of scores in percent.
    """
    from scipy import stats

    # Scores are float32 shares in percent: without rounding, ties and zeros would seem to differ.
    rounded = np.round(differences, 4)
    if len(rounded) < 2 or not rounded.any():
        return None
    return float(stats.wilcoxon(rounded).pvalue)

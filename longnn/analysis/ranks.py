"""Average ranks of models over datasets, with the tests of Friedman and of Nemenyi."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Real


class Ranking(NamedTuple):
    """How k models rank over N datasets.

    Attributes:
        ranks: [N, k] rank of each model on each dataset: 1 is the best, ties share their mean.
        average: [k] mean rank of each model.
        chi2: Friedman's statistic, with k - 1 degrees of freedom.
        chi2_p: its p value.
        f: Iman and Davenport's statistic, with k - 1 and (k - 1)(N - 1) degrees of freedom;
            infinite where every dataset ranks the models alike.
        f_p: its p value.
        critical: Nemenyi's critical difference: two models whose average ranks differ by at least
            as much differ significantly.
    """

    ranks: Float[np.ndarray, "N k"]
    average: Float[np.ndarray, " k"]
    chi2: float
    chi2_p: float
    f: float
    f_p: float
    critical: float


def ranking(scores: Real[np.ndarray, "N k"], level: float = 0.05) -> Ranking:
    """Average ranks, Friedman's and Iman and Davenport's tests, Nemenyi's critical difference.

    With average ranks R_j, chi^2 = 12 N / (k (k + 1)) [sum_j R_j^2 - k (k + 1)^2 / 4],
    F = (N - 1) chi^2 / (N (k - 1) - chi^2) and CD = q sqrt(k (k + 1) / (6 N)), where q is the
    quantile of the studentized range of k values over sqrt(2). As published, chi^2 is not
    corrected for ties, which makes it too small where there are many.

    Args:
        scores: [N, k] score of each model on each dataset, higher is better; N >= 2, k >= 2.
        level: significance of the critical difference, in (0, 1).

    Raises:
        ValueError: if there are too few datasets or models, or a score is not finite.

    Source:
        J. Demsar, Journal of Machine Learning Research 7 (2006) 1-30, section 3.2.2.

    Example:
        >>> import numpy as np
        >>> found = ranking(np.array([[80.0, 82.0, 85.0], [70.0, 69.0, 75.0], [60.0, 61.0, 66.0]]))
        >>> found.average.round(2), round(found.chi2, 2), round(found.critical, 2)
        (array([2.67, 2.33, 1.  ]), 4.67, 1.91)
    """
    from scipy import special, stats

    count, models = _checked(scores, level)
    ranks = stats.rankdata(-np.asarray(scores, float), axis=1)
    average = ranks.mean(axis=0)
    spread = float(np.sum(average**2)) - models * (models + 1) ** 2 / 4
    chi2 = max(12 * count / (models * (models + 1)) * spread, 0.0)
    left = count * (models - 1) - chi2
    f = (count - 1) * chi2 / left if left > 1e-9 else float("inf")
    freedom = models - 1
    f_p = float(special.fdtrc(freedom, freedom * (count - 1), f)) if np.isfinite(f) else 0.0
    return Ranking(
        ranks=ranks,
        average=average,
        chi2=chi2,
        chi2_p=float(special.chdtrc(freedom, chi2)),
        f=f,
        f_p=f_p,
        critical=nemenyi_quantile(models, level) * (models * (models + 1) / (6 * count)) ** 0.5,
    )


def nemenyi_quantile(models: int, level: float = 0.05) -> float:
    """The quantile q of the Nemenyi test: that of the studentized range over sqrt(2).

    Args:
        models: how many models are compared, k >= 2.
        level: of significance, in (0, 1).

    Source:
        Demsar (2006), Table 5(a).

    Example:
        >>> round(nemenyi_quantile(4), 3)
        2.569
    """
    from scipy import stats

    return float(stats.studentized_range.isf(level, models, np.inf)) / 2**0.5


def alike(average: Real[np.ndarray, " k"], critical: float) -> list[tuple[int, int]]:
    """The largest groups of models whose average ranks differ by less than the critical difference.

    Args:
        average: [k] average ranks, ascending.
        critical: Nemenyi's critical difference.

    Returns:
        (first, last) position of each group of two models or more; none lies inside another.

    Example:
        >>> import numpy as np
        >>> alike(np.array([1.2, 2.0, 2.1, 4.0]), 1.0)
        [(0, 2)]
    """
    groups: list[tuple[int, int]] = []
    for first in range(len(average)):
        last = int(np.searchsorted(average, average[first] + critical, side="left")) - 1
        if last > first and (not groups or last > groups[-1][1]):
            groups.append((first, last))
    return groups


def _checked(scores: np.ndarray, level: float) -> tuple[int, int]:
    shape = np.shape(scores)
    if len(shape) != 2 or min(shape) < 2 or not np.all(np.isfinite(scores)):
        raise ValueError(
            "a ranking needs finite scores [N, k] of at least two models on at least two datasets, "
            f"got shape {shape}; leave out datasets that lack a model's score"
        )
    if not 0 < level < 1:
        raise ValueError(f"the level of a test lies in (0, 1), got {level}; usual is 0.05")
    return shape[0], shape[1]

"""Comparisons of models by their scores: on one dataset by splits, and over several datasets."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Real


class TTest(NamedTuple):
    """A two-sided t test of a mean difference.

    Attributes:
        mean: mean of the n differences.
        standard_error: of that mean.
        ci95: half the width of its 95 % interval (Student's t, n - 1 degrees of freedom).
        t: mean / standard_error.
        p: two-sided p value.
    """

    mean: float
    standard_error: float
    ci95: float
    t: float
    p: float


def corrected_t_test(
    differences: Real[np.ndarray, " n"], train: float, test: float
) -> TTest | None:
    """Nadeau and Bengio's corrected resampled t test of n differences over splits of one dataset.

    Training parts of different splits overlap, so that differences are not independent and the
    plain variance s^2 / n of their mean is too small. The corrected variance is
    (1 / n + n_test / n_train) s^2, and t has n - 1 degrees of freedom.

    Args:
        differences: [n] differences of two models' test scores, one for each split, n >= 1.
        train: the number of training nodes of a split, > 0.
        test: the number of test nodes of a split, >= 0; 0 gives the plain paired t test.

    Returns:
        The test; None where n = 1 or the differences are equal, which leave nothing to estimate.

    Raises:
        ValueError: if there is no difference, or a number of nodes is out of range.

    Source:
        C. Nadeau and Y. Bengio, Machine Learning 52 (2003) 239-281, section 4.

    Example:
        >>> import numpy as np
        >>> found = corrected_t_test(np.array([1.0, 2.0, 3.0, 6.0]), train=60, test=20)
        >>> round(found.standard_error, 3), round(found.p, 3)
        (1.65, 0.167)
    """
    if len(differences) == 0 or not (train > 0 and test >= 0):
        raise ValueError(
            "a corrected t test needs differences, train > 0 and test >= 0 nodes, got "
            f"{len(differences)} differences, train = {train} and test = {test}; give the sizes "
            "of the parts of one split"
        )
    from scipy import special  # scipy.stats takes half a second to import

    differences = np.asarray(differences, float)
    n, mean = len(differences), float(differences.mean())
    std = float(differences.std(ddof=1)) if n > 1 else 0.0
    if std <= 1e-9 * np.abs(differences).max():  # equal, but for rounding
        return None
    error = std * (1 / n + test / train) ** 0.5
    t = mean / error
    quantile, tail = special.stdtrit(n - 1, 0.975), special.stdtr(n - 1, -abs(t))
    return TTest(mean, error, float(quantile) * error, t, 2 * float(tail))


def holm(p_values: Real[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
    """Holm's adjusted p values: all those below a level are significant together at that level.

    With p_(1) <= ... <= p_(m), the i-th adjusted value is max over j <= i of (m - j + 1) p_(j),
    at most 1. NaN stands for a test that was not made: it stays and does not count in m.

    Args:
        p_values: [m] in [0, 1] or NaN.

    Returns:
        [m] adjusted values in the same order.

    Raises:
        ValueError: if a value is outside [0, 1].

    Source:
        S. Holm, Scandinavian Journal of Statistics 6 (1979) 65-70.

    Example:
        >>> import numpy as np
        >>> holm(np.array([0.01, 0.04, 0.03]))
        array([0.03, 0.06, 0.06])
    """
    p = np.asarray(p_values, float)
    made = ~np.isnan(p)
    if np.any((p[made] < 0) | (p[made] > 1)):
        raise ValueError(f"p values lie in [0, 1], got {p}; give those of the tests")
    order = np.argsort(p[made], kind="stable")
    steps = p[made][order] * np.arange(len(order), 0, -1)
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    result = np.full(len(p), np.nan)
    result[made] = adjusted
    return result

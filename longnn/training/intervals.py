"""The mean of n scores and its 95 % interval. Imports no jax, since reports are made without it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Real


@dataclass(frozen=True)
class Statistics:
    """What is reported of n scores.

    Attributes:
        mean: their mean.
        std: the standard deviation (ddof 1); None where n = 1.
        ci95: half the width of the 95 % interval of the mean (Student's t); None where n = 1.
        n: how many scores there are.

    Example:
        >>> print(Statistics(mean=88.03, std=5.79, ci95=4.14, n=10))
        88.03 +- 4.14
    """

    mean: float
    std: float | None = None
    ci95: float | None = None
    n: int = 1

    def __str__(self) -> str:
        return f"{self.mean:.2f}" + ("" if self.ci95 is None else f" +- {self.ci95:.2f}")


def statistics(scores: Real[np.ndarray, " n"]) -> Statistics:
    """The mean, the standard deviation (ddof 1) and the 95 % half-width of the mean of n scores.

    The half-width is t_{0.975, n-1} std / sqrt(n), with the quantile of Student's distribution.

    Args:
        scores: [n] scores, n >= 1.

    Example:
        >>> import numpy as np
        >>> statistics(np.array([80.0, 82.0, 84.0])).mean
        82.0
    """
    from scipy.special import stdtrit  # what scipy.stats calls, which takes half a second to import

    n = len(scores)
    std = float(np.std(scores, ddof=1)) if n > 1 else None
    ci95 = None if std is None else float(stdtrit(n - 1, 0.975)) * std / n**0.5
    return Statistics(float(np.mean(scores)), std, ci95, n)

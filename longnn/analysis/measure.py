"""Distributions over the frequencies of a graph: what every measure of this package starts from."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer, Real

from longnn.graphs.oneline import brief


class Measure(NamedTuple):
    """Point masses over lambda, the eigenvalues of L = I - S.

    Attributes:
        lam: [J] in [0, 2], in any order.
        mass: [J] >= 0; the sum is 1 where it is a distribution.
    """

    lam: Real[np.ndarray, " J"]
    mass: Real[np.ndarray, " J"]

    def __repr__(self) -> str:
        return brief(self)


class Density(NamedTuple):
    """A measure in bins.

    Attributes:
        edges: [bins + 1], equally spaced over [0, 2].
        share: [bins]; sums to 1 where the measure does.
    """

    edges: Float[np.ndarray, " edges"]
    share: Float[np.ndarray, " bins"]

    def __repr__(self) -> str:
        return brief(self)


def histogram(measure: Measure, bins: int = 61) -> Density:
    """The mass in equal bins over [0, 2]; each holds its left edge, the last one both.

    With an odd number of bins lambda = 1, where many graphs have a tenth of their eigenvalues
    and more, lies in the middle of one.

    Args:
        measure: J points.
        bins: the number of bins, >= 1.

    Raises:
        ValueError: if bins < 1.

    Example:
        >>> import numpy as np
        >>> histogram(Measure(np.array([0.1, 1.0]), np.array([0.25, 0.75])), bins=3).share
        array([0.25, 0.75, 0.  ])
    """
    if bins < 1:
        raise ValueError(f"a histogram needs bins >= 1, got {bins}")
    edges = np.linspace(0, 2, bins + 1)
    return Density(edges, np.bincount(bin_of(measure.lam, bins), measure.mass, bins))


def bin_of(lam: Real[np.ndarray, " J"], bins: int) -> Integer[np.ndarray, " J"]:
    """The index [J] of the bin that each lambda lies in, in [0, bins).

    Eigenvalues come with an error of 1e-15: without rounding, those at an edge would fall to
    either side by chance.
    """
    return np.clip(np.floor(np.asarray(lam) * bins / 2 + 1e-9), 0, bins - 1).astype(int)

"""Where a model errs: the share of errors against a property of the nodes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Real

from longnn.graphs.oneline import brief


class ErrorRates(NamedTuple):
    """The share of errors among the nodes of each bin.

    Attributes:
        edges: [bins + 1] of the bins; the last bin holds its upper edge.
        rate: [bins] mean share of errors; NaN in an empty bin.
        low: [bins] lower end of the 95 % interval (Wilson's); NaN in an empty bin.
        high: [bins] its upper end.
        nodes: [bins] number of nodes.
    """

    edges: Float[np.ndarray, " edges"]
    rate: Float[np.ndarray, " bins"]
    low: Float[np.ndarray, " bins"]
    high: Float[np.ndarray, " bins"]
    nodes: Int[np.ndarray, " bins"]

    def __repr__(self) -> str:
        return brief(self)


def errors_by(
    values: Real[np.ndarray, " n"],
    wrong: Bool[np.ndarray, " n"] | Real[np.ndarray, " n"],
    bins: int | Sequence[float] | Real[np.ndarray, " edges"] = 10,
) -> ErrorRates:
    """The share of errors in bins of a value, such as the degree or the local homophily.

    The interval is Wilson's for n_b independent nodes: (p + z^2/2n -+ z sqrt(p(1-p)/n +
    z^2/4n^2)) / (1 + z^2/n), z = 1.96. Where ``wrong`` is a mean over runs it is rather too wide,
    since such a mean varies less than a single error.

    Args:
        values: [n] of the nodes; nodes whose value is NaN are left out.
        wrong: [n] whether the model errs there, or the share of its runs that do, in [0, 1].
        bins: the number of equal bins from the least to the largest value, or their ascending
            edges; nodes outside are left out.

    Returns:
        Rate, interval and count of each bin.

    Raises:
        ValueError: if shapes or ranges do not fit, or no node is left.

    Source: Wilson 1927, J. Amer. Statist. Assoc. 22, 209; as a figure over local homophily:
    Loveland et al. 2023, arXiv 2306.05557.

    Example:
        >>> found = errors_by(np.array([1, 1, 2, 5]), np.array([1, 0, 1, 1]), [1, 2, 9])
        >>> found.rate, found.nodes
        (array([0.5, 1. ]), array([2, 2]))
    """
    values, wrong = np.asarray(values, np.float64), np.asarray(wrong, np.float64)
    if values.ndim != 1 or values.shape != wrong.shape:
        raise ValueError(
            f"values and wrong must have one shape [n], got {values.shape} and {wrong.shape}"
        )
    known = ~np.isnan(values)
    values, wrong = values[known], wrong[known]
    if not np.all((wrong >= 0) & (wrong <= 1)):
        raise ValueError("wrong must be bool, or shares in [0, 1]")
    if not len(values):
        raise ValueError("no node has a value: there is nothing to put into bins")
    edges = np.histogram_bin_edges(values, bins).astype(np.float64)
    count, _ = np.histogram(values, edges)
    total, _ = np.histogram(values, edges, weights=wrong)
    if not count.any():
        raise ValueError(f"no value lies in the bins from {edges[0]:g} to {edges[-1]:g}")
    rate = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return ErrorRates(edges, rate, *_wilson(rate, count), count)


_Z = 1.959963984540054
"""97.5 % of the normal distribution lie below."""


def _wilson(
    rate: Float[np.ndarray, " bins"], count: Int[np.ndarray, " bins"]
) -> tuple[Float[np.ndarray, " bins"], Float[np.ndarray, " bins"]]:
    """Both ends of Wilson's interval; NaN where the rate is."""
    n = np.maximum(count, 1)
    middle = rate + _Z**2 / (2 * n)
    half = _Z * np.sqrt(rate * (1 - rate) / n + _Z**2 / (4 * n**2))
    scale = 1 + _Z**2 / n
    return (middle - half) / scale, (middle + half) / scale

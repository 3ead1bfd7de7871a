"""Selective classification: how many nodes are answered above a threshold, and how well."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float64, Real

MOST = 1_000
"""The number of thresholds of a curve; of more different confidences it takes quantiles."""


class Coverage(NamedTuple):
    """What classifiers leave unanswered below a threshold, and how good the rest is.

    Attributes:
        threshold: [T] of the confidence, ascending.
        answered: [B, T] the coverage of each run: the share of its nodes with a confidence at or
            above the threshold.
        accuracy: [B, T] the share of those that are right, 1 minus the selective risk; NaN where a
            run answers none.
    """

    threshold: Float[np.ndarray, " T"]
    answered: Float64[np.ndarray, "B T"]
    accuracy: Float64[np.ndarray, "B T"]

    @property
    def mean_answered(self) -> Float64[np.ndarray, " T"]:
        """The mean share of answered nodes over the runs."""
        return self.answered.mean(axis=0)

    @property
    def mean_accuracy(self) -> Float64[np.ndarray, " T"]:
        """The mean accuracy over those runs that answer a node; NaN where none does."""
        known = ~np.isnan(self.accuracy)
        total = np.where(known, self.accuracy, 0).sum(axis=0)
        return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)

    def table(self) -> dict[str, Float[np.ndarray, " T"]]:
        """The mean curve by columns: threshold, answered, accuracy."""
        means = {"answered": self.mean_answered, "accuracy": self.mean_accuracy}
        return {"threshold": self.threshold, **means}


def coverage(
    confidence: Real[np.ndarray, "B N"],
    right: Bool[np.ndarray, "B N"],
    masks: Bool[np.ndarray, "B N"],
    thresholds: Real[np.ndarray, " T"] | None = None,
) -> Coverage:
    """Coverage and accuracy of classifiers that answer where they are confident.

        coverage(t) = mean [confidence >= t],  accuracy(t) = mean [right] over confidence >= t

    Args:
        confidence: [B, N] probability of the predicted class, for each of B runs.
        right: [B, N] whether the predicted class is the true one.
        masks: [B, N] the nodes of each run that count, at least one.
        thresholds: [T] ascending; None: every confidence that occurs, or 1,000 quantiles of them.

    Raises:
        ValueError: if a run has no node that counts.

    Source: Geifman and El-Yaniv 2017, arXiv 1705.08500, eq. 1 and 2, with the confidence of the
    softmax response (section 4.1).

    Example:
        >>> sure = np.array([[0.9, 0.6, 0.8, 0.5]])
        >>> right = np.array([[True, False, True, True]])
        >>> found = coverage(sure, right, np.ones((1, 4), bool), np.array([0.0, 0.55, 0.7]))
        >>> found.mean_answered, found.mean_accuracy.round(2)
        (array([1.  , 0.75, 0.5 ]), array([0.75, 0.67, 1.  ]))
    """
    if not masks.any(axis=1).all():
        raise ValueError("coverage needs a node that counts in each run; give other masks")
    curve = _thresholds(confidence[masks]) if thresholds is None else np.asarray(thresholds)
    each = [_of_run(c[m], r[m], curve) for c, r, m in zip(confidence, right, masks, strict=True)]
    answered, accuracy = (np.stack(values) for values in zip(*each, strict=True))
    return Coverage(curve, answered, accuracy)


def _thresholds(values: Real[np.ndarray, " n"]) -> Real[np.ndarray, " T"]:
    distinct = np.unique(values)
    if len(distinct) <= MOST:
        return distinct
    places = np.linspace(0, len(distinct) - 1, MOST).round().astype(int)
    return distinct[places]


def _of_run(
    confidence: Real[np.ndarray, " n"],
    right: Bool[np.ndarray, " n"],
    thresholds: Real[np.ndarray, " T"],
) -> tuple[Float64[np.ndarray, " T"], Float64[np.ndarray, " T"]]:
    """Coverage and accuracy of one run at each threshold."""
    order = np.argsort(confidence)
    below = np.searchsorted(confidence[order], thresholds, side="left")
    nodes = len(confidence)
    hits = np.append(np.cumsum(right[order][::-1])[::-1], 0)[below]  # among the confident ones
    answered = nodes - below
    accuracy = np.where(answered > 0, hits / np.maximum(answered, 1), np.nan)
    return answered / nodes, accuracy

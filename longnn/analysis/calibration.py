"""Whether predicted probabilities are as often right as they say."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Integer, Real

from longnn.graphs.oneline import brief


class Reliability(NamedTuple):
    """How often predictions of each confidence are right.

    Attributes:
        edges: [bins + 1] edges of equal bins over [0, 1]; a bin holds its upper edge.
        confidence: [bins] mean probability of the predicted class; NaN in an empty bin.
        accuracy: [bins] share of the predictions that are right; NaN in an empty bin.
        nodes: [bins] number of predictions.
    """

    edges: Float[np.ndarray, " edges"]
    confidence: Float[np.ndarray, " bins"]
    accuracy: Float[np.ndarray, " bins"]
    nodes: Int[np.ndarray, " bins"]

    def __repr__(self) -> str:
        return brief(self)

    @property
    def ece(self) -> float:
        """Expected calibration error, in [0, 1]: sum_b (n_b / n) |accuracy_b - confidence_b|."""
        gap = np.abs(self.accuracy - self.confidence)
        return float(np.nansum(self.nodes * gap) / self.nodes.sum())


def reliability(
    probabilities: Real[np.ndarray, "n C"], labels: Integer[np.ndarray, " n"], bins: int = 15
) -> Reliability:
    """Accuracy and confidence of predictions, in equal bins of confidence.

    The confidence of a prediction is max_c p_c, that of the predicted class. Of a calibrated model
    the accuracy of each bin is its mean confidence, up to chance.

    Args:
        probabilities: [n, C] of n >= 1 nodes, in [0, 1].
        labels: [n] the class of each, in [0, C).
        bins: the number of bins, >= 1.

    Returns:
        The bins; their `ece` is the expected calibration error.

    Raises:
        ValueError: if shapes or ranges do not fit.

    Source: Guo et al. 2017, arXiv 1706.04599, eq. 2 and 3.

    Example:
        >>> sure = reliability(np.array([[0.9, 0.1], [0.7, 0.3]]), np.array([0, 1]), bins=2)
        >>> float(sure.accuracy[1]), round(sure.ece, 3)
        (0.5, 0.3)
    """
    probabilities, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    _check(probabilities, labels, bins)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    mean = lambda v: np.where(  # noqa: E731
        count > 0, np.bincount(place, v, bins) / np.maximum(count, 1), np.nan
    )
    return Reliability(edges, mean(confidence), mean(right), count)


_ROUNDING = 1e-5
"""A probability in float32 may be above 1 by so much."""


def _check(probabilities: np.ndarray, labels: np.ndarray, bins: int) -> None:
    if bins < 1:
        raise ValueError(f"reliability needs bins >= 1, got {bins}")
    if probabilities.ndim != 2 or 0 in probabilities.shape:
        raise ValueError(f"probabilities need shape [n, C], got {probabilities.shape}")
    if labels.shape != probabilities.shape[:1]:
        raise ValueError(
            f"labels must have shape [{len(probabilities)}], one for each row of probabilities, "
            f"got {labels.shape}"
        )
    if not np.all((probabilities >= 0) & (probabilities <= 1 + _ROUNDING)):
        raise ValueError(
            "probabilities must lie in [0, 1]; of log-probabilities give np.exp of them"
        )
    classes = probabilities.shape[1]
    if not np.all((labels >= 0) & (labels < classes)):
        raise ValueError(
            f"labels must lie in [0, {classes}), got {labels.min()} to {labels.max()}; leave out "
            "nodes without a label"
        )

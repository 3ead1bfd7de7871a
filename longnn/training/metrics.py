"""Scores of outputs on a part of the nodes, at most 1 and larger is better; jit and vmap work."""

from collections.abc import Callable
from typing import TypeAlias

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Real

Outputs: TypeAlias = Float[Array | np.ndarray, "N C"]
Labels: TypeAlias = Real[Array | np.ndarray, " N"]
Mask: TypeAlias = Bool[Array | np.ndarray, " N"]

Metric = Callable[[Outputs, Labels, Mask], Float[Array, ""]]


def accuracy(outputs: Outputs, labels: Labels, mask: Mask) -> Float[Array, ""]:
    """The share of the nodes in ``mask`` whose most probable class is their label.

    Args:
        outputs: [N, C] log-probabilities.
        labels: [N] whole numbers, the class of each node.
        mask: [N] which nodes count, at least one.
    """
    hit = (jnp.argmax(outputs, axis=-1) == labels) & mask
    return hit.sum() / mask.sum()


def roc_auc(outputs: Outputs, labels: Labels, mask: Mask) -> Float[Array, ""]:
    """Area under the ROC curve of class 1 against class 0, ties counted half.

    By the rank statistic of Mann and Whitney (Ann. Math. Stat. 18 (1947) 50).

    Args:
        outputs: [N, 2] log-probabilities.
        labels: [N] in {0, 1} inside ``mask``.
        mask: [N] which nodes count, with both classes among them (else NaN).
    """
    score = jnp.where(mask, outputs[:, 1] - outputs[:, 0], jnp.inf)
    ordered = jnp.sort(score)
    below = jnp.searchsorted(ordered, score, side="left", method="sort")
    up_to = jnp.searchsorted(ordered, score, side="right", method="sort")
    rank = (below + up_to + 1) / 2
    positive = mask & (labels == 1)
    # counts in floating point: their product overflows int32 from 2**31 pairs on
    count, others = (part.sum(dtype=rank.dtype) for part in (positive, mask & (labels == 0)))
    rank_sum = jnp.where(positive, rank, 0).sum()
    return (rank_sum - count * (count + 1) / 2) / (count * others)


def macro_f1(outputs: Outputs, labels: Labels, mask: Mask) -> Float[Array, ""]:
    """Mean over the classes of F1 = 2 TP / (2 TP + FP + FN).

    A class with no node in ``mask`` that is never predicted there is left out of the mean, as
    scikit-learn does with the labels that occur.

    Args:
        outputs: [N, C] log-probabilities.
        labels: [N] whole numbers, the class of each node.
        mask: [N] which nodes count, at least one.
    """
    number = jnp.arange(outputs.shape[-1])
    predicted = (jnp.argmax(outputs, axis=-1)[:, None] == number) & mask[:, None]
    actual = (labels[:, None] == number) & mask[:, None]
    both = (predicted & actual).sum(0)
    either = predicted.sum(0) + actual.sum(0)
    score = 2 * both / jnp.maximum(either, 1)
    return score.sum() / (either > 0).sum()


def r2(outputs: Outputs, labels: Labels, mask: Mask) -> Float[Array, ""]:
    """Coefficient of determination, 1 - SSE / sum (y - mean y)^2; 0 for the best constant.

    Args:
        outputs: [N, 1] predicted values.
        labels: [N] real values.
        mask: [N] which nodes count; their labels must not all be equal.
    """
    labels = jnp.where(mask, labels, 0)
    centred = jnp.where(mask, labels - labels.sum() / mask.sum(), 0)
    error = jnp.where(mask, outputs[:, 0] - labels, 0)
    return 1 - jnp.sum(error**2) / jnp.sum(centred**2)


METRICS: dict[str, Metric] = {
    metric.__name__: metric for metric in (accuracy, macro_f1, roc_auc, r2)
}
"""The name of each metric in ``longnn.data.labels.METRICS`` -> its function."""

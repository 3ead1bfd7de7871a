"""Scores of outputs on a part of the nodes, at most 1 and larger is better; jit and vmap work."""

from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Real

Outputs: TypeAlias = Float[Array | np.ndarray, "N C"]
Labels: TypeAlias = Real[Array | np.ndarray, "N ..."]
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
    return ranked(outputs[:, 1] - outputs[:, 0], labels == 1, mask)


def ranked(
    score: Float[Array | np.ndarray, " N"],
    positive: Bool[Array | np.ndarray, " N"],
    mask: Mask,
) -> Float[Array, ""]:
    """The share of the pairs of a positive and another node in which the positive scores higher.

    Args:
        score: [N] larger for nodes that are taken for positive; ties count half.
        positive: [N] which nodes are.
        mask: [N] which nodes count, with both kinds among them (else NaN).
    """
    score = jnp.where(mask, score, jnp.inf)
    ordered = jnp.sort(score)
    below = jnp.searchsorted(ordered, score, side="left", method="sort")
    up_to = jnp.searchsorted(ordered, score, side="right", method="sort")
    rank = (below + up_to + 1).astype(score.dtype) / 2
    # counts in floating point: their product overflows int32 from 2**31 pairs on
    count, others = (part.sum(dtype=rank.dtype) for part in (mask & positive, mask & ~positive))
    rank_sum = jnp.where(mask & positive, rank, 0).sum()
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


def multilabel_micro_f1(outputs: Outputs, labels: Labels, mask: Mask) -> Float[Array, ""]:
    """F1 = 2 TP / (2 TP + FP + FN) over all labels of all nodes together; 0 if there are none.

    A label is predicted where its probability is above 1/2.

    Args:
        outputs: [N, C] log-odds.
        labels: [N, C] 1 or 0, -1 where it is not known.
        mask: [N] which nodes count.
    """
    known = (labels >= 0) & mask[:, None]
    predicted, actual = (outputs > 0) & known, (labels == 1) & known
    hits, either = (predicted & actual).sum(), predicted.sum() + actual.sum()
    return 2 * hits / jnp.maximum(either, 1)


def multilabel_roc_auc(outputs: Outputs, labels: Labels, mask: Mask) -> Float[Array, ""]:
    """The mean of the areas under the ROC curves of the C labels, as ogbn-proteins is scored.

    A label that all nodes in ``mask`` have, or none, is left out of the mean (Hu et al. 2020,
    arXiv 2005.00687, section 4.1); NaN if all are.

    Args:
        outputs: [N, C] log-odds.
        labels: [N, C] 1 or 0, -1 where it is not known.
        mask: [N] which nodes count.
    """
    known = (labels >= 0) & mask[:, None]
    areas = jax.vmap(ranked, in_axes=1)(outputs, labels == 1, known)
    return jnp.nanmean(areas)


METRICS: dict[str, Metric] = {
    metric.__name__: metric
    for metric in (accuracy, macro_f1, roc_auc, r2, multilabel_micro_f1, multilabel_roc_auc)
}
"""The name of each metric in ``longnn.data.labels.METRICS`` -> its function."""

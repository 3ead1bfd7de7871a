"""Scores of outputs on a part of the nodes; jit and vmap work.

Shares are at most 1, and more is better, but for those of ``longnn.data.labels.LESS_IS_BETTER``.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from longnn.training.calibrated import ece, log_loss
from longnn.training.ranking import (
    Labels,
    Mask,
    Outputs,
    over_classes,
    precision_mean,
    ranked,
)

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


def balanced_accuracy(outputs: Outputs, labels: Labels, mask: Mask) -> Float[Array, ""]:
    """The mean over the classes of the share of their nodes that are recognised.

    A class with no node in ``mask`` is left out of the mean.

    Args:
        outputs: [N, C] log-probabilities.
        labels: [N] whole numbers, the class of each node.
        mask: [N] which nodes count, at least one.
    """
    hits, _, actual = _counts(outputs, labels, mask)
    return (hits / jnp.maximum(actual, 1)).sum() / (actual > 0).sum()


def roc_auc(outputs: Outputs, labels: Labels, mask: Mask) -> Float[Array, ""]:
    """Area under the ROC curve, ties counted half: of class 1, or the mean of C > 2 classes.

    By the rank statistic of Mann and Whitney (Ann. Math. Stat. 18 (1947) 50). Of more than two
    classes each is compared with the rest; one that no node in ``mask`` has is left out.

    Args:
        outputs: [N, C] log-probabilities.
        labels: [N] whole numbers, the class of each node inside ``mask``.
        mask: [N] which nodes count, with two classes among them (else NaN).
    """
    return over_classes(ranked, outputs, labels, mask)


def average_precision(outputs: Outputs, labels: Labels, mask: Mask) -> Float[Array, ""]:
    """Area under the curve of precision over recall, as a step function.

    sum_n (R_n - R_(n-1)) P_n over the thresholds n (Manning, Raghavan and Schütze 2008,
    Introduction to Information Retrieval, section 8.4), of class 1, or the mean of C > 2 classes,
    each against the rest; one that no node in ``mask`` has is left out.

    Args:
        outputs: [N, C] log-probabilities.
        labels: [N] whole numbers, the class of each node inside ``mask``.
        mask: [N] which nodes count, with two classes among them (else NaN).
    """
    return over_classes(precision_mean, outputs, labels, mask)


def macro_f1(outputs: Outputs, labels: Labels, mask: Mask) -> Float[Array, ""]:
    """Mean over the classes of F1 = 2 TP / (2 TP + FP + FN).

    A class with no node in ``mask`` that is never predicted there is left out of the mean, as
    scikit-learn does with the labels that occur.

    Args:
        outputs: [N, C] log-probabilities.
        labels: [N] whole numbers, the class of each node.
        mask: [N] which nodes count, at least one.
    """
    hits, predicted, actual = _counts(outputs, labels, mask)
    either = predicted + actual
    score = 2 * hits / jnp.maximum(either, 1)
    return score.sum() / (either > 0).sum()


def micro_f1(outputs: Outputs, labels: Labels, mask: Mask) -> Float[Array, ""]:
    """F1 = 2 TP / (2 TP + FP + FN) of the counts of all classes together.

    Of one class a node it is the accuracy: each wrong node is one FP and one FN.

    Args:
        outputs: [N, C] log-probabilities.
        labels: [N] whole numbers, the class of each node.
        mask: [N] which nodes count, at least one.
    """
    hits, predicted, actual = (count.sum() for count in _counts(outputs, labels, mask))
    return 2 * hits / (predicted + actual)


def _counts(outputs: Outputs, labels: Labels, mask: Mask) -> tuple[Array, Array, Array]:
    """Of each class [C] how many nodes are recognised, predicted and of it."""
    number = jnp.arange(outputs.shape[-1])
    predicted = (jnp.argmax(outputs, axis=-1)[:, None] == number) & mask[:, None]
    actual = (labels[:, None] == number) & mask[:, None]
    return (predicted & actual).sum(0), predicted.sum(0), actual.sum(0)


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
    for metric in (
        *(accuracy, balanced_accuracy, macro_f1, micro_f1, roc_auc, average_precision),
        *(log_loss, ece, r2, multilabel_micro_f1, multilabel_roc_auc),
    )
}
"""The name of each metric -> its function; see ``longnn.data.labels``."""

"""Scores of log-probabilities on a part of the nodes, in [0, 1]; usable under jit and vmap."""

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array

Metric = Callable[[Array, Array, Array], Array]


def accuracy(log_probabilities: Array, labels: Array, mask: Array) -> Array:
    """Share of the nodes in ``mask`` whose most probable class is their label.

    Args:
        log_probabilities: [N, C].
        labels: [N] int.
        mask: [N] bool, at least one True.
    """
    hit = (jnp.argmax(log_probabilities, axis=-1) == labels) & mask
    return hit.sum() / mask.sum()


def roc_auc(log_probabilities: Array, labels: Array, mask: Array) -> Array:
    """Area under the ROC curve of class 1 against class 0, ties counted half.

    By the rank statistic of Mann and Whitney (Ann. Math. Stat. 18 (1947) 50).

    Args:
        log_probabilities: [N, 2].
        labels: [N] in {0, 1} inside ``mask``.
        mask: [N] bool, with both classes in it (else NaN).
    """
    score = jnp.where(mask, log_probabilities[:, 1] - log_probabilities[:, 0], jnp.inf)
    ordered = jnp.sort(score)
    below = jnp.searchsorted(ordered, score, side="left", method="sort")
    up_to = jnp.searchsorted(ordered, score, side="right", method="sort")
    rank = (below + up_to + 1) / 2
    positive = mask & (labels == 1)
    # counts in floating point: their product overflows int32 from 2**31 pairs on
    count, others = (part.sum(dtype=rank.dtype) for part in (positive, mask & (labels == 0)))
    rank_sum = jnp.where(positive, rank, 0).sum()
    return (rank_sum - count * (count + 1) / 2) / (count * others)


METRICS: dict[str, Metric] = {"accuracy": accuracy, "roc_auc": roc_auc}

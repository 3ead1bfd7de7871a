"""Measures of how scores order the nodes: areas under curves, of one class or of the mean."""

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
Scores: TypeAlias = Float[Array | np.ndarray, " N"]

Measure: TypeAlias = Callable[[Scores, Mask, Mask], Float[Array, ""]]
"""(score [N], which nodes are positive [N], which count [N]) -> number."""


def ranked(score: Scores, positive: Mask, mask: Mask) -> Float[Array, ""]:
    """The share of the pairs of a positive and another node in which the positive scores higher.

    Args:
        score: [N] larger for nodes that are taken for positive; ties count half.
        positive: [N] which nodes are.
        mask: [N] which nodes count, with both kinds among them (else NaN).
    """
    score = jnp.where(mask, _finite(score), jnp.inf)
    ordered = jnp.sort(score)
    below = jnp.searchsorted(ordered, score, side="left", method="sort")
    up_to = jnp.searchsorted(ordered, score, side="right", method="sort")
    rank = (below + up_to + 1).astype(score.dtype) / 2
    # counts in floating point: their product overflows int32 from 2**31 pairs on
    count, others = (part.sum(dtype=rank.dtype) for part in (mask & positive, mask & ~positive))
    rank_sum = jnp.where(mask & positive, rank, 0).sum()
    return (rank_sum - count * (count + 1) / 2) / (count * others)


def precision_mean(score: Scores, positive: Mask, mask: Mask) -> Float[Array, ""]:
    """The mean over the positive nodes of the precision at their score.

    It is the sum over the thresholds of precision times the increase of recall, ties at one
    threshold: the average precision.

    Args:
        score: [N] larger for nodes that are taken for positive.
        positive: [N] which nodes are.
        mask: [N] which nodes count, a positive one among them (else NaN).
    """
    score = _finite(score)

    def at_least(part: Mask) -> Float[Array, " N"]:
        ordered = jnp.sort(jnp.where(part, score, -jnp.inf))
        below = jnp.searchsorted(ordered, score, side="left", method="sort")
        return (len(score) - below).astype(score.dtype)

    found = mask & positive
    precision = at_least(found) / jnp.maximum(at_least(mask), 1)
    return jnp.where(found, precision, 0).sum() / found.sum()


def over_classes(
    measure: Measure, outputs: Outputs, labels: Labels, mask: Mask
) -> Float[Array, ""]:
    """A measure of class 1 where there are two classes, else its mean over the classes.

    Each class is measured against the rest; one that all nodes in ``mask`` have, or none, is left
    out of the mean.

    Args:
        measure: of a score.
        outputs: [N, C] log-probabilities.
        labels: [N] the class of each node.
        mask: [N] which nodes count.
    """
    count = outputs.shape[-1]
    if count == 2:
        return measure(_finite(outputs[:, 1]) - _finite(outputs[:, 0]), labels == 1, mask)

    def of_class(score: Scores, number: Array) -> Float[Array, ""]:
        positive = labels == number
        both = (mask & positive).any() & (mask & ~positive).any()
        return jnp.where(both, measure(score, positive, mask), jnp.nan)

    return jnp.nanmean(jax.vmap(of_class, in_axes=(1, 0))(outputs, jnp.arange(count)))


def _finite(score: Scores) -> Scores:
    """Infinite scores, of probabilities that were rounded to 0 or 1, as the largest numbers."""
    most = jnp.finfo(score.dtype).max / 4  # a difference of two of them is finite, too
    return jnp.clip(score, -most, most)

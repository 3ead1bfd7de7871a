"""Metrics of the probabilities themselves, of which less is better; jit and vmap work."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from longnn.training.ranking import Labels, Mask, Outputs
from longnn.training.task import mean_nll

BINS = 15
"""Bins of confidence of the calibration error, as in the paper."""


def log_loss(outputs: Outputs, labels: Labels, mask: Mask) -> Float[Array, ""]:
    """The mean negative log-likelihood of the labels, in nats; infinite where one has no chance.

    Args:
        outputs: [N, C] log-probabilities.
        labels: [N] whole numbers, the class of each node inside ``mask``.
        mask: [N] which nodes count, at least one.
    """
    return mean_nll(*map(jnp.asarray, (outputs, labels, mask)))


def ece(outputs: Outputs, labels: Labels, mask: Mask) -> Float[Array, ""]:
    """The expected calibration error, sum_b (n_b / n) |accuracy_b - confidence_b|, in [0, 1].

    Over 15 equal bins b of the confidence, the probability of the predicted class; a bin holds its
    upper edge (Guo et al. 2017, arXiv 1706.04599, eq. 3).

    Args:
        outputs: [N, C] log-probabilities.
        labels: [N] whole numbers, the class of each node inside ``mask``.
        mask: [N] which nodes count, at least one.
    """
    confidence = jnp.exp(jnp.max(outputs, axis=-1))
    gap = (jnp.argmax(outputs, axis=-1) == labels) - confidence
    edges = jnp.linspace(0, 1, BINS + 1, dtype=confidence.dtype)
    place = jnp.searchsorted(edges, confidence, side="left") - 1
    inside = (place[:, None] == jnp.arange(BINS)) & mask[:, None]
    return jnp.abs(jnp.where(inside, gap[:, None], 0).sum(0)).sum() / mask.sum()

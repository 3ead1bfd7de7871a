"""What a model's outputs mean: the loss that they are trained with."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array
from jaxtyping import Bool, Float, Int, Real

from longnn.data.labels import Kind


class Task(NamedTuple):
    """Static, hashable by its functions.

    Attributes:
        finish: a model's output [N, C] -> what is scored and recorded.
        loss: (finished outputs [N, C], labels, mask [N]) -> scalar.
        loss_name: what figures call it.
    """

    finish: Callable[[Array], Array]
    loss: Callable[[Array, Array, Array], Array]
    loss_name: str


def mean_nll(
    outputs: Float[Array, "N C"], labels: Int[Array, " N"], mask: Bool[Array, " N"]
) -> Float[Array, ""]:
    """The mean negative log-likelihood over the nodes in ``mask`` [N].

    Args:
        outputs: [N, C] log-probabilities.
        labels: [N] the class of each node, in [0, C) inside ``mask``.
        mask: [N] which nodes count.
    """
    one_hot = jax.nn.one_hot(labels, outputs.shape[-1], dtype=outputs.dtype)
    chosen = jnp.sum(jnp.where(one_hot > 0, outputs, 0), axis=-1)
    return -jnp.sum(jnp.where(mask, chosen, 0)) / mask.sum()


def mean_squared_error(
    outputs: Float[Array, "N 1"], labels: Real[Array, " N"], mask: Bool[Array, " N"]
) -> Float[Array, ""]:
    """The mean over the nodes in ``mask`` [N] of the squared error.

    Args:
        outputs: [N, 1] predicted values.
        labels: [N] real values, finite inside ``mask``.
        mask: [N] which nodes count.
    """
    error = jnp.where(mask, outputs[:, 0] - jnp.where(mask, labels, 0), 0)
    return jnp.sum(error**2) / mask.sum()


def mean_bce(
    outputs: Float[Array, "N C"], labels: Int[Array, "N C"], mask: Bool[Array, " N"]
) -> Float[Array, ""]:
    """The mean binary cross entropy over the known labels of the nodes in ``mask`` [N].

    -y log p - (1 - y) log(1 - p) with p = 1 / (1 + exp(-output)).

    Args:
        outputs: [N, C] log-odds.
        labels: [N, C] 1 or 0, -1 where it is not known.
        mask: [N] which nodes count; something is known of one at least.
    """
    known = (labels >= 0) & mask[:, None]
    target = (labels == 1).astype(outputs.dtype)
    entropy = optax.losses.sigmoid_binary_cross_entropy(outputs, target)
    return jnp.sum(jnp.where(known, entropy, 0)) / known.sum()


CLASSIFICATION = Task(jax.nn.log_softmax, mean_nll, "mean negative log-likelihood")
REGRESSION = Task(lambda outputs: outputs, mean_squared_error, "mean squared error")
MULTILABEL = Task(lambda outputs: outputs, mean_bce, "mean binary cross entropy")

TASKS: Mapping[Kind, Task] = MappingProxyType(
    {"classes": CLASSIFICATION, "values": REGRESSION, "multilabel": MULTILABEL}
)
"""What the labels of a metric are (``longnn.data.labels.kind_of``) -> the task."""

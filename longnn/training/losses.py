"""What training minimizes: a task's loss with class weights and smoothed labels, or one's own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from jaxtyping import Bool, Float, Int

from longnn.graphs.checks import is_whole
from longnn.training.task import Task

Loss: TypeAlias = Callable[[Array, Array, Array], Array]
"""(outputs [N, C], labels [N], mask [N]) -> scalar."""

ClassWeights: TypeAlias = Literal["balanced"] | Sequence[float]
"""A number >= 0 for each class, or those that let each class count alike."""


def weighted_nll(
    outputs: Float[Array, "N C"],
    labels: Int[Array, " N"],
    mask: Bool[Array, " N"],
    *,
    weights: Float[Array, " C"] | None = None,
    smoothing: Float[Array, ""] | float = 0.0,
) -> Float[Array, ""]:
    """Cross entropy with smoothed labels, as a mean over ``mask`` with a weight for each class.

    sum_n w_(y_n) sum_c -q_nc log p_nc / sum_n w_(y_n), with q_nc = (1 - e) [c = y_n] + e / C
    (Szegedy et al., arXiv 1512.00567, section 7).

    Args:
        outputs: [N, C] log-probabilities.
        labels: [N] the class of each node, in [0, C) inside ``mask``.
        mask: [N] which nodes count.
        weights: w [C], >= 0; None: all are 1.
        smoothing: e, in [0, 1).

    Example:
        >>> log_p = jnp.log(jnp.array([[0.9, 0.1], [0.4, 0.6]]))
        >>> labels, mask = jnp.array([0, 1]), jnp.array([True, True])
        >>> print(f"{weighted_nll(log_p, labels, mask, weights=jnp.array([1.0, 3.0])):.4f}")
        0.4095
    """
    one_hot = jax.nn.one_hot(labels, outputs.shape[-1], dtype=outputs.dtype)
    target = optax.smooth_labels(one_hot, smoothing)
    # a log-probability of -inf counts only where its target does
    each = -jnp.sum(jnp.where(target > 0, target * outputs, 0), axis=-1)
    weight = one_hot @ weights if weights is not None else jnp.ones_like(each)
    weight = jnp.where(mask, weight, 0)
    return jnp.sum(jnp.where(mask, weight * each, 0)) / weight.sum()


def balanced_weights(
    labels: Int[np.ndarray, " N"], mask: Bool[np.ndarray, " N"], classes: int
) -> Float[np.ndarray, " C"]:
    """w_c = N / (C N_c) over the nodes in ``mask``, so that each class counts alike.

    C is the number of classes that occur there, as scikit-learn counts them
    (``class_weight="balanced"``); one that does not occur gets 1.

    Args:
        labels: [N] the class of each node.
        mask: [N] the training nodes.
        classes: the number of all classes.

    Example:
        >>> balanced_weights(np.array([0, 0, 0, 1]), np.ones(4, bool), 3).round(3)
        array([0.667, 2.   , 1.   ])
    """
    count = np.bincount(labels[mask], minlength=classes)
    occurring = count > 0
    return np.where(occurring, count.sum() / (occurring.sum() * np.maximum(count, 1)), 1.0)


def check_class_weights(weights: Any) -> None:  # of any kind, from a config
    """Raises ValueError unless weights are "balanced" or finite numbers >= 0, one of them > 0."""
    if weights is None or (isinstance(weights, str) and weights == "balanced"):
        return
    numbers = isinstance(weights, Sequence | np.ndarray) and not isinstance(weights, str)
    plain = numbers and all(is_whole(w) or isinstance(w, float | np.floating) for w in weights)
    if not plain or not all(0 <= w < np.inf for w in weights) or not any(w > 0 for w in weights):
        raise ValueError(
            "class_weights must be balanced, or a list of numbers >= 0, one for each class and not "
            f"all 0, such as [1.0, 5.0]; got {weights!r}"
        )


def check_alone(loss: object, class_weights: object, label_smoothing: float) -> None:
    """Raises ValueError unless a loss of the user's own is a function, and nothing alters it."""
    if not callable(loss):
        raise ValueError(
            f"loss must be a function of (outputs, labels, mask), got {loss!r}; in a config it is "
            "its dotted name"
        )
    if class_weights is not None or label_smoothing:
        raise ValueError(
            "class_weights and label_smoothing belong to the built-in loss of classes, which a "
            "loss of your own replaces; weigh the classes in it, or leave it out"
        )


def weights_of(
    given: ClassWeights | None,
    labels: Int[np.ndarray, " N"],
    mask: Bool[np.ndarray, " N"],
    classes: int,
) -> Float[np.ndarray, " C"]:
    """[C] the weights of one run; ones where none are given.

    Args:
        given: of the run's ``Optim``.
        labels: [N] the class of each node.
        mask: [N] its training nodes.
        classes: C.

    Raises:
        ValueError: if their number is another one, or all weigh nothing in the training part.
    """
    if given is None:
        return np.ones(classes)
    if isinstance(given, str):
        return balanced_weights(labels, mask, classes)
    if len(given) != classes:
        raise ValueError(
            f"class_weights has {len(given)} numbers, but there are {classes} classes; give one "
            "for each"
        )
    weights = np.asarray(given, float)
    if not weights[labels[mask]].any():
        raise ValueError(
            f"class_weights {list(given)} give no weight to any training node; raise one of them"
        )
    return weights


def loss_of(task: Task, values: Mapping[str, Any]) -> Loss:
    """The loss of one run: the task's own, or with the run's weights and smoothing.

    Args:
        task: what the outputs mean.
        values: "class_weights" [C] and "label_smoothing", each where it is used.
    """
    given = {
        argument: values[name]
        for argument, name in (("weights", "class_weights"), ("smoothing", "label_smoothing"))
        if name in values
    }
    if not given:
        return task.loss
    return lambda outputs, labels, mask: weighted_nll(outputs, labels, mask, **given)


def task_with(task: Task, loss: Loss | None) -> Task:
    """The task with a loss of the user's own in place of its own, where there is one."""
    if loss is None:
        return task
    return task._replace(loss=loss, loss_name=getattr(loss, "__name__", "loss of one's own"))


def check_loss(loss: Loss, nodes: int, classes: int, labels: Any, dtype: Any) -> None:
    """Raises ValueError unless a loss of the user's own gives one real number.

    Args:
        loss: as ``Optim`` has it.
        nodes, classes: N and C.
        labels: [N].
        dtype: of the outputs.
    """
    name = getattr(loss, "__name__", repr(loss))
    shapes = (
        jax.ShapeDtypeStruct((nodes, classes), dtype),
        jax.ShapeDtypeStruct(labels.shape, labels.dtype),
        jax.ShapeDtypeStruct((nodes,), bool),
    )
    found = jax.eval_shape(loss, *shapes)
    real = hasattr(found, "dtype") and jnp.issubdtype(found.dtype, jnp.floating)
    if not real or found.shape != ():
        raise ValueError(
            f"the loss {name} must give one real number from outputs [N, C], labels [N] and mask "
            f"[N], but gives {found}; take a mean over the nodes in the mask"
        )

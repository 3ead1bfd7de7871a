"""Optimizers by group of parameters: grouped Adam, and what optax offers."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import jax
import optax
from flax import nnx
from jax.typing import ArrayLike

from longnn.data.errors import unknown
from longnn.training.ranges import check_setting
from longnn.training.recipe import Made, Recipe

DEFAULT_GROUP = "mlp"

Rates: TypeAlias = Mapping[str, Mapping[str, ArrayLike]]
"""Group name -> {"lr": ..., "weight_decay": ...}; values may be traced."""

Transformation: TypeAlias = Made | Recipe
"""An optax optimizer for all parameters or one for each group, or how one is made of numbers."""

Static: TypeAlias = (
    optax.GradientTransformation
    | tuple[tuple[str, optax.GradientTransformation], ...]
    | Callable[[Sequence[ArrayLike]], Made]
)
"""A transformation as part of a compiled program: hashable, equal if it is the same object."""


def group_labels(params: nnx.State) -> nnx.State:
    """The optimizer group of each parameter, in a tree of the structure of ``params``.

    A parameter names its group by ``nnx.Param(value, group=...)``; the others belong to "mlp".
    """
    is_variable = lambda v: isinstance(v, nnx.Variable)  # noqa: E731
    variables = jax.tree.leaves(params, is_leaf=is_variable)
    names = [v.get_metadata().get("group", DEFAULT_GROUP) for v in variables]
    return jax.tree.unflatten(jax.tree.structure(params), names)


def grouped_adam(labels: nnx.State, rates: Rates) -> optax.GradientTransformation:
    """Adam (0.9, 0.999, 1e-8); the decay is added to the gradient (L2), not decoupled.

    Args:
        labels: the group of each parameter (:func:`group_labels`).
        rates: the learning rate and the decay of each group, scalars, possibly traced.

    Raises:
        ValueError: if a group of the model has no rates.
    """
    check_groups(set(jax.tree.leaves(labels)), rates)
    transforms = {
        name: optax.chain(
            optax.add_decayed_weights(rate["weight_decay"]),
            optax.scale_by_adam(),
            optax.scale_by_learning_rate(rate["lr"]),
        )
        for name, rate in rates.items()
    }
    return optax.partition(transforms, labels)


def check_groups(groups: set[str], rates: Rates) -> None:
    """Raises ValueError unless each of the groups of a model has rates."""
    missing = sorted(groups - set(rates))
    if missing:
        raise ValueError(
            f"the model has parameters in optimizer group(s) {missing}, but rates are given for "
            f"{sorted(rates)} only; add for instance +optim.groups.{missing[0]}.lr=0.01 "
            f"+optim.groups.{missing[0]}.weight_decay=0"
        )


def check_rates(rates: Rates) -> None:
    """Raises ValueError unless every group has a learning rate and a decay in their range."""
    for group, rate in rates.items():
        for name in ("lr", "weight_decay"):
            if name not in rate:
                raise ValueError(f"optimizer group {group!r} has no {name}; it has {sorted(rate)}")
        for name, value in rate.items():
            if name not in ("lr", "weight_decay"):
                raise unknown(f"rate of optimizer group {group!r}:", name, ("lr", "weight_decay"))
            check_setting(f"{group}.{name}", value)


def as_static(transformation: Transformation | None) -> Static | None:
    """The transformation in the form in which a program can be compared and hashed."""
    if isinstance(transformation, Recipe):
        return transformation.make
    if transformation is None or isinstance(transformation, optax.GradientTransformation):
        return transformation
    return tuple(sorted(transformation.items(), key=lambda pair: pair[0]))


def from_static(
    transformation: Static, labels: nnx.State, numbers: Sequence[ArrayLike] = ()
) -> optax.GradientTransformation:
    """One optax transformation for all parameters.

    Args:
        transformation: of all parameters, or of each group, or what makes them of numbers.
        labels: the group of each parameter (:func:`group_labels`).
        numbers: [n] those of a :class:`Recipe`, possibly traced.
    """
    if not isinstance(transformation, tuple):  # GradientTransformation is a tuple, too
        made = as_static(transformation(numbers))
        assert isinstance(made, tuple)
        return from_static(made, labels)
    if isinstance(transformation, optax.GradientTransformation):
        return transformation
    return optax.partition(dict(transformation), labels)

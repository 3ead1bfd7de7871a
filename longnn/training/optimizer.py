"""Adam with one learning rate and one decay for each named group of parameters."""

from dataclasses import dataclass
from typing import Any, Literal

import jax
import optax
from flax import nnx
from jax.typing import ArrayLike

DEFAULT_GROUP = "mlp"

Rates = dict[str, dict[str, ArrayLike]]
"""Group name -> {"lr": ..., "weight_decay": ...}; values may be traced."""


@dataclass(frozen=True)
class Optim:
    """How to train.

    Attributes:
        rates: learning rate and coupled weight decay of each optimizer group.
        max_epochs: upper limit.
        patience: stop at the (patience + 1)-th consecutive epoch strictly below the best.
        decay: "factors" decays w and eta as published; "theta" takes the decay of group
            "coefficients" on theta itself, which penalises the norm of the learned filter
            (Parseval).
        dropout_bits: "hash" (cheap, ``longnn.models.dropout``) or "threefry" (jax's generator).
    """

    rates: Rates
    max_epochs: int = 1000
    patience: int = 200
    decay: Literal["factors", "theta"] = "factors"
    dropout_bits: Literal["hash", "threefry"] = "hash"

    def __post_init__(self) -> None:
        if self.max_epochs < 1 or self.patience < 0:
            raise ValueError(
                f"max_epochs must be >= 1 and patience >= 0, got {self.max_epochs} and "
                f"{self.patience}"
            )
        if self.decay not in ("factors", "theta"):
            raise ValueError(f"unknown decay {self.decay!r}; choose 'factors' or 'theta'")
        if self.dropout_bits not in ("hash", "threefry"):
            raise ValueError(
                f"unknown dropout_bits {self.dropout_bits!r}; choose 'hash' or 'threefry'"
            )
        check_rates(self.rates)
        if self.decay == "theta" and "coefficients" not in self.rates:
            raise ValueError(
                "decay='theta' takes its strength from the rates of group 'coefficients'"
            )


def check_rates(rates: Rates) -> None:
    """Raises ValueError unless every group has a learning rate and a decay that are numbers."""
    for group, rate in rates.items():
        for name in ("lr", "weight_decay"):
            if name not in rate:
                raise ValueError(f"optimizer group {group!r} has no {name}; it has {sorted(rate)}")
            if isinstance(rate[name], (str, bool, type(None))):
                raise ValueError(
                    f"{name} of optimizer group {group!r} must be a number, got {rate[name]!r}"
                )


def group_labels(params: nnx.State) -> nnx.State:
    """The group of each parameter, in a tree of the structure of ``params``."""
    is_variable = lambda v: isinstance(v, nnx.Variable)  # noqa: E731
    variables = jax.tree.leaves(params, is_leaf=is_variable)
    names = [v.get_metadata().get("group", DEFAULT_GROUP) for v in variables]
    return jax.tree.unflatten(jax.tree.structure(params), names)


def grouped_adam(labels: Any, rates: Rates) -> optax.GradientTransformation:
    """Adam (0.9, 0.999, 1e-8); the decay is added to the gradient (L2), not decoupled.

    Args:
        labels: group of each parameter (:func:`group_labels`).
        rates: learning rate and decay of each group, scalars, possibly traced.

    Raises:
        ValueError: if a group of the model has no rates.
    """
    missing = sorted(set(jax.tree.leaves(labels)) - set(rates))
    if missing:
        raise ValueError(
            f"the model has parameters in optimizer group(s) {missing}, but rates are given for "
            f"{sorted(rates)} only; add for instance +optim.groups.{missing[0]}.lr=0.01 "
            f"+optim.groups.{missing[0]}.weight_decay=0"
        )
    transforms = {
        name: optax.chain(
            optax.add_decayed_weights(rate["weight_decay"]),
            optax.scale_by_adam(),
            optax.scale_by_learning_rate(rate["lr"]),
        )
        for name, rate in rates.items()
    }
    return optax.partition(transforms, labels)

"""What a run carries from epoch to epoch for its options, such as averaged weights."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Bool, Float, Int

from longnn.training.options import Options
from longnn.training.plateau import plateau_next, plateau_start
from longnn.training.schedules import multiplier

Extras = dict[str, Any]
"""Pytrees of arrays by name; nothing where no option needs one."""


def first_extras(options: Options, params: nnx.State, dtype: DTypeLike) -> Extras:
    """Before the first epoch.

    Args:
        options: of the program.
        params: the initial parameters.
        dtype: of scores.
    """
    found: Extras = {}
    if "ema" in options.used:
        found["ema"] = optax.ema(0.0).init(params)
    if options.schedule == "plateau":
        found["plateau"] = plateau_start(dtype)
    if options.watched is not None:
        found["val"] = jnp.asarray(-jnp.inf, dtype)
    return found


def rate(
    options: Options, values: Mapping[str, Any], extras: Extras, epoch: Int[Array, ""]
) -> Float[Array, ""] | None:
    """What the learning rates are multiplied by in an epoch; None where they are constant.

    Args:
        options: of the program.
        values: the run's numbers (``longnn.training.options.values_of``).
        extras: before the epoch.
        epoch: the number of completed epochs.
    """
    if options.schedule == "constant":
        return None
    if options.schedule == "plateau":
        return extras["plateau"].scale
    numbers = values["schedule"]
    return multiplier(options.schedule, numbers, epoch, jax.tree.leaves(numbers)[0].dtype)


def averaged(
    extras: Extras, values: Mapping[str, Any], params: nnx.State
) -> tuple[nnx.State, Extras]:
    """The weights that are evaluated, and the extras with them.

    With a decay d these are sum_(s <= t) d^(t-s) p_s / sum_(s <= t) d^(t-s), the averages of
    Polyak and Ruppert with exponential weights and the bias correction of Adam (``optax.ema``).

    Args:
        extras: before the epoch.
        values: the run's numbers.
        params: p_t after the update.
    """
    if "ema" not in extras:
        return params, extras
    found, state = optax.ema(values["ema"]).update(params, extras["ema"])
    return found, extras | {"ema": state}


def after_epoch(
    extras: Extras,
    values: Mapping[str, Any],
    val_loss: Float[Array, ""],
    score: Float[Array, ""],
    better: Bool[Array, ""],
) -> Extras:
    """The extras after the evaluation of an epoch.

    Args:
        extras: with the averaged weights of this epoch.
        values: the run's numbers.
        val_loss: the validation loss.
        score: the validation score.
        better: whether this epoch is selected.
    """
    found = dict(extras)
    if "plateau" in found:
        found["plateau"] = plateau_next(found["plateau"], val_loss, values["schedule"])
    if "val" in found:
        found["val"] = jnp.where(better, score, found["val"])
    return found

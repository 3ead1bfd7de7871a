"""Schedules of the learning rate: how a multiplier of all rates goes from epoch to epoch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

import jax.numpy as jnp
import optax
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float, Int

from longnn.graphs.checks import check_word
from longnn.training.kinds import check_names
from longnn.training.ranges import check_setting

ScheduleName = Literal["constant", "cosine", "warmup_cosine", "plateau", "step"]


@dataclass(frozen=True)
class Constant:
    """The learning rates stay as they are: m(t) = 1."""


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from 1 down to a floor: m(t) = f + (1 - f) (1 + cos(pi t / T)) / 2.

    Source: Loshchilov and Hutter, SGDR, arXiv 1608.03983, equation 5, without restarts.

    Attributes:
        epochs: T, after which the floor is kept, >= 1; None: the ``max_epochs`` of the run.
        floor: f, in [0, 1].
    """

    epochs: int | None = None
    floor: float = 0.0


@dataclass(frozen=True)
class WarmupCosine:
    """A straight line up to 1 in W epochs, then half a cosine down to a floor at epoch T.

    m(t) = s + (1 - s) t / W for t < W, and f + (1 - f) (1 + cos(pi (t - W) / (T - W))) / 2 then.
    Source: Goyal et al., arXiv 1706.02677, section 2.2, for the warm-up.

    Attributes:
        warmup: W, >= 0.
        epochs: T > W; None: the ``max_epochs`` of the run.
        start: s, in [0, 1].
        floor: f, in [0, 1].
    """

    warmup: int = 20
    epochs: int | None = None
    start: float = 0.0
    floor: float = 0.0


@dataclass(frozen=True)
class Step:
    """A factor after every so many epochs: m(t) = factor^floor(t / every).

    Attributes:
        every: >= 1.
        factor: in (0, 1).
    """

    every: int = 100
    factor: float = 0.5


@dataclass(frozen=True)
class Plateau:
    """A factor whenever the validation loss has not improved for some epochs.

    The rule is that of ``optax.contrib.reduce_on_plateau``: a loss counts as better if it is below
    (1 - rtol) times the best one; at the patience-th epoch in a row that is not, the multiplier is
    reduced, and the epochs of the cooldown are not counted.

    Attributes:
        factor: in (0, 1).
        patience: of the schedule, >= 0 (0 is as 1); shorter than that of early stopping.
        rtol: in [0, 1).
        cooldown: >= 0.
        floor: the least multiplier, in [0, 1].
    """

    factor: float = 0.5
    patience: int = 20
    rtol: float = 1e-4
    cooldown: int = 0
    floor: float = 0.0


Schedule: TypeAlias = Constant | Cosine | WarmupCosine | Step | Plateau

SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "cosine": Cosine,
    "warmup_cosine": WarmupCosine,
    "step": Step,
    "plateau": Plateau,
}
"""The name of each schedule in configs -> its class."""

_NAMES = {made: name for name, made in SCHEDULES.items()}


def as_schedule(given: object, **values: float | None) -> Schedule:
    """The schedule that is meant by its name, or itself.

    Args:
        given: a word such as "cosine", or a schedule.
        values: of a schedule that is given by its name.

    Raises:
        ValueError: for another word, or a value that the schedule does not take or that is out of
            its range.

    Example:
        >>> as_schedule("cosine", floor=0.1)
        Cosine(epochs=None, floor=0.1)
    """
    if isinstance(given, str):
        check_word("schedule", given, ScheduleName)
        check_names(SCHEDULES[given], values)
        given = SCHEDULES[given](**values)  # type: ignore[arg-type]
    if type(given) not in _NAMES:
        raise ValueError(
            f"schedule must be one of {', '.join(SCHEDULES)}, or an object such as "
            f"longnn.training.Cosine(floor=0.1), got {given!r}"
        )
    for name, value in asdict(given).items():  # type: ignore[call-overload]
        check_setting(f"schedule.{name}", value)
    return given  # type: ignore[return-value]


def name_of(schedule: Schedule) -> str:
    """The name of a schedule in configs."""
    return _NAMES[type(schedule)]


def numbers_of(schedule: Schedule, max_epochs: int) -> dict[str, float]:
    """Its numbers for a run of so many epochs.

    Raises:
        ValueError: if a warm-up does not end before the schedule does.
    """
    values = asdict(schedule)
    if values.get("epochs", 0) is None:
        values["epochs"] = max_epochs
    if values.get("warmup", -1) >= values.get("epochs", 0):
        raise ValueError(
            f"the schedule warms up for {values['warmup']} epochs of {values['epochs']}; give a "
            "smaller warmup, or more epochs"
        )
    return {name: float(value) for name, value in values.items()}


def multiplier(
    name: str, values: Mapping[str, Array], epoch: Int[Array, ""], dtype: DTypeLike
) -> Float[Array, ""]:
    """m(t), what the learning rates are multiplied by in an epoch.

    Args:
        name: of a schedule that knows the epoch alone: "cosine", "warmup_cosine" or "step".
        values: its numbers, possibly traced.
        epoch: t, the number of completed epochs.
        dtype: of the result.
    """
    t = jnp.asarray(epoch, dtype)
    if name == "step":
        return values["factor"] ** jnp.floor(t / values["every"])
    # of optax's schedule only t / T counts; that it asks of T is answered by 1
    cosine = optax.cosine_decay_schedule(1.0, 1, values["floor"])
    if name == "cosine":
        return cosine(t / values["epochs"])
    warmup, start = values["warmup"], values["start"]
    rising = start + (1 - start) * t / jnp.maximum(warmup, 1)
    falling = cosine(jnp.maximum(t - warmup, 0) / (values["epochs"] - warmup))
    return jnp.where(t < warmup, rising, falling)

"""The range of every number that says how a run is trained, each in one place; imports no jax.

The ranges of a model's settings are those that its class checks, those of a split protocol's and a
dataset's are checked by their functions.
"""

import math
from typing import Literal, NamedTuple

import numpy as np


class Range(NamedTuple):
    """The values that a setting may have.

    Attributes:
        low: the least value.
        high: the greatest one.
        bounds: brackets of the interval; an end beside a square bracket is allowed itself.
        whole: whether it is a whole number.
        none: whether it may also be None, ``null`` in a config.

    Example:
        >>> print(Range(0, math.inf))
        a number in [0, inf)
        >>> print(Range(1, math.inf, whole=True, none=True))
        a whole number in [1, inf) or null
    """

    low: float
    high: float
    bounds: Literal["()", "[)", "[]"] = "[)"
    whole: bool = False
    none: bool = False

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        end = f"{self.high:.0f}" if math.isfinite(self.high) else "inf"
        interval = f"{self.bounds[0]}{self.low:g}, {end}{self.bounds[1]}"
        return f"{kind} in {interval}{' or null' if self.none else ''}"

    def holds(self, value: object) -> bool:
        """Whether a value lies in the range; a NaN, a truth value and a text never do."""
        if value is None:
            return self.none
        number = np.asarray(value)
        if number.ndim or number.dtype.kind not in ("iu" if self.whole else "iuf"):
            return False
        above = number >= self.low if self.bounds[0] == "[" else number > self.low
        below = number <= self.high if self.bounds[1] == "]" else number < self.high
        return bool(above and below)


AT_LEAST_ONE = Range(1, math.inf, whole=True)
NOT_NEGATIVE = Range(0, math.inf)
SEED = Range(0, 2**31 - 1, "[]", whole=True)
"""Seeds are 32-bit integers on the device; a larger one would stand for another one silently."""

RANGES = {
    "lr": NOT_NEGATIVE,
    "weight_decay": NOT_NEGATIVE,
    "max_epochs": Range(1, 2**31 - 1, "[]", whole=True),
    "patience": Range(0, 2**31 - 1, "[]", whole=True),
    "clip": Range(0, math.inf, "()", none=True),
    "ema": Range(0, 1, none=True),
    "label_smoothing": Range(0, 1),
    "epochs": Range(1, 2**31 - 1, "[]", whole=True, none=True),
    "every": Range(1, 2**31 - 1, "[]", whole=True),
    "warmup": Range(0, 2**31 - 1, "[]", whole=True),
    "cooldown": Range(0, 2**31 - 1, "[]", whole=True),
    "factor": Range(0, 1, "()"),
    "rtol": Range(0, 1),
    "start": Range(0, 1, "[]"),
    "floor": Range(0, 1, "[]"),
    "seed": SEED,
    "repeats": AT_LEAST_ONE,
    "chunk": AT_LEAST_ONE,
    "batch_nodes": AT_LEAST_ONE,
    "order_seed": SEED,
    "tolerance": Range(0, math.inf, "()", none=True),
    "nodes_over": AT_LEAST_ONE,
    "memory_gb": Range(0, math.inf, "()"),
    "checkpoint_seconds": NOT_NEGATIVE._replace(none=True),
    "self_loops": NOT_NEGATIVE,
    "degree_exponent": Range(0, 1, "[]"),
    "charge": Range(-math.inf, math.inf, "()"),
    "signals": AT_LEAST_ONE,
    "limit": Range(0, math.inf, whole=True),
    "trials": AT_LEAST_ONE,
    "batch": AT_LEAST_ONE,
    "splits": AT_LEAST_ONE,
    "finalists": Range(0, math.inf, whole=True),
    "final_splits": AT_LEAST_ONE,
    "first_split_seed": Range(0, 2**32 - 1, "[]", whole=True),
}
"""The last part of a setting's name -> its range."""


def check_devices(value: object) -> None:
    """Raises ValueError unless it is "all" or a number of devices, whether or not they are there.

    Example:
        >>> check_devices(0)
        Traceback (most recent call last):
        ...
        ValueError: devices must be all or a whole number in [1, inf), got 0
    """
    if not (isinstance(value, str) and value == "all") and not AT_LEAST_ONE.holds(value):
        raise ValueError(f"devices must be all or {AT_LEAST_ONE}, got {value!r}")


def check_setting(name: str, value: object) -> None:
    """Raises ValueError unless a setting's value lies in its range.

    Args:
        name: of the setting, whose last part stands in :data:`RANGES`, such as "mlp.lr".
        value: what it was given.

    Example:
        >>> check_setting("optim.groups.mlp.lr", -1)
        Traceback (most recent call last):
        ...
        ValueError: optim.groups.mlp.lr must be a number in [0, inf), got -1
    """
    allowed = RANGES[name.rpartition(".")[2]]
    if not allowed.holds(value):
        raise ValueError(f"{name} must be {allowed}, got {value!r}")

"""What a run may do beyond Adam at constant rates: its static part, and its traced numbers."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool

from longnn.training.losses import weights_of
from longnn.training.optim import Optim
from longnn.training.recipe import Recipe
from longnn.training.schedules import as_schedule, name_of, numbers_of
from longnn.training.stopping import PatienceCounts, Watched, watched_of

Values = dict[str, Any]
"""Traced numbers by name; nothing where no option is used."""


class Options(NamedTuple):
    """Static, hashable: which options a program has; their numbers are traced.

    Attributes:
        watched: the quantity that selects the epoch; None: the validation score.
        patience_counts: see ``Optim``.
        schedule: the name of the schedule.
        used: those of clip, ema, label_smoothing and class_weights that act.
    """

    watched: Watched | None = None
    patience_counts: PatienceCounts = "below"
    schedule: str = "constant"
    used: tuple[str, ...] = ()


PLAIN = Options()
"""Adam at constant rates, selected by the validation score."""


def kinds_of(optim: Optim) -> tuple[object, ...]:
    """What must be equal for trials of one batch, besides the optimizer itself."""
    return name_of(as_schedule(optim.schedule)), optim.loss, optim.stop, optim.patience_counts


def options_of(optims: Sequence[Optim], metric: str) -> Options:
    """The options of a batch: one that any of its trials uses acts in all of them.

    Args:
        optims: of the trials, equal in what is static (``longnn.training.builder``).
        metric: the name of the metric of the data.
    """
    first = optims[0]
    used = {name for optim in optims for name in _NEUTRAL if getattr(optim, name) not in (None, 0)}
    return Options(
        None if first.stop == "val" else watched_of(first.stop, metric),
        first.patience_counts,
        name_of(as_schedule(first.schedule)),
        tuple(sorted(used)),
    )


_NEUTRAL = {"clip": np.inf, "ema": 0.0, "label_smoothing": 0.0, "class_weights": None}
"""Values of options with which a trial is trained as without them."""


def values_of(
    options: Options,
    optims: Sequence[Optim],
    labels: np.ndarray,
    train: Bool[np.ndarray, "B N"],
    classes: int,
    dtype: Any,
) -> Values:
    """The numbers of B runs; leaves [B, ...].

    Args:
        options: of the batch.
        optims: of each run.
        labels: [N].
        train: [B, N] the training nodes of each run.
        classes: C.
        dtype: of the numbers.

    Raises:
        ValueError: if a value does not fit the data or the epochs.
    """
    found: Values = {}
    for name in options.used:
        if name == "class_weights":
            rows: list[Any] = [
                weights_of(o.class_weights, labels, part, classes)
                for o, part in zip(optims, train, strict=True)
            ]
        else:
            rows = [_NEUTRAL[name] if v is None else v for v in (getattr(o, name) for o in optims)]
        found[name] = np.asarray(rows, dtype)
    if isinstance(optims[0].transformation, Recipe):
        numbers_of_each = [o.transformation.numbers for o in optims]  # type: ignore[union-attr]
        found["transformation"] = np.array(numbers_of_each, dtype)
    if options.schedule != "constant":
        numbers = [numbers_of(as_schedule(o.schedule), o.max_epochs) for o in optims]
        found["schedule"] = {k: np.array([n[k] for n in numbers], dtype) for k in numbers[0]}
    return found

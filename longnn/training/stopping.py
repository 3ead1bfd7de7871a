"""By which quantity the epoch of a run is selected, and which epochs patience counts."""

from typing import Literal, NamedTuple

from longnn.data.errors import unknown
from longnn.data.labels import LESS_IS_BETTER
from longnn.training.metrics import METRICS, Metric

PatienceCounts = Literal["below", "not_better"]
"""Epochs strictly below the best, as published, or all that are not better than it."""

RECORDED = ("val", "val_loss", "loss")
"""Quantities that every run records."""


class Watched(NamedTuple):
    """A quantity that selects; static and hashable.

    Attributes:
        curve: what it is called among the curves.
        part: "train" or "val".
        metric: of the outputs; None: the loss, of which less is better.
        less: whether less of the metric is better.
    """

    curve: str
    part: Literal["train", "val"]
    metric: Metric | None
    less: bool = False


def watched_of(stop: str, metric: str) -> Watched:
    """The quantity that a word means.

    Args:
        stop: "val" or "train" (the score of that part), "val_loss", "loss" (that of the training
            part), or a part and the name of any metric, such as "val_macro_f1".
        metric: the name of the metric of the data.

    Raises:
        ValueError: for another word, with the nearest ones.

    Example:
        >>> watched_of("val", "accuracy").curve, watched_of("train_macro_f1", "accuracy").part
        ('val', 'train')
    """
    check_stop(stop)
    if stop in ("loss", "val_loss"):
        return Watched(stop, "train" if stop == "loss" else "val", None)
    part, _, name = stop.partition("_")
    less = name in LESS_IS_BETTER
    return Watched(stop, "val" if part == "val" else "train", METRICS[name or metric], less)


def check_stop(stop: str) -> None:
    """Raises ValueError unless a word of ``stop`` means a quantity."""
    if stop not in stop_words():
        raise unknown("stop", str(stop), sorted(stop_words()))


def metric_named(stop: str) -> str | None:
    """The metric that a word of ``stop`` names itself, such as "macro_f1" of "val_macro_f1"."""
    return None if stop in RECORDED else stop.partition("_")[2] or None


def stop_words() -> set[str]:
    """All words that ``stop`` may be."""
    named = {f"{part}_{name}" for part in ("train", "val") for name in METRICS}
    return named | {"val", "train", "val_loss", "loss"}

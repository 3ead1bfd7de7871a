"""Scores of a batch of runs: a number for each run, their mean and its 95 % interval."""

from dataclasses import dataclass
from functools import partial

import jax
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int, Real

from longnn.data.errors import unknown
from longnn.data.labels import factor_of, kind_of
from longnn.training.intervals import statistics
from longnn.training.metrics import METRICS, Metric


@dataclass(frozen=True, repr=False)
class Score:
    """The scores of B runs on one part of the nodes, in percent; a log loss in nats.

    Attributes:
        metric: the name of the metric.
        part: "train", "val" or "test".
        values: [B] the score of each run.
        split: [B] the number of the split of each run.
        seed: [B] the random seed of each run.

    Example:
        >>> import numpy as np
        >>> Score("accuracy", "test", np.array([80.0, 84.0]), np.array([0, 1]), np.array([0, 0]))
        test accuracy 82.00 +- 25.41 % (95 % interval, n = 2: 2 splits x 1 seed)
    """

    metric: str
    part: str
    values: Real[np.ndarray, " B"]
    split: Int[np.ndarray, " B"]
    seed: Int[np.ndarray, " B"]

    @property
    def mean(self) -> float:
        """The mean over the runs."""
        return statistics(self.values).mean

    @property
    def std(self) -> float | None:
        """The standard deviation over the runs (ddof 1); None of a single run."""
        return statistics(self.values).std

    @property
    def ci95(self) -> float | None:
        """Half the width of the 95 % interval of the mean (Student's t); None of a single run."""
        return statistics(self.values).ci95

    @property
    def n(self) -> int:
        """The number B of runs."""
        return len(self.values)

    @property
    def per_split(self) -> dict[int, float]:
        """The number of each split -> the mean over its runs."""
        return {int(s): float(self.values[self.split == s].mean()) for s in np.unique(self.split)}

    def __repr__(self) -> str:
        splits, seeds = len(np.unique(self.split)), len(np.unique(self.seed))
        runs = f"n = {self.n}: {counted(splits, 'split')} x {counted(seeds, 'seed')}"
        shown = f"{ {'val': 'validation'}.get(self.part, self.part) } {self.metric}"
        places, unit = (2, " %") if factor_of(self.metric) == 100 else (4, "")
        if self.ci95 is None:
            return f"{shown} {self.mean:.{places}f}{unit} ({runs})"
        interval = f"{self.mean:.{places}f} +- {self.ci95:.{places}f}{unit}"
        return f"{shown} {interval} (95 % interval, {runs})"


def checked_metric(metric: str | None, own: str) -> str:
    """The name of the metric that is asked for; None: the own one.

    Args:
        metric: that is asked for.
        own: that selected, whose kind of labels it must be of.

    Raises:
        ValueError: for an unknown metric, or one of other labels.
    """
    if metric is None or metric == own:
        return own
    if metric not in METRICS:
        raise unknown("metric", metric, sorted(METRICS))
    if kind_of(metric) != kind_of(own):
        raise ValueError(
            f"metric {metric} is of {kind_of(metric)}, but these runs were selected by {own}, "
            f"which is of {kind_of(own)}"
        )
    return metric


def counted(number: int, noun: str) -> str:
    """The number with its noun, such as "3 seeds"."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def score(
    metric: str,
    outputs: Float[np.ndarray, "B N C"],
    labels: Real[np.ndarray | Array, "N ..."],
    masks: Bool[np.ndarray, "B N"],
) -> Float[np.ndarray, " B"]:
    """The metric of each of B runs on a part of the nodes, a share of at most 1, or a loss.

    Args:
        metric: the name of a metric, one of ``longnn.training.METRICS``.
        outputs: [B, N, C] log-probabilities, values, or log-odds.
        labels: [N] whole numbers, or real values for "r2"; [N, C] for a multi-label metric.
        masks: [B, N] which nodes count in each run.
    """
    return np.asarray(_scores(METRICS[metric], outputs, labels, masks))


@partial(jax.jit, static_argnames=("metric",))
def _scores(metric: Metric, outputs: Array, labels: Array, masks: Array) -> Array:
    """The metric of each of B runs."""
    return jax.vmap(metric, in_axes=(0, None, 0))(outputs, labels, masks)

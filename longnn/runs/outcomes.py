"""What classifiers said of their test nodes, and what is true of them."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Integer

from longnn.graphs.graph import Graph
from longnn.runs.opening import load
from longnn.runs.saved import Run
from longnn.training.result import Fit
from longnn.training.task import REGRESSION


class Outcomes(NamedTuple):
    """The predictions of B classifiers, and which of them count.

    Attributes:
        title: what was trained on what.
        probabilities: [B, N, C] at the selected epochs.
        labels: [N] the class of each node, < 0 where there is none.
        masks: [B, N] the test nodes of each run.
        graph: N nodes; None where a fit knows only its operator.
    """

    title: str
    probabilities: Float[np.ndarray, "B N C"]
    labels: Integer[np.ndarray, " N"]
    masks: Bool[np.ndarray, "B N"]
    graph: Graph | None

    def wrong_share(self) -> Float[np.ndarray, " N"]:
        """[N] the share of the runs testing a node that err there; NaN if none tests it."""
        wrong = self.probabilities.argmax(axis=2) != self.labels
        runs = self.masks.sum(axis=0)
        return np.where(runs > 0, (wrong & self.masks).sum(axis=0) / np.maximum(runs, 1), np.nan)


def known_fit(trained: str | Path | Run | Fit) -> Fit:
    """What was trained, with labels and graph; those of a run directory are read again.

    Args:
        trained: a run directory, an opened one, or what ``longnn.fit`` returned.

    Raises:
        DataFileError: if a file of the run's data is missing.
        RunDirectoryError: if the run or its data cannot be read, or have changed.
    """
    opened = load(trained) if isinstance(trained, str | Path) else trained
    if isinstance(opened, Fit):
        return opened
    return opened.known()


def outcomes_of(trained: str | Path | Run | Fit) -> Outcomes:
    """The predictions of classifiers on their test nodes.

    Args:
        trained: a run directory, an opened one, or what ``longnn.fit`` returned.

    Raises:
        DataFileError: if a file of the run's data is missing.
        RunDirectoryError: if the run or its data cannot be read, or have changed.
        ValueError: if what was trained predicts values or several labels for each node, or is a
            fit without splits and labels.
    """
    fit = known_fit(trained)
    if fit.program.task == REGRESSION:
        raise ValueError("the models predict values and no classes; give a run that classifies")
    if fit.labels is None or fit.splits is None:
        raise ValueError("this fit knows no labels and splits; give what longnn.fit returned on "
                         "a dataset")  # fmt: skip
    if np.ndim(fit.labels) != 1:
        raise ValueError(
            "the models predict several labels for each node; give a run of one class for each"
        )
    masks = fit.splits.test[np.array([run["split"] for run in fit.runs])]
    title = fit.title or type(fit.model()).__name__
    return Outcomes(title, fit.probabilities, np.asarray(fit.labels), masks, fit.graph)

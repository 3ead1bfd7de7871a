"""What is left unanswered for the sake of accuracy."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from longnn.plot.style import COLOURS, add_caption, add_title, new_figure
from longnn.runs.outcomes import Outcomes, outcomes_of
from longnn.runs.saved import Run
from longnn.training.result import Fit
from longnn.training.selective import Coverage
from longnn.training.selective import coverage as coverage_of


def coverage(trained: str | Path | Run | Fit | Outcomes, *, title: str = "") -> Figure:
    """Accuracy among the test nodes that are answered, and the threshold, against their share.

    Args:
        trained: a run directory, an opened one, what ``longnn.fit`` returned, or its test nodes.
        title: of the figure; by default what was trained.

    Raises:
        ValueError: if the models predict no classes, or are a fit without labels.
        DataFileError: if a run's own data are missing.

    Source: Geifman and El-Yaniv 2017, arXiv 1705.08500, figure 1 (the risk-coverage curve).

    Example:
        >>> import longnn
        >>> data = longnn.data.csbm.generate(nodes=60, phi=-0.75)
        >>> splits = longnn.data.splits.stratified(data, count=2)
        >>> run = longnn.fit("longnn", data, splits, optim=longnn.Optim(max_epochs=5))
        >>> longnn.plot.coverage(run).savefig("coverage.png")  # doctest: +SKIP
    """
    found = trained if isinstance(trained, Outcomes) else outcomes_of(trained)
    curve = coverage_of_outcomes(found)
    figure = new_figure(4.4)
    top, bottom = figure.subplots(2, sharex=True, height_ratios=(2, 1))
    share = 100 * curve.mean_answered
    if len(found.masks) > 1:
        for answered, accuracy in zip(curve.answered, curve.accuracy, strict=True):
            top.plot(100 * answered, 100 * accuracy, color=COLOURS[0], alpha=0.25, lw=0.6)
    top.plot(share, 100 * curve.mean_accuracy, color=COLOURS[0], lw=1.8)
    top.set(ylabel="accuracy among\nthe answered [%]")
    add_title(top, title or found.title)
    bottom.plot(share, 100 * curve.threshold, color=COLOURS[1], lw=1.4)
    bottom.set(xlabel="answered test nodes [%]", ylabel="threshold of\nconfidence [%]")
    bottom.set_xlim(0, 100)
    if len(found.masks) > 1:
        add_caption(figure, f"thick: mean of {len(found.masks)} runs at each threshold")
    return figure


def coverage_of_outcomes(found: Outcomes) -> Coverage:
    """The curve of classifiers on their test nodes.

    Args:
        found: of B classifiers.
    """
    confidence = found.probabilities.max(axis=2)
    right = found.probabilities.argmax(axis=2) == found.labels
    return coverage_of(np.asarray(confidence), right, found.masks)

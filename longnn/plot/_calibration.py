"""The reliability diagram of what was trained."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from longnn.analysis.calibration import Reliability, reliability
from longnn.plot.style import COLOURS, SMALL, add_caption, add_title, new_figure
from longnn.runs.outcomes import Outcomes, outcomes_of
from longnn.runs.saved import Run
from longnn.training.intervals import Statistics, statistics
from longnn.training.result import Fit


def calibration(
    trained: str | Path | Run | Fit | Outcomes, *, bins: int = 15, title: str = ""
) -> Figure:
    """The reliability diagram: accuracy against confidence, above how often each confidence comes.

    The test nodes of all runs are drawn together. The calibration error in the title is the mean
    over the runs, with its 95 % interval.

    Args:
        trained: a run directory, an opened one, what ``longnn.fit`` returned, or its test nodes.
        bins: the number of bins of confidence, >= 1.
        title: of the figure; by default what was trained, with its calibration error.

    Raises:
        ValueError: if the models predict no classes, or are a fit without labels.
        DataFileError: if a run's own data are missing.

    Example:
        >>> import longnn
        >>> data = longnn.data.csbm.generate(nodes=60, phi=-0.75)
        >>> splits = longnn.data.splits.stratified(data, count=2)
        >>> run = longnn.fit("longnn", data, splits, optim=longnn.Optim(max_epochs=5))
        >>> longnn.plot.calibration(run).savefig("calibration.png")  # doctest: +SKIP
    """
    found = trained if isinstance(trained, Outcomes) else outcomes_of(trained)
    together = pooled(found, bins)
    figure = new_figure(4.8)
    top, bottom = figure.subplots(2, sharex=True, height_ratios=(3, 1))
    top.plot([0, 100], [0, 100], color="black", lw=0.8, ls="--", label="calibrated")
    filled = together.nodes > 0
    confidence, accuracy = 100 * together.confidence[filled], 100 * together.accuracy[filled]
    top.vlines(confidence, confidence, accuracy, color=COLOURS[1], lw=3, alpha=0.4, label="gap")
    top.plot(confidence, accuracy, "o-", color=COLOURS[0], ms=4, lw=1, label="test nodes")
    top.set(ylabel="accuracy [%]", ylim=(0, 103))
    top.legend(frameon=False, fontsize=SMALL)
    error = str(calibration_error(found, bins)).replace("+-", "±")
    add_title(top, title or f"{found.title}:\ncalibration error {error} %")
    share = 100 * together.nodes / together.nodes.sum()
    bottom.stairs(share, 100 * together.edges, fill=True, color="#999999")
    bottom.set(xlim=(0, 100), ylabel="predictions\nper bin [%]")
    bottom.set_xlabel("confidence, probability of the predicted class [%]")
    runs = len(found.masks)
    if runs > 1:
        add_caption(figure, f"the test nodes of {runs} runs together")
    return figure


def pooled(found: Outcomes, bins: int = 15) -> Reliability:
    """The reliability of the test nodes of all runs together.

    Args:
        found: of B classifiers.
        bins: the number of bins, >= 1.
    """
    labels = np.broadcast_to(found.labels, found.masks.shape)
    return reliability(found.probabilities[found.masks], labels[found.masks], bins)


def calibration_error(found: Outcomes, bins: int = 15) -> Statistics:
    """The expected calibration error of the runs in percent: mean and 95 % interval.

    Args:
        found: of B classifiers.
        bins: the number of bins, >= 1.
    """
    each = zip(found.probabilities, found.masks, strict=True)
    errors = [reliability(p[mask], found.labels[mask], bins).ece for p, mask in each]
    return statistics(100 * np.array(errors))

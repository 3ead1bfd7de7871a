"""The figures of one run, with captions, and with what they show in words."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from longnn import plot
from longnn.analysis import label_signal, signal_energy, spectral_density
from longnn.plot._calibration import calibration_error
from longnn.plot._confusion import shares
from longnn.plot._errors import error_panels
from longnn.runs.directory import CONFUSION_PNG, CURVES_PNG, EXPONENTS_PNG, FILTER
from longnn.runs.outcomes import outcomes_of
from longnn.training import Fit

from ..jobs.figures import confusion_figure, curves_figure, exponents_figure, filter_figure
from .opened import Opened
from .picture import Picture, drawn
from .pictures import stored_png

MOST_NAMED = 20
"""How many classes the words below a confusion matrix name."""


class Missing(ValueError):  # noqa: N818
    """A run has nothing to draw here, for a reason that the message says."""


class Wanted(NamedTuple):
    """A figure of a run.

    Attributes:
        title: the heading above it.
        draw: makes it of what is known.
        stored: the file of the run directory that holds it, too; empty if none does.
        of_test: whether it looks at test nodes.
    """

    title: str
    draw: Callable[[Opened], Picture]
    stored: str = ""
    of_test: bool = False


def curves(run: Opened) -> Picture:
    """Losses and validation score by epoch."""
    fit = _fit(run)
    last = [row["best_epoch"] for row in fit.runs]
    return drawn(
        curves_figure(fit, run.shown),
        "curves",
        "Losses and validation score by epoch: medians over the runs, and their quartiles.",
        f"Training curves of {len(fit.runs)} runs, whose best epochs lie from {min(last)} to "
        f"{max(last)}",
    )


def learned_filter(run: Opened) -> Picture:
    """The filter above the spectrum."""
    fit = _fit(run)
    figure = filter_figure(fit, run.shown)
    if figure is None:
        raise Missing(f"the model {run.result.model} has no filter that is a function of lambda")
    ends = fit.response(np.array([0.0, 1.0, 2.0])).mean(axis=(0, 2))
    return drawn(
        figure,
        "filter",
        "The learned filter over the eigenvalues of L = I - S, above their density."
        if fit.graph is not None
        else "The learned filter over the eigenvalues of L = I - S.",
        "Learned filter: its mean over runs and outputs is "
        + ", ".join(f"{g:.2f} at lambda = {lam}" for g, lam in zip(ends, (0, 1, 2), strict=True)),
    )


def label_energy(run: Opened) -> Picture:
    """Where the labels' energy lies in the spectrum."""
    fit = _known(run)
    assert fit.graph is not None
    labels = np.asarray(fit.labels)
    if labels.ndim == 1 and labels.dtype.kind in "iu":
        signal = label_signal(labels)
    else:
        signal = np.nan_to_num(labels - np.nanmean(labels, axis=0))
    energy, density = signal_energy(fit.graph, signal), spectral_density(fit.graph)
    low = 100 * energy.share[energy.edges[1:] <= 1].sum()
    return drawn(
        plot.energy({"labels": energy}, density, f"Labels of {run.shown.dataset}"),
        "energy",
        "How much of the energy of the labels (their mean taken off) lies below each frequency, "
        "beside the eigenvalues, above their density.",
        f"Energy of the labels over the spectrum: {low:.0f} % lie below lambda = 1",
    )


def exponents(run: Opened) -> Picture:
    """The path of alpha and beta."""
    fit = _fit(run)
    figure = exponents_figure(fit, run.shown)
    if figure is None:
        raise Missing(f"the model {run.result.model} learns no exponents alpha and beta")
    return drawn(
        figure,
        "exponents",
        "The path of the exponents (alpha, beta) of each run, with a dot at the selected epoch.",
        f"Exponents: alpha ends at {fit.alpha.mean():.2f} and beta at {fit.beta.mean():.2f} in "
        "the mean",
    )


def confusion(run: Opened) -> Picture:
    """Which classes are taken for which."""
    fit = _known(run)
    figure = confusion_figure(fit, run.shown)
    if figure is None:
        raise Missing("the models predict no single class for each node")
    right = np.diagonal(shares(fit.confusion()))
    known = np.flatnonzero(np.isfinite(right))
    names = run.result.class_names or tuple(map(str, range(len(right))))
    return drawn(
        figure,
        "confusion",
        "The share of the test nodes of each true class (row) that is taken for which class "
        "(column): mean over the runs. An empty row is a class that no run tests.",
        "Confusion matrix; right of each class: "
        + ", ".join(f"{names[c]} {100 * right[c]:.0f} %" for c in known[:MOST_NAMED])
        + (f" and {len(known) - MOST_NAMED} more classes" if len(known) > MOST_NAMED else ""),
    )


def calibration(run: Opened) -> Picture:
    """The reliability diagram."""
    found = outcomes_of(_known(run))
    return drawn(
        plot.calibration(found),
        "calibration",
        "Accuracy against confidence in 15 bins of equal width, test nodes of all runs together; "
        "the expected calibration error is the mean over the runs with its 95 % interval.",
        f"Reliability diagram: expected calibration error {calibration_error(found)} %",
    )


def errors(run: Opened) -> Picture:
    """Errors by neighbours and by local homophily."""
    found = outcomes_of(_known(run))
    parts = [
        f"by {name.replace(chr(10), ' ')}: "
        + ", ".join(f"{bin} {100 * rate:.1f} %" for bin, rate in zip(names, rates.rate))
        for name, (rates, names) in error_panels(found).items()
    ]
    return drawn(
        plot.errors(found),
        "errors",
        "Wrong predictions by the number of neighbours, and by the share of labelled neighbours "
        "that are of the node's class. A test node counts once, with the share of the runs testing "
        "it that err there; bars are Wilson's 95 % intervals for n independent nodes.",
        "Wrong predictions " + "; ".join(parts),
    )


WANTED = (
    Wanted("Training curves", curves, CURVES_PNG),
    Wanted("Learned filter", learned_filter, FILTER),
    Wanted("Energy of the labels", label_energy),
    Wanted("Path of the exponents", exponents, EXPONENTS_PNG),
    Wanted("Confusion matrix", confusion, CONFUSION_PNG, of_test=True),
    Wanted("Calibration", calibration, of_test=True),
    Wanted("Errors by neighbours", errors, of_test=True),
)
"""The figures of a page, in their order."""


def stored(run: Opened, wanted: Wanted) -> Picture | None:
    """A figure as the run has drawn it; None where it has not."""
    png = stored_png(run.result.directory / wanted.stored) if wanted.stored else None
    caption = f"{wanted.title}, as drawn when the run ended ({wanted.stored})."
    alt = f"{wanted.title} of {run.result.title}, as drawn when the run ended"
    return None if png is None else Picture(wanted.stored, png, caption, alt)


def _fit(run: Opened) -> Fit:
    if run.fit is None:
        raise Missing(run.models)
    return run.fit


def _known(run: Opened) -> Fit:
    """With labels and graph."""
    if run.data:
        raise Missing(run.data)
    return _fit(run)

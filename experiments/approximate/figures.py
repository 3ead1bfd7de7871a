"""The figures of a fit: fitted over given responses, and the way to the optimum."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure
from omegaconf import DictConfig

from longnn import plot
from longnn.analysis import signal_energy
from longnn.runs.record import Writer

from .data import Signals, Target
from .solve import LAM, Fits


def figures_of(
    config: DictConfig, fits: dict[str, Fits], targets: list[Target], signals: Signals
) -> Iterator[tuple[str, Writer]]:
    """Yields the file name of each figure, and the function that writes it.

    Args:
        config: settings of the fit.
        fits: the fits in each basis, by its name.
        targets: what was fitted.
        signals: what was filtered.
    """
    energy = signal_energy(signals.graph, signals.values)
    for number, target in enumerate(targets):
        stem = _stem(target.name, number, len(targets))
        what = f"{target.name} on {signals.name}, K = {config.order}"
        if target.response is not None:
            title = f"{what}: {config.basis}, {config.solver}"
            values = fits[config.basis].arrays["response"][number].T
            figure = plot.fitted_response(LAM, target.response(LAM), values, energy, title)
            yield f"response_{stem}.png", partial(_save, figure)
        if fits[config.basis].curves:
            epochs = {name: found.curves[number][0] for name, found in fits.items()}
            excess = {name: found.curves[number][1] for name, found in fits.items()}
            title = f"{what}, {config.solver}: {signals.values.shape[1]} fits"
            figure = plot.convergence(epochs, excess, title)
            yield f"convergence_{stem}.png", partial(_save, figure)


def _stem(name: str, number: int, count: int) -> str:
    """A filter's name where it can be part of a file name; else a word, with its number."""
    if name.isidentifier():
        return name
    return "filter" if count == 1 else f"filter{number + 1}"


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=150)

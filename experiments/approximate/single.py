"""One fit in one directory: data, targets, solver, files."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import numpy as np
from hydra.core.hydra_config import HydraConfig
from matplotlib.figure import Figure
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.progress import Progress

from longnn import plot
from longnn.analysis import signal_energy
from longnn.fitting import Optimum
from longnn.runs.record import finished, save_arrays, write_run

from ..summary import versions
from .data import Signals, Target, named_filters, signals_of, targets_of
from .identity import SCHEMA, identity_of
from .rows import rows_of
from .solve import (
    LAM,
    Fits,
    Told,
    check,
    descended,
    problem_of,
    solve_directly,
)
from .table import show

LOG = logging.getLogger(__name__)


def run(config: DictConfig) -> dict[str, Any]:
    """Fits what ``config`` says, unless this very fit has finished, and prints its table.

    Returns:
        Content of ``result.json``.

    Raises:
        ValueError: for a setting that cannot be used, or a directory of another fit.
    """
    directory = Path(HydraConfig.get().runtime.output_dir)
    identity = identity_of(config)
    result = finished(directory, identity, force=config.force)
    if result is not None:
        LOG.info("finished before, not repeated (force=true repeats it)")
    else:
        check(config)
        named_filters(config)
        result = _fit(config, directory, identity)
    show(result)
    LOG.info(f"files in {directory}")
    return result


def _fit(config: DictConfig, directory: Path, identity: str) -> dict[str, Any]:
    clock = {"start": time.perf_counter()}
    signals = signals_of(config)
    clock["data"] = time.perf_counter()
    with _status("targets: eigenvectors of the graph (once; they are kept)"):
        targets = targets_of(config, signals)
    clock["targets"] = time.perf_counter()
    problem = problem_of(signals, targets)
    optimum = Optimum(problem, config.order).sse
    clock["optimum"] = time.perf_counter()
    fits: dict[str, Fits] = {}
    if config.solver == "lstsq":
        fits[config.basis] = solve_directly(config, problem)
    else:
        with _progress() as told:
            for basis in dict.fromkeys([config.basis, *config.compare]):
                fits[basis] = descended(config, problem, optimum, basis, told)
    clock["fits"] = time.perf_counter()
    marks = list(clock.items())
    result = {
        "identity": identity,
        "schema": SCHEMA,
        "data": signals.name,
        "checksum": signals.checksum,
        "signals": signals.values.shape[1],
        "nodes": signals.graph.num_nodes,
        "counted": int(signals.mask.sum()),
        "bases": {name: rows_of(f, targets, problem, optimum) for name, f in fits.items()},
        "seconds": {b: round(t - s, 3) for (_, s), (b, t) in pairwise(marks)},
        "device": jax.devices()[0].device_kind,
        "versions": versions(),
        "config": OmegaConf.to_container(config, resolve=True),
    }
    figures = dict(_figures(config, fits, targets, signals, result)) if config.figures else {}
    write_run(directory, _files(config, fits, optimum) | figures, result)
    return result


def _files(
    config: DictConfig, fits: dict[str, Fits], optimum: np.ndarray
) -> dict[str, Callable[[Path], None]]:
    files: dict[str, Callable[[Path], None]] = {
        "config.yaml": partial(OmegaConf.save, config, resolve=True),
    }
    for basis, found in fits.items():
        arrays = found.arrays | {"lam": LAM, "optimum": optimum.T}
        for number, (epochs, excess) in enumerate(found.curves):
            arrays |= {f"recorded{number}": epochs, f"excess{number}": excess}
        files[f"fits_{basis}.npz"] = save_arrays(arrays)
    return files


def _figures(
    config: DictConfig,
    fits: dict[str, Fits],
    targets: list[Target],
    signals: Signals,
    result: dict[str, Any],
) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """(file name, its writer) of each figure."""
    main = fits[config.basis]
    energy = signal_energy(signals.graph, signals.values)
    for f, target in enumerate(targets):
        word = target.name if len(targets) == 1 or target.name.isidentifier() else f"filter{f + 1}"
        stem = word if word.isidentifier() else "filter"
        what = f"{target.name} on {result['data']}, K = {config.order}"
        if target.response is not None:
            title = f"{what}: {config.basis}, {config.solver}"
            values = main.arrays["response"][f].T
            figure = plot.fitted_response(LAM, target.response(LAM), values, energy, title)
            yield f"response_{stem}.png", partial(_save, figure)
        if main.curves:
            epochs = {name: found.curves[f][0] for name, found in fits.items()}
            excess = {name: found.curves[f][1] for name, found in fits.items()}
            title = f"{what}, {config.solver}: {result['signals']} fits"
            figure = plot.convergence(epochs, excess, title)
            yield f"convergence_{stem}.png", partial(_save, figure)


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=150)


@contextmanager
def _status(text: str) -> Iterator[None]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(text):
        yield


@contextmanager
def _progress() -> Iterator[Told]:
    """A bar by fit on a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda title, done, most: None
        return
    with Progress(console=console) as bars:
        tasks: dict[str, Any] = {}

        def told(title: str, done: int, most: int) -> None:
            if title not in tasks:
                tasks[title] = bars.add_task(title, total=most)
            bars.update(tasks[title], completed=done)

        yield told

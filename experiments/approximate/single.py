"""One fit in one directory: from its data and targets by a solver to its files."""

import logging
import time
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import numpy as np
from hydra.core.hydra_config import HydraConfig
from jaxtyping import Float
from omegaconf import DictConfig, OmegaConf

from longnn.fitting import Optimum
from longnn.runs.directory import CONFIG
from longnn.runs.record import Writer, finished, save_arrays, write_run

from ..config.trusted import own_modules
from ..jobs.device import check_device
from ..jobs.summary import versions
from .data import named_filters, signals_of, targets_of
from .figures import figures_of
from .identity import SCHEMA, identity_of
from .progress import progress_bars, status
from .rows import rows_of
from .solve import LAM, Fits, check, descended, problem_of, solve_directly
from .table import show

LOG = logging.getLogger(__name__)


def run(config: DictConfig) -> dict[str, Any]:
    """Fits what the config asks for, unless this very fit has finished, and prints its table.

    Args:
        config: the composed config of the fit.

    Returns:
        The content of ``result.json``.

    Raises:
        ValueError: if a setting cannot be used, or the directory holds another fit.
    """
    directory = Path(HydraConfig.get().runtime.output_dir)
    identity = identity_of(config)
    result = finished(directory, identity, force=config.force)
    if result is not None:
        LOG.info("This fit was finished before, and is not repeated; force=true repeats it.")
    else:
        check_device()
        check(config)
        named_filters(config)
        result = _fit(config, directory, identity)
    show(result)
    LOG.info(f"The files are in {directory}")
    return result


def _fit(config: DictConfig, directory: Path, identity: str) -> dict[str, Any]:
    clock = {"start": time.perf_counter()}
    signals = signals_of(config, own_modules(HydraConfig.get()))
    clock["data"] = time.perf_counter()
    with status("computing the targets; the eigenvectors of the graph are kept for next time"):
        targets = targets_of(config, signals)
    clock["targets"] = time.perf_counter()
    problem = problem_of(signals, targets)
    optimum = Optimum(problem, config.order).sse
    clock["optimum"] = time.perf_counter()
    fits: dict[str, Fits] = {}
    if config.solver == "lstsq":
        fits[config.basis] = solve_directly(config, problem)
    else:
        with progress_bars() as on_progress:
            for basis in dict.fromkeys([config.basis, *config.compare]):
                fits[basis] = descended(config, problem, optimum, basis, on_progress)
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
    figures = dict(figures_of(config, fits, targets, signals)) if config.figures else {}
    write_run(directory, _files(config, fits, optimum) | figures, result)
    return result


def _files(
    config: DictConfig, fits: dict[str, Fits], optimum: Float[np.ndarray, "B F"]
) -> dict[str, Writer]:
    files: dict[str, Writer] = {
        CONFIG: partial(OmegaConf.save, config, resolve=True),
    }
    for basis, found in fits.items():
        arrays = found.arrays | {"lam": LAM, "optimum": optimum.T}
        for number, (epochs, excess) in enumerate(found.curves):
            arrays |= {f"recorded{number}": epochs, f"excess{number}": excess}
        files[f"fits_{basis}.npz"] = save_arrays(arrays)
    return files

"""The Optuna study of a search: its pruner, its counts, and the figures at its end."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from matplotlib.figure import Figure
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from longnn.plot.style import add_caption, add_title, new_figure
from longnn.runs.atomic import atomic_write

from ..report.plot_search import history, parameters
from ..report.settings import drawable

PRUNERS = ("none", "median", "halving")

FEW = 10
"""With fewer trials than this for each parameter, a figure of importances warns."""


def open_study(storage: BaseStorage, name: str, *, pruner: str) -> optuna.Study:
    """Makes a study, or takes up one that is there.

    Args:
        storage: where it is kept.
        name: of the study in its storage.
        pruner: one of PRUNERS.

    Raises:
        ValueError: for an unknown pruner.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        storage=storage,
        pruner=_pruner(pruner),
        study_name=name,
        direction="maximize",
        load_if_exists=True,
    )


def counts(study: optuna.Study) -> dict[str, int]:
    """How many trials are in each state, for instance {"complete": 97, "fail": 3}."""
    trials = study.get_trials(deepcopy=False)
    found = {state.name.lower(): 0 for state in TrialState}
    for trial in trials:
        found[trial.state.name.lower()] += 1
    return {name: number for name, number in found.items() if number}


def draw(study: optuna.Study, title: str, folder: Path, metric: str) -> list[Path]:
    """Draws the history, the values by parameter, and importances (PED-ANOVA, arXiv 2304.10255).

    Args:
        study: with its trials.
        title: of the figures.
        folder: of the PNG files, which is made if it is missing.
        metric: name of the score.

    Returns:
        The files; none where no trial completed.
    """
    complete = [t for t in study.get_trials(deepcopy=False) if t.state == TrialState.COMPLETE]
    if not complete:
        return []
    scores = np.array([trial.value for trial in complete])
    drawn: dict[str, Callable[[], Figure]] = {"history.png": lambda: history(scores, metric, title)}
    values = {_short(key): drawable(column) for key, column in _columns(complete).items()}
    if values:
        drawn["parameters.png"] = lambda: parameters(values, scores, metric, title)
    if len(complete) > 3 and len(set(scores)) > 1:
        drawn["importances.png"] = lambda: _importances(study, title, len(complete))
    folder.mkdir(parents=True, exist_ok=True)
    return [_saved(folder / file, figure()) for file, figure in drawn.items()]


def _columns(trials: Sequence[FrozenTrial]) -> dict[str, list[Any]]:
    """Parameter -> its value in each trial, None where a trial has none."""
    keys = dict.fromkeys(key for trial in trials for key in trial.params)
    return {key: [trial.params.get(key) for trial in trials] for key in keys}


def _importances(study: optuna.Study, title: str, trials: int) -> Figure:
    """Share of each parameter in the difference between good trials and all."""
    with warnings.catch_warnings(category=UserWarning, action="ignore"):  # the caption says it
        shares = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    figure = new_figure(1.3 + 0.3 * len(shares))
    axes = figure.subplots()
    axes.barh([_short(key) for key in shares][::-1], list(shares.values())[::-1])
    axes.set_xlabel("importance (PED-ANOVA), all together 1")
    add_title(axes, title)
    few = f"; few for {len(shares)} parameters" if trials < FEW * len(shares) else ""
    add_caption(figure, f"from {trials} trials that completed{few}")
    return figure


def _short(key: str) -> str:
    return key.removeprefix("optim.groups.").removeprefix("model.")


def _saved(file: Path, figure: Figure) -> Path:
    with atomic_write(file) as path:
        figure.savefig(path, dpi=150)
    return file


def _pruner(name: str) -> optuna.pruners.BasePruner:
    if name == "none":
        return optuna.pruners.NopPruner()
    if name == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=10, n_warmup_steps=100)
    if name == "halving":
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=100)
    raise ValueError(f"unknown pruner {name!r}; choose one of {', '.join(PRUNERS)}")

"""The Optuna study of a search: its pruner, its counts, and the figures at its end."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import optuna
from matplotlib.figure import Figure
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.storages import BaseStorage
from optuna.trial import TrialState

from longnn.runs.atomic import atomic_write

from ..report.plot_search import history, parameters

PRUNERS = ("none", "median", "halving")


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
    numbers = {
        _short(key): [trial.params[key] for trial in complete]
        for key, value in complete[0].params.items()
        if isinstance(value, int | float)
    }
    if numbers:
        drawn["parameters.png"] = lambda: parameters(numbers, scores, metric, title)
    if len(complete) > 3 and len(set(scores)) > 1:
        drawn["importances.png"] = lambda: _importances(study, title)
    folder.mkdir(parents=True, exist_ok=True)
    return [_saved(folder / file, figure()) for file, figure in drawn.items()]


def _importances(study: optuna.Study, title: str) -> Figure:
    """Share of each parameter in the difference between good trials and all."""
    shares = optuna.importance.get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    figure = Figure(figsize=(6.4, 1 + 0.3 * len(shares)), layout="constrained")
    axes = figure.subplots()
    axes.barh([_short(key) for key in shares][::-1], list(shares.values())[::-1])
    axes.set_xlabel("importance (PED-ANOVA), all together 1")
    axes.set_title(title)
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

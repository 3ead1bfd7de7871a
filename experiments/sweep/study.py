"""The Optuna study of a search: storage, sampler, pruner, and the figures at its end."""

import fcntl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from matplotlib.figure import Figure
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import Trial, TrialState

from longnn.runs.atomic import atomic_write

from ..report.plot_search import history, parameters
from .space import Space

SAMPLERS = ("tpe", "random", "grid", "qmc")
PRUNERS = ("none", "median", "halving")


def open_storage(directory: Path, storage: str) -> BaseStorage:
    """Where the studies of a search are kept.

    Args:
        directory: of the sweep, which is made if it is missing.
        storage: "journal" (a file in `directory`), "sqlite" (likewise), or a URL of Optuna's.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if storage == "journal":
        file = str((directory / "study.log").absolute())
        return JournalStorage(JournalFileBackend(file, _KernelLock(file)))
    if storage == "sqlite":
        return RDBStorage(f"sqlite:///{(directory / 'study.db').absolute()}")
    return optuna.storages.get_storage(storage)


def open_study(
    storage: BaseStorage, name: str, space: Space, *, sampler: str, pruner: str, seed: int
) -> optuna.Study:
    """Makes a study, or takes up one that is there.

    Args:
        storage: where it is kept.
        name: of the study.
        space: what is searched.
        sampler: one of SAMPLERS.
        pruner: one of PRUNERS.
        seed: random seed of the sampler.

    Raises:
        ValueError: for an unknown sampler or pruner.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=storage,
        pruner=_pruner(pruner),
        study_name=name,
        direction="maximize",
        load_if_exists=True,
    )
    # the grid sampler's, which we stop at its known number of trials
    study.stop = lambda: None  # type: ignore[method-assign]
    # a sampler that is taken up must not draw what it has drawn
    study.sampler = _sampler(sampler, space, seed + len(study.get_trials(deepcopy=False)))
    return study


def taken_up(study: optuna.Study, storage: BaseStorage, number: int) -> Trial:
    """A trial that another process asked for and left, as `study.ask` would give it.

    Args:
        study: that the trial belongs to.
        storage: where the study is kept.
        number: of the trial in the study.
    """
    of_study = storage.get_study_id_from_name(study.study_name)
    return Trial(study, storage.get_trial_id_from_study_id_trial_number(of_study, number))


def counts(study: optuna.Study) -> dict[str, int]:
    """How many trials are in each state, for instance {"complete": 97, "fail": 3}."""
    trials = study.get_trials(deepcopy=False)
    found = {state.name.lower(): 0 for state in TrialState}
    for trial in trials:
        found[trial.state.name.lower()] += 1
    return {name: number for name, number in found.items() if number}


def draw(study: optuna.Study, folder: Path, metric: str) -> list[Path]:
    """Draws the history, the values by parameter, and importances (PED-ANOVA, arXiv 2304.10255).

    Args:
        study: with its trials.
        folder: of the PNG files, which is made if it is missing.
        metric: name of the score.

    Returns:
        The files; none where no trial completed.
    """
    complete = [t for t in study.get_trials(deepcopy=False) if t.state == TrialState.COMPLETE]
    if not complete:
        return []
    scores = np.array([trial.value for trial in complete])
    drawn: dict[str, Callable[[], Figure]] = {
        "history.png": lambda: history(scores, metric, study.study_name)
    }
    numbers = {
        _short(key): [trial.params[key] for trial in complete]
        for key, value in complete[0].params.items()
        if isinstance(value, int | float)
    }
    if numbers:
        drawn["parameters.png"] = lambda: parameters(numbers, scores, metric, study.study_name)
    if len(complete) > 3 and len(set(scores)) > 1:
        drawn["importances.png"] = lambda: _importances(study)
    folder.mkdir(parents=True, exist_ok=True)
    return [_saved(folder / file, figure()) for file, figure in drawn.items()]


def _importances(study: optuna.Study) -> Figure:
    """Share of each parameter in the difference between good trials and all."""
    shares = optuna.importance.get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    figure = Figure(figsize=(6.4, 1 + 0.3 * len(shares)), layout="constrained")
    axes = figure.subplots()
    axes.barh([_short(key) for key in shares][::-1], list(shares.values())[::-1])
    axes.set_xlabel("importance (PED-ANOVA), all together 1")
    axes.set_title(study.study_name)
    return figure


def _short(key: str) -> str:
    return key.removeprefix("optim.groups.").removeprefix("model.")


def _saved(file: Path, figure: Figure) -> Path:
    with atomic_write(file) as path:
        figure.savefig(path, dpi=150)
    return file


class _KernelLock(JournalFileOpenLock):
    """A lock that the kernel releases when its owner dies; Optuna's own waits half a minute."""

    def __init__(self, file: str):
        super().__init__(file)
        self._path = f"{file}.kernel-lock"

    def acquire(self) -> bool:
        self._file = open(self._path, "w")  # noqa: SIM115 (closed by release)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        self._file.close()


def _sampler(name: str, space: Space, seed: int) -> optuna.samplers.BaseSampler:
    if name == "tpe":
        return optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True)
    if name == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    if name == "qmc":
        return optuna.samplers.QMCSampler(seed=seed, scramble=True)
    if name == "grid":
        return optuna.samplers.GridSampler(grid(space), seed=seed)
    raise ValueError(f"unknown sampler {name!r}; choose one of {', '.join(SAMPLERS)}")


def grid(space: Space) -> dict[str, list[Any]]:
    """All values of a space.

    Raises:
        ValueError: if a parameter has infinitely many.
    """
    return {key: _values(key, distribution) for key, distribution in space.items()}


def _values(key: str, distribution: Any) -> list[Any]:
    if isinstance(distribution, optuna.distributions.CategoricalDistribution):
        return list(distribution.choices)
    if distribution.step is None:
        raise ValueError(
            f"sampler=grid needs finitely many values, but {key} is an interval; give it a step, "
            "or a list of choices"
        )
    low, step = distribution.low, distribution.step
    return [low + i * step for i in range(round((distribution.high - low) / step) + 1)]


def _pruner(name: str) -> optuna.pruners.BasePruner:
    if name == "none":
        return optuna.pruners.NopPruner()
    if name == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=10, n_warmup_steps=100)
    if name == "halving":
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=100)
    raise ValueError(f"unknown pruner {name!r}; choose one of {', '.join(PRUNERS)}")

"""The finals of a search: its best trials once more, on more splits, which then decide."""

import logging
from typing import NamedTuple

from optuna.trial import FrozenTrial, TrialState

from longnn.runs import attempts
from longnn.runs.result import read_result

from .claims import JOB
from .grid import launch
from .prepared import Search
from .search_settings import SearchSettings
from .state import OPEN

LOG = logging.getLogger(__name__)


class Final(NamedTuple):
    """A trial as it was judged at last.

    Attributes:
        trial: as the study has it.
        directory: name of the directory of the job that decides.
        validation: mean validation score of that job, in percent.
    """

    trial: FrozenTrial
    directory: str
    validation: float


def judged(search: Search, settings: SearchSettings) -> list[Final]:
    """The trials that may be chosen, the best first.

    Those are the best `settings.finalists`, trained again on `settings.final_splits` splits;
    without finals the best trial alone, as it is. Finals that were killed are completed.

    Args:
        search: all of whose trials have ended, at least one of them well.
        settings: how to search.

    Raises:
        SystemExit: with code 1 if a final failed or is left, 3 where others still work on one.
    """
    best = search.study.best_trial
    if not settings.finalists:
        assert best.value is not None
        return [Final(best, best.user_attrs[JOB], best.value)]
    held = _ranked(search)[: settings.finalists]
    LOG.info(f"finals: the best {len(held)} trials on {settings.final_splits} splits")
    planned = search.planned([trial.params for trial in held], settings.final_splits)
    if hasattr(search.launcher, "prune"):
        search.launcher.prune = None
    states = lambda: [attempts.status(search.directory / job.name) for job in planned]  # noqa: E731
    todo = [j for j, state in zip(planned, states(), strict=True) if state in (*OPEN, "running")]
    launch(search.launcher, search.directory, todo, list(search.jobs), wait=settings.wait)
    if set(states()) != {"done"}:
        left = [job.name for job, state in zip(planned, states(), strict=True) if state != "done"]
        LOG.error(f"not all finals ended well: see {', '.join(left)} in {search.directory}")
        raise SystemExit(3 if "running" in states() else 1)
    scores = [read_result(search.directory / job.name).validation for job in planned]
    ended = map(Final, held, [job.name for job in planned], scores)
    return sorted(ended, key=lambda final: -final.validation)


def _ranked(search: Search) -> list[FrozenTrial]:
    """Trials that ended well, the best first; one of those with equal values."""
    done = search.study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    first: dict[str, FrozenTrial] = {}
    for trial in sorted(done, key=lambda trial: -(trial.value or 0.0)):
        first.setdefault(trial.user_attrs[JOB], trial)
    return list(first.values())

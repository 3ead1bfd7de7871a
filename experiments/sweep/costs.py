"""What the jobs that are left will cost, from those that are done, and in which order they go."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TypeVar

from longnn.runs.directory import RESULT, parsed
from longnn.runs.kinds import is_number

Kind = tuple[str, ...]
"""Overrides of jobs that take about as long: they differ in traced numbers alone."""

_T = TypeVar("_T")

_TRACED = re.compile(r"seed=.*|[^=]*=[-+]?(\d+\.\d*|\.\d+|\d+(\.\d*)?[eE][-+]?\d+)")


def kind_of(overrides: Iterable[str]) -> Kind:
    """The kind of a job.

    Args:
        overrides: of the job.

    Example:
        >>> kind_of(["dataset=cora", "model.alpha=0.5", "model.order=10", "seed=3"])
        ('dataset=cora', 'model.order=10')
    """
    return tuple(sorted(one for one in overrides if not _TRACED.fullmatch(one)))


class Costs:
    """Seconds that a job of each kind took, in the mean.

    Args:
        directory: of the sweep.
        jobs: name of each job's directory -> its overrides.
    """

    def __init__(self, directory: Path, jobs: Mapping[str, Iterable[str]]):
        taken: dict[Kind, list[float]] = defaultdict(list)
        for name, overrides in jobs.items():
            seconds = _seconds(directory / name)
            if seconds is not None:
                taken[kind_of(overrides)].append(seconds)
        self._mean = {kind: fmean(seconds) for kind, seconds in taken.items()}
        every = [one for seconds in taken.values() for one in seconds]
        self._of_any = fmean(every) if every else None

    def of(self, overrides: Iterable[str]) -> float | None:
        """Seconds to expect: of its kind where one has ended, else of any job; None: unknown."""
        return self._mean.get(kind_of(overrides), self._of_any)

    def to_come(self, jobs: Iterable[Iterable[str]]) -> float | None:
        """Seconds that one worker would take for jobs; None where nothing is known of one.

        Args:
            jobs: overrides of each.
        """
        seconds = [self.of(overrides) for overrides in jobs]
        known = [one for one in seconds if one is not None]
        return sum(known) if len(known) == len(seconds) else None

    def in_order(
        self,
        jobs: Sequence[_T],
        overrides_of: Callable[[_T], Sequence[str]],
        restarts_of: Callable[[_T], int],
    ) -> list[_T]:
        """The jobs that are left, so that kills cost least and workers end together.

        What was killed goes last, since it may kill its process again. Of the others the dearest
        kinds go first, and jobs of one kind stay together, whose program is then compiled once.

        Args:
            jobs: of any type.
            overrides_of: gives those of a job.
            restarts_of: gives how often a job was killed in a row.
        """

        def key(job: _T) -> tuple[int, float, Kind]:
            overrides = overrides_of(job)
            cost = self.of(overrides)
            if cost is None:  # nothing is known yet: the order in which they were given
                return restarts_of(job), 0.0, ()
            return restarts_of(job), -cost, kind_of(overrides)

        return sorted(jobs, key=key)


def _seconds(directory: Path) -> float | None:
    content = parsed(directory / RESULT)
    seconds = content.get("seconds") if isinstance(content, dict) else None
    if not isinstance(seconds, dict):
        return None
    return sum(value for value in seconds.values() if is_number(value) and value >= 0)

"""The trials of a study, shared by any number of processes: each has a number and one owner.

A trial is claimed as a run is (:mod:`longnn.runs.attempts`): by a file that one process creates, in
``search-HASH-trials/0007``. What its process leaves when it is killed, another takes up.
"""

import logging
from pathlib import Path
from typing import NamedTuple

import optuna
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from longnn.runs import attempts
from longnn.runs.attempts import Attempt

from .claims import JOB, claim_folder, claims_of
from .sampling import decided, sampler_of, suggest
from .search_settings import SearchSettings
from .space import Space
from .storage import is_outage

LOG = logging.getLogger(__name__)

NUMBER = "number"
"""Attribute of a trial: its number among those that were asked for, from 0 on."""


class Held(NamedTuple):
    """A trial that this process works on.

    Attributes:
        number: of the trial among those that were asked for.
        claim: the attempt at it.
        trial: with its values.
    """

    number: int
    claim: Attempt
    trial: Trial


class Trials:
    """The trials of one study, as this process sees them."""

    def __init__(
        self,
        study: optuna.Study,
        storage: BaseStorage,
        directory: Path,
        space: Space,
        settings: SearchSettings,
        name: str,
    ):
        self._study, self._storage, self._directory = study, storage, directory
        self._space, self._settings = space, settings
        self._folder = claims_of(directory, name)
        self._left: set[int] = set()
        self._settled: set[int] = set()

    def claimed(self, wanted: int) -> list[Held]:
        """Takes up to a batch of the first `wanted` trials that are open and that nobody works on.

        Those that a killed process left are completed before new ones are drawn.
        """
        claims: dict[int, Attempt] = {}
        before = self._by_number()
        numbers = [n for n in range(wanted) if self._is_open(before.get(n)) and n not in self._left]
        for number in sorted(numbers, key=lambda n: n not in before):
            if len(claims) == self._settings.batch:
                break
            claim = attempts.begin(self._of(number))
            if claim is not None:
                claims[number] = claim
        held = []
        now = self._by_number()  # another may have ended one of them before it was claimed
        for number, claim in sorted(claims.items()):
            if self._is_open(now.get(number)):
                held.append(Held(number, claim, self._trial(number, now.get(number))))
            else:
                self._settle(number, now[number], claim)
        return held

    def unfinished(self, wanted: int) -> int:
        """How many of the first `wanted` trials others may still complete."""
        known = self._by_number()
        ended = {n for n in range(wanted) if n in known and known[n].state.is_finished()}
        # of a process that was killed before it noted it, or of an earlier version
        for number in ended - self._settled:
            before = attempts.newest(self._of(number))
            if before is None or before.content["status"] != "done":
                claim = attempts.begin(self._of(number))
                if claim is not None:
                    self._settle(number, known[number], claim)
            else:
                self._settled.add(number)
        return len(set(range(wanted)) - ended - self._left)

    def tell(self, held: Held, state: TrialState, value: float | None = None) -> None:
        """Ends a trial that this process owns; one that another took over is left to it."""
        if not attempts.owned(held.claim):
            LOG.warning(f"trial {held.number} was taken over by another process")
            attempts.end(held.claim, "superseded")
            return
        try:
            self._study.tell(held.trial, value, state=state, skip_if_finished=True)
        except UpdateFinishedTrialError:
            LOG.warning(f"trial {held.number} was ended by another process")
        attempts.end(held.claim, "done", **{JOB: held.trial.user_attrs[JOB]})

    def release(self, held: Held, *, leave: bool) -> None:
        """Gives a trial back that has not ended.

        Args:
            held: the trial.
            leave: whether this process shall not take it again.
        """
        attempts.end(held.claim, "stopped")
        if leave:
            self._left.add(held.number)

    def _settle(self, number: int, trial: FrozenTrial, claim: Attempt) -> None:
        """Notes that a trial has ended, or that others work on its job."""
        if trial.state.is_finished():
            attempts.end(claim, "done", **{JOB: trial.user_attrs.get(JOB, "")})
            self._settled.add(number)
        else:
            attempts.end(claim, "stopped")

    def _of(self, number: int) -> Path:
        return claim_folder(self._folder, number)

    def _by_number(self) -> dict[int, FrozenTrial]:
        """The trials that were begun; those of earlier versions have the study's numbers."""
        known = self._study.get_trials(deepcopy=False)
        return {trial.user_attrs.get(NUMBER, trial.number): trial for trial in known}

    def _is_open(self, trial: FrozenTrial | None) -> bool:
        """Whether it can be worked on: not where a job of equal values is under way."""
        if trial is None:
            return True
        job = trial.user_attrs.get(JOB)
        running = job is not None and attempts.status(self._directory / job) == "running"
        return not trial.state.is_finished() and not running

    def _trial(self, number: int, known: FrozenTrial | None) -> Trial:
        settings = self._settings
        self._study.sampler = sampler_of(settings.sampler, settings.seed, number)
        if known is None:
            attributes = {NUMBER: number}
            fixed = decided(settings.sampler, self._space, settings.seed, number)
            template = optuna.create_trial(
                state=TrialState.RUNNING,
                user_attrs=attributes,
                system_attrs={"fixed_params": fixed} if fixed else {},
            )
            identity = self._created(number, template)
        else:
            identity = known._trial_id
        trial = Trial(self._study, identity)
        suggest(trial, self._space)
        return trial

    def _created(self, number: int, template: FrozenTrial) -> int:
        while True:
            try:
                return self._storage.create_new_trial(self._study._study_id, template)
            except (StorageInternalError, SQLAlchemyError) as error:
                if not is_outage(error):
                    raise
                made = self._by_number().get(number)  # asked for patiently
                if made is not None:  # only the answer was lost
                    return made._trial_id

"""Searches by several processes, and what their study holds at the end."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from .engine import until
from .held import GO
from .sweeps import LONGEST, Command, Outcome, starts, statuses

SPACE = (
    *("-m", "sweep=optuna", "model=mlp", "dataset.nodes=60", "dataset.features=8", "split.count=2"),
    *("hydra.sweeper.splits=2", "optim.max_epochs=20", "chunk=10", "hydra.sweeper.batch=4"),
    *("optim.groups.mlp.lr=tag(log,interval(0.001,0.1))", "model.dropout=interval(0,0.8)"),
)


class Searches:
    """Processes of one search, whose trials wait for :meth:`release`.

    Args:
        directory: of the sweep.
        storage: as of ``hydra.sweeper.storage``.
        environment: of the processes.
        processes: how many.
        trials: how many the study shall hold.
    """

    def __init__(
        self,
        directory: Path,
        storage: str,
        environment: Mapping[str, str],
        processes: int,
        trials: int,
    ):
        self.directory, self.storage, self.trials = directory, storage, trials
        self.marks = directory.parent / f"{directory.name}-marks"
        self.marks.mkdir()
        overrides = [*SPACE, f"hydra.sweep.dir={directory}", f"hydra.sweeper.trials={trials}"]
        overrides += [f"hydra.sweeper.storage='{storage}'"]
        overrides += [f"compilation_cache={directory.parent / 'compiled'}"]
        overrides += ["dataset._target_=tests.engines.held.generate"]
        overrides += [f"+dataset.marks={self.marks}"]
        logs = [directory.parent / f"{directory.name}-said-{n}" for n in range(processes)]
        self.commands = [Command(environment, log, *overrides) for log in logs]

    def done(self) -> int:
        """How many trials have a result."""
        return len(list(self.directory.glob("*/result.json")))

    def release(self) -> None:
        """Lets all trials go on."""
        (self.marks / GO).touch()

    def wait_for_trials(self) -> None:
        """Waits until every process has trials under way."""
        wanted = {command.process.pid for command in self.commands}
        until(
            lambda: {one.pid for one in starts(self.marks).get(0, [])} == wanted, LONGEST, self.said
        )

    def said(self) -> str:
        """What all processes have written."""
        return "\n".join(command.said() for command in self.commands)

    def close(self) -> None:
        """Ends them, also where their test has failed."""
        for command in self.commands:
            command.kill()

    def outcome(self, commands: Sequence[Command]) -> Outcome:
        """Waits for the end of these commands and looks at every trial of the study."""
        code = max(command.ended() for command in commands)
        trials = trials_of(self.directory, self.storage)
        complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
        drawn = len({tuple(trial.params.values()) for trial in complete})
        twice = len(trials) - len({trial.user_attrs["number"] for trial in trials})
        runs = [file.parent for file in self.directory.glob("*/result.json")]
        twice += len(complete) - drawn + sum("done" in statuses(run)[:-1] for run in runs)
        return Outcome(len(complete), twice, self.trials - len(complete), code)


def trials_of(directory: Path, storage: str) -> list[FrozenTrial]:
    """The trials of the one study of a directory.

    Args:
        directory: of the sweep.
        storage: as of ``hydra.sweeper.storage``.
    """
    if storage == "journal":
        journal = JournalStorage(JournalFileBackend(str(directory / "study.log")))
        (study,) = journal.get_all_studies()
        return journal.get_all_trials(study._study_id)
    own = "" if storage == "sqlite" else (directory / "study-id").read_text().strip()
    url = f"sqlite:///{directory / 'study.db'}" if storage == "sqlite" else storage
    database = RDBStorage(url)
    try:
        (study,) = [s for s in database.get_all_studies() if s.study_name.endswith(own)]
        return database.get_all_trials(study._study_id)
    finally:
        database.remove_session()
        database.engine.dispose()

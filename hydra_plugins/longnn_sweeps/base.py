"""What the sweepers share, and what the launchers share."""

import sys
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class Base(Sweeper):
    """Keeps what Hydra gives, and makes the launcher."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Called by Hydra before ``sweep``."""
        self.hydra_context, self.config = hydra_context, config
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        """Runs the jobs; interrupted with Ctrl-C, it says how to go on."""
        assert self.config is not None
        try:
            return self.run(arguments)
        except KeyboardInterrupt:
            directory = self.config.hydra.sweep.dir
            print(f"\ninterrupted; go on: longnn sweep resume {directory}", file=sys.stderr)
            raise SystemExit(130) from None

    @abstractmethod
    def run(self, arguments: list[str]) -> Any:
        """Runs the jobs."""


class PlannedLauncher(Launcher):
    """Keeps what Hydra gives, and composes the jobs that Hydra's own sweepers hand over."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Called by Hydra before ``launch``."""
        self.hydra_context, self.config = hydra_context, config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Runs the jobs."""
        from longnn.experiments.sweep.plan import planned_jobs

        loader = self.hydra_context.config_loader
        return self.launch_planned(planned_jobs(loader, self.config, job_overrides))

    @abstractmethod
    def launch_planned(self, planned: Sequence[Any]) -> Sequence[JobReturn]:
        """The same for jobs that a sweeper of ours has composed already."""

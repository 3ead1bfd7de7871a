"""``hydra/launcher=vmap``: jobs that differ in traced values train as one batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


@dataclass
class VmapConfig:
    """Settings of the launcher."""

    _target_: str = "hydra_plugins.longnn_sweeps.vmap.VmapLauncher"


ConfigStore.instance().store(
    group="hydra/launcher", name="vmap", node=VmapConfig, provider="longnn"
)


class VmapLauncher(Launcher):
    """Hands over to :mod:`longnn.experiments.sweep.together`.

    Attributes:
        prune: told (run directory, epoch, mean best validation score in percent) between chunks;
            True gives the job up. A sweeper may set it.
    """

    prune: Any = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keeps what Hydra gives."""
        self._context, self._config = hydra_context, config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Runs the jobs."""
        from longnn.experiments.sweep import together

        return together.launch(self._context, self._config, job_overrides, self.prune)

    def launch_planned(self, planned: Sequence[Any]) -> Sequence[JobReturn]:
        """The same for jobs that a sweeper of ours has composed already."""
        from longnn.experiments.sweep import together

        return together.launch_planned(self._config, planned, self.prune)

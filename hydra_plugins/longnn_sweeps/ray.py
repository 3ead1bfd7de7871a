"""``hydra/launcher=ray``: batches of jobs as tasks of a Ray cluster, or of one on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn

from hydra_plugins.longnn_sweeps.base import PlannedLauncher


@dataclass
class RayConfig:
    """Settings of the launcher, ``hydra.launcher.*`` on the command line.

    Attributes:
        address: of a cluster, HOST:PORT, or "auto" on one of its nodes; None: one is started on
            this machine and ended with the command.
        num_cpus: processors that a task takes.
        num_gpus: GPUs that a task takes, or a part of one.
        batch: number of jobs of one program that a task trains together, as the launcher vmap does;
            1: each alone, bit by bit as the launcher basic.
    """

    _target_: str = "hydra_plugins.longnn_sweeps.ray.RayLauncher"
    address: str | None = None
    num_cpus: float = 1.0
    num_gpus: float = 0.0
    batch: int = 20


ConfigStore.instance().store(group="hydra/launcher", name="ray", node=RayConfig, provider="longnn")


class RayLauncher(PlannedLauncher):
    """Hands over to :mod:`longnn.experiments.sweep.on_ray`."""

    def __init__(self, **settings: Any):
        self._settings = settings

    def launch_planned(self, planned: Sequence[Any]) -> Sequence[JobReturn]:
        """The same for jobs that a sweeper of ours has composed already."""
        from longnn.experiments.sweep import on_ray

        return on_ray.launch_planned(planned, on_ray.Settings(**self._settings))

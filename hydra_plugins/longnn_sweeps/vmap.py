"""``hydra/launcher=vmap``: jobs that differ in traced values train as one batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn

from hydra_plugins.longnn_sweeps.base import PlannedLauncher


@dataclass
class VmapConfig:
    """Settings of the launcher."""

    _target_: str = "hydra_plugins.longnn_sweeps.vmap.VmapLauncher"


ConfigStore.instance().store(
    group="hydra/launcher", name="vmap", node=VmapConfig, provider="longnn"
)


class VmapLauncher(PlannedLauncher):
    """Hands over to :mod:`longnn.experiments.sweep.together`.

    Attributes:
        prune: told (run directory, epoch, mean best validation score in percent) between chunks;
            True gives the job up. A sweeper may set it.
    """

    prune: Any = None

    def launch_planned(self, planned: Sequence[Any]) -> Sequence[JobReturn]:
        """The same for jobs that a sweeper of ours has composed already."""
        from longnn.experiments.sweep import together

        return together.launch_planned(self.config, planned, self.prune)

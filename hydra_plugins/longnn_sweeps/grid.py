"""``hydra/sweeper=grid``, the default: every combination, resumable."""

from dataclasses import dataclass
from typing import Any

from hydra.core.config_store import ConfigStore

from hydra_plugins.longnn_sweeps.base import Base


@dataclass
class GridConfig:
    """Settings of the sweeper."""

    _target_: str = "hydra_plugins.longnn_sweeps.grid.GridSweeper"
    retry_failed: bool = True


ConfigStore.instance().store(group="hydra/sweeper", name="grid", node=GridConfig, provider="longnn")


class GridSweeper(Base):
    """Hands over to :mod:`longnn.experiments.sweep.grid`."""

    def __init__(self, retry_failed: bool):
        self._retry_failed = retry_failed

    def sweep(self, arguments: list[str]) -> Any:
        """Runs the jobs."""
        from longnn.experiments.sweep import grid

        assert self.hydra_context is not None
        assert self.config is not None
        return grid.sweep(
            self.hydra_context,
            self.config,
            self._launcher,
            arguments,
            retry_failed=self._retry_failed,
        )

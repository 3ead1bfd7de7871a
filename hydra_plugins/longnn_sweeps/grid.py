"""``hydra/sweeper=grid``, the default: every combination, resumable."""

from dataclasses import dataclass, field
from typing import Any, cast

from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf

from hydra_plugins.longnn_sweeps.base import Base


@dataclass
class GridConfig:
    """Settings of the sweeper, ``hydra.sweeper.*`` on the command line.

    Attributes:
        params: key -> its values, for a sweep that is written in a config file.
        retry_failed: whether jobs that failed before are tried again.
        wait: whether to wait for jobs that other processes work on, and to take over those that are
            killed; false: the command ends with exit code 3 while others work.
    """

    _target_: str = "hydra_plugins.longnn_sweeps.grid.GridSweeper"
    params: dict[str, Any] = field(default_factory=dict)
    retry_failed: bool = True
    wait: bool = True


ConfigStore.instance().store(group="hydra/sweeper", name="grid", node=GridConfig, provider="longnn")


class GridSweeper(Base):
    """Hands over to :mod:`longnn.experiments.sweep.grid`."""

    def __init__(self, params: DictConfig, retry_failed: bool, wait: bool):
        self._params, self._retry_failed, self._wait = params, retry_failed, wait

    def run(self, arguments: list[str]) -> Any:
        """Runs the jobs."""
        from longnn.experiments.sweep import grid

        assert self.hydra_context is not None
        assert self.config is not None
        return grid.sweep(
            self.hydra_context,
            self.config,
            self._launcher,
            arguments,
            params=cast(dict[str, object], OmegaConf.to_container(self._params, resolve=True)),
            retry_failed=self._retry_failed,
            wait=self._wait,
        )

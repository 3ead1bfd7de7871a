"""``hydra/sweeper=optuna``: a search, resumable, in batches that a launcher trains together."""

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from hydra.core.config_store import ConfigStore
from longnn.experiments.sweep.search_settings import SearchSettings
from omegaconf import OmegaConf

from hydra_plugins.longnn_sweeps.base import Base


@dataclass
class OptunaConfig(SearchSettings):
    """Settings of the search, and the class that they are handed to."""

    _target_: str = "hydra_plugins.longnn_sweeps.optuna.OptunaSweeper"
    retry_failed: bool = False


ConfigStore.instance().store(
    group="hydra/sweeper", name="optuna", node=OptunaConfig, provider="longnn"
)


class OptunaSweeper(Base):
    """Hands over to :mod:`longnn.experiments.sweep.search`."""

    def __init__(self, retry_failed: bool, **settings: Any):
        self._settings = settings

    def run(self, arguments: list[str]) -> Any:
        """Runs the trials."""
        if find_spec("optuna") is None:
            print('error: a search needs Optuna: pip install "longnn[sweep]"', file=sys.stderr)
            raise SystemExit(2)
        from longnn.experiments.sweep import search

        assert self.hydra_context is not None
        assert self.config is not None
        settings: Any = OmegaConf.to_container(OmegaConf.create(self._settings), resolve=True)
        return search.sweep(
            self.hydra_context, self.config, self._launcher, arguments, SearchSettings(**settings)
        )

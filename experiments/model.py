"""From a config to a model and its settings."""

from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from longnn import configured


def model_of(config: DictConfig) -> tuple[Any, configured.Settings]:
    """:func:`longnn.configured.model_of` of a ``model`` config."""
    return configured.model_of(cast(dict, OmegaConf.to_container(config, resolve=True)))

"""What makes two runs the same run; imports no jax."""

import hashlib
import json
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

SCHEMA = 1
"""Version of the layout of a run directory."""

PARTS = ("dataset", "model", "split", "optim", "seed", "repeats")
"""Config keys that decide a result; backend, logger, figures and paths do not."""


def settings(config: DictConfig) -> dict[str, Any]:
    """The resolved values that decide a result; a file counts by its content, not its path."""
    parts = {key: OmegaConf.to_container(config[key], resolve=True)
             if OmegaConf.is_config(config[key]) else config[key] for key in PARTS}  # fmt: skip
    return _by_content(parts)


def run_name(config: DictConfig) -> str:
    """dataset_model_split-HASH, the name of a run directory."""
    choices = config.hydra.runtime.choices
    digest = hash_of({"settings": settings(config), "schema": SCHEMA})[:8]
    return f"{config.dataset.name}_{choices.model}_{choices.split}-{digest}"


def hash_of(value: Any) -> str:
    """sha256 hex of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _by_content(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _digest(v) if k == "path" else _by_content(v) for k, v in value.items()}
    return value


def _digest(path: Any) -> Any:
    file = Path(str(path)).expanduser()
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else path

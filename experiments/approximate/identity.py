"""What makes two fits the same fit. This file imports no jax."""

import re
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from longnn.data.registry import registered_files

from ..config.identity import by_content, dataset_files, digest, hash_of, plain, with_code

SCHEMA = 1
"""The version of the layout of a fit's directory."""

IMAGES = "image-filters/2Dgrid.mat"

OUTSIDE = ("cache", "force", "figures", "split", "hydra")
"""The keys of the config that decide no number."""


def fit_name(config: DictConfig) -> str:
    """Returns the name of a fit's directory, DATA_FILTER_BASIS_SOLVER-HASH."""
    filters = filters_of(config)
    what = filters[0] if len(filters) == 1 else "all" if config.filter == "all" else "several"
    word = re.sub(r"\W+", "-", Path(what).stem if what.endswith(".npy") else what).strip("-")[:30]
    parts = (data_name(config), word, config.basis, config.solver)
    return f"{'_'.join(map(str, parts))}-{identity_of(config)[:8]}"


def data_name(config: DictConfig) -> str:
    """Returns the dataset's name, or "images"."""
    return "images" if config.get("dataset") is None else str(config.dataset.name)


def filters_of(config: DictConfig) -> list[str]:
    """Returns the filters asked for, as text."""
    named = config.filter
    if OmegaConf.is_list(named):
        return [str(one) for one in named]
    return [str(named)]


def identity_of(config: DictConfig) -> str:
    """Returns the hash of the settings that decide a fit; files count by their content, and so does
    code of the user's own.
    """
    settings: dict[str, Any] = {
        str(key): plain(config[key]) for key in config if key not in OUTSIDE
    }
    settings |= with_code(settings)
    known = registered_files()
    names = dataset_files(settings["dataset"] or {}) if "dataset" in settings else [IMAGES]
    files = {name: known[name].digest for name in names}
    own = {name: digest(name) for name in filters_of(config) if name.endswith(".npy")}
    return hash_of({"settings": by_content(settings), "files": files, "own": own, "schema": SCHEMA})

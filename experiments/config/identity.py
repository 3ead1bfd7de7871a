"""What makes two runs the same run; imports no jax."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from longnn.data.catalogue import entries
from longnn.data.errors import DataFileError
from longnn.data.limits import named_file
from longnn.data.registry import registered_files
from longnn.runs.directory import SCHEMA
from longnn.runs.sources import code_of

from .checked import check_missing

PARTS = ("dataset", "graph", "model", "split", "optim", "seed", "repeats", "precision", "dtype")
"""Config keys that decide a result; backend, logger, figures and paths do not."""

LATER: tuple[tuple[str, str, Any], ...] = (
    ("", "precision", "full"),
    ("", "dtype", "float32"),
    ("graph", "order", "given"),
    ("graph", "operator", "symmetric"),
    ("graph", "charge", 0.25),
    ("dataset", "directed", False),
    ("split", "ignore", []),
    ("split", "count", None),
    ("optim", "patience_counts", "below"),
    ("optim", "stop", "val"),
    ("optim", "clip", None),
    ("optim", "ema", None),
    ("optim", "class_weights", None),
    ("optim", "label_smoothing", 0.0),
    ("optim", "loss", None),
    ("optim", "transformation", None),
    ("optim", "schedule", {"name": "constant"}),
    ("model", "placement", "layers"),
    ("model", "norm", "none"),
    ("model", "norm_position", "after"),
    ("model", "residual", "none"),
    ("model", "residual_weight", 0.1),
    ("model", "input_layer", False),
    ("model", "feed_forward", 0),
    ("model", "activation", "relu"),
    ("model", "jumping", "last"),
    ("model", "shared_basis", False),
    ("model", "own_basis", False),
)
"""Settings that came later: group, key, and the value that stands for what was always done."""

PATHS = ("path", "edges", "features", "labels")
"""Keys whose values may be files."""


def settings(config: DictConfig) -> dict[str, Any]:
    """The resolved values that decide a result; a file counts by its content, not its path.

    Code of the user's own counts by its source (:mod:`longnn.runs.sources`). Values of settings
    that came later are left out where they are what was always done, so that a run keeps its name.
    """
    values = {key: plain(config[key]) for key in PARTS}
    values |= with_code(values)
    ours = str(values["model"].get("_target_", "")).startswith("longnn.")
    for part, name, before in LATER:
        if part == "model" and not ours:  # a class of the user's own, which has its own defaults
            continue
        holder = values[part] if part else values
        if name in holder and holder[name] == before:
            del holder[name]
    return by_content(values)


def plain(value: Any) -> Any:
    """A config's node as plain values; everything else as it is."""
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value


def with_code(values: dict[str, Any]) -> dict[str, Any]:
    """The entry "code" where values name code of the user's own; otherwise none.

    Args:
        values: plain values of a config.
    """
    own_loss = values.get("optim", {}).get("loss")
    code = code_of([values, {} if own_loss is None else {"_target_": own_loss}])
    return {"code": code} if code else {}


def run_name(config: DictConfig) -> str:
    """The name of a run directory, from a config with Hydra's node."""
    return name_of(config, config.hydra.runtime.choices)


def name_of(config: DictConfig, choices: Mapping[str, str]) -> str:
    """dataset_model_split-HASH, given which files were chosen of each group.

    Raises:
        ValueError: if a value that has to be given is missing.
    """
    check_missing(config)
    digest = settings_hash(config)[:8]
    name = f"{config.dataset.name}_{choices['model']}_{choices['split']}-{digest}"
    return re.sub(r"[/\x00-\x1f\x7f]", "_", name)  # one folder, whatever a user calls a dataset


def settings_hash(config: DictConfig) -> str:
    """Of everything that is known of a run before its data are loaded.

    Splits are drawn from these settings and data, or read from a file that counts by its content.
    """
    known, decided = registered_files(), settings(config)
    pinned = {name: known[name].digest for name in dataset_files(decided["dataset"])}
    return hash_of({"settings": decided, "files": pinned, "schema": SCHEMA})


def dataset_files(node: Mapping[Any, Any]) -> tuple[str, ...]:
    """The registered files that a config's dataset is read from.

    Args:
        node: ``config.dataset``, plain values or not.

    Returns:
        Their names; none for a generated graph, or one of the user's.
    """
    entry = entries().get(str(node.get("name")))
    if entry is None:
        return ()
    loaders = ("longnn.data.load", f"longnn.data.{entry.loader}")
    return entry.files if node.get("_target_") in loaders else ()


def hash_of(value: Any) -> str:
    """sha256 hex of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def by_content(value: Any) -> Any:
    """A config's values, with a file's path replaced by the digest of its content."""
    if isinstance(value, dict):
        return {k: digest(v) if k in PATHS else by_content(v) for k, v in value.items()}
    return value


def digest(path: Any) -> Any:
    """sha256 of a file's content; what names none as it is."""
    if not isinstance(path, str):
        return path
    try:
        return hashlib.sha256(named_file(path, "").read_bytes()).hexdigest()
    except DataFileError:
        return path

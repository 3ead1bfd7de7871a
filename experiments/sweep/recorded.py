"""What a recorded sweep may not do unasked when it is resumed: it may be somebody else's."""

import os
from collections.abc import Sequence
from pathlib import Path

_LAUNCHER = (
    *("n_jobs", "batch", "num_cpus", "num_gpus", "timeout_min", "cpus_per_task", "gpus_per_node"),
    *(
        "mem_gb",
        "nodes",
        "tasks_per_node",
        "array_parallelism",
        "partition",
        "qos",
        "signal_delay_s",
    ),
)
_SWEEPER = (
    *("trials", "batch", "splits", "first_split_seed", "sampler", "pruner", "seed"),
    *("wait", "retry_failed"),
)
_PLAIN = (
    *("hydra/launcher", "hydra/sweeper", "hydra.mode", "hydra.verbose"),
    *(f"hydra.launcher.{key}" for key in _LAUNCHER),
    *(f"hydra.sweeper.{key}" for key in _SWEEPER),
    "hydra.sweep.dir",  # resume sets it to the directory itself
)
"""Settings of Hydra's that choose how much runs and when, not what, where or by whose code."""

_CHOICES = {
    "compilation_cache": ("auto", "null", "None"),  # it holds compiled programs
    "hydra.sweeper.storage": ("journal", "sqlite"),  # others are elsewhere
    "logger.mode": ("offline", "disabled"),
}
"""Settings that may have these values alone."""


def acting_word(command: Sequence[str]) -> str | None:
    """The first word of a recorded command that needs the user's word; None if there is none.

    Such a word could run code of any kind, read files of configs that are not ours, write outside
    of the sweep's directory, connect to other machines, or read the environment. A ``_target_`` of
    a model or dataset could not: which code that may name is judged where it is built.

    Args:
        command: arguments after ``longnn train``.
    """
    return next((word for word in command if _acts(word)), None)


def outward_link(directory: Path) -> Path | None:
    """The first link that leads out of a directory, along which a sweep would write elsewhere.

    What wandb keeps is left out: it links the log of its own process, and never writes there twice.

    Args:
        directory: of the sweeps, at any depth of which links are looked for.
    """
    inside = os.path.realpath(directory) + os.sep
    for folder, folders, files in os.walk(directory):
        for name in sorted((*folders, *files)):
            path = os.path.join(folder, name)
            if os.path.islink(path) and not os.path.realpath(path).startswith(inside):
                return Path(path)
        folders[:] = [name for name in folders if name != "wandb"]
    return None


def _acts(word: str) -> bool:
    if word.startswith("-"):
        return word not in ("-m", "--multirun")
    key, _, value = word.lstrip("+~").partition("=")
    key, value = key.strip(), value.strip()
    if key in _CHOICES:
        return value not in _CHOICES[key]
    if key in _PLAIN:
        return "{" in value or "$" in value
    chosen = "." not in key  # an option of a group is a file, perhaps along a path
    elsewhere = chosen and (".." in value or value.startswith(("/", "~")))
    return key.startswith("hydra") or "/" in key or "@" in key or elsewhere or "${oc." in value

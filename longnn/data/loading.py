"""A dataset by its name."""

import inspect
from numbers import Integral, Real

import numpy as np

from longnn.data.catalogue import entry_of, function_of
from longnn.data.dataset import Dataset
from longnn.data.errors import unknown

KINDS: dict[object, tuple[type | tuple[type, ...], str]] = {
    bool: ((bool, np.bool_), "True or False"),
    int: (Integral, "a whole number"),
    float: (Real, "a number"),
    str: (str, "a word"),
}
"""The annotation of a setting -> what values it takes, and what a message calls them."""


def load(name: str, **settings: object) -> Dataset:
    """Loads a dataset by its name; the files of an upstream one are downloaded on first use.

    With the environment variable LONGNN_DATA_DIR set, files are read from that folder and the
    network is not used.

    Args:
        name: one of `longnn.data.names`, for instance "cora", or "csbm" for a generated graph.
        settings: arguments of the dataset's own function in place of its defaults, for instance
            ``nodes=500`` of `longnn.data.csbm.generate`, or ``normalize="none"``.

    Raises:
        ValueError: if the name or a setting is unknown (the message gives the nearest), or a value
            is of another kind or out of its range.
        DataFileError: if a file is missing, altered or cannot be fetched.

    Example:
        >>> load("csbm", nodes=500, phi=0.5).graph.num_nodes
        500
    """
    entry = entry_of(name)
    make = function_of(entry)
    known = {k: v for k, v in inspect.signature(make).parameters.items() if k != "name"}
    for setting, value in settings.items():
        if setting not in known:
            raise unknown(f"setting of dataset {name!r}:", setting, list(known))
        _check_kind(name, known[setting], value)
    metric = {} if entry.metric is None else {"metric": entry.metric}
    return make(**{"name": name, **metric, **entry.arguments, **settings})


def _check_kind(dataset: str, setting: inspect.Parameter, value: object) -> None:
    """Raises a ValueError where a plain setting gets a value of another kind."""
    taken, words = KINDS.get(setting.annotation, (object, ""))
    if not isinstance(value, taken) or (setting.annotation is not bool and isinstance(value, bool)):
        raise ValueError(
            f"the setting {setting.name} of dataset {dataset!r} must be {words}, got {value!r}; "
            f"its default is {setting.default!r}"
        )

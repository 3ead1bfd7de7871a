"""A dataset by its name."""

import inspect
from collections.abc import Callable
from importlib import import_module

from longnn.data.catalogue import Entry, entry_of
from longnn.data.dataset import Dataset
from longnn.data.errors import unknown


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
            is out of its range.
        DataFileError: if a file is missing, altered or cannot be fetched.

    Example:
        >>> load("csbm", nodes=500, phi=0.5).graph.num_nodes
        500
    """
    entry = entry_of(name)
    make = function_of(entry)
    known = [parameter for parameter in inspect.signature(make).parameters if parameter != "name"]
    for setting in settings:
        if setting not in known:
            raise unknown(f"setting of dataset {name!r}:", setting, known)
    metric = {} if entry.metric is None else {"metric": entry.metric}
    return make(**{"name": name, **metric, **entry.arguments, **settings})


def function_of(entry: Entry) -> Callable[..., Dataset]:
    """The function that makes a dataset, imported."""
    module, _, function = entry.loader.partition(".")
    return getattr(import_module(f"longnn.data.{module}"), function)

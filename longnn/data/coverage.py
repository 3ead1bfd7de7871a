"""Whether every part of every split holds every class."""

import warnings

import numpy as np

from longnn.data.dataset import Dataset
from longnn.data.errors import MissingClassWarning
from longnn.data.partition import PARTS, Splits


def covering(dataset: Dataset, splits: Splits) -> Splits:
    """Gives the splits back, after a `MissingClassWarning` where a part lacks a class.

    The warning names the classes, and in how many of the splits each is missing.

    Args:
        dataset: the N nodes and their labels; real values have no classes to look for.
        splits: S splits of these nodes.
    """
    lacking = [] if dataset.regression else _lacking(dataset, splits)
    if lacking:
        warnings.warn(
            f"splits {splits.protocol!r} of {dataset.name!r}: {'; '.join(lacking)}; scores say "
            "nothing about a class that is not tested",
            MissingClassWarning,
            stacklevel=4,
        )
    return splits


def _lacking(dataset: Dataset, splits: Splits) -> list[str]:
    """One sentence for each part and class that do not meet."""
    holders = [dataset.with_label(label) for label in range(dataset.classes)]
    sizes = [int(nodes.sum()) for nodes in holders]
    found = []
    for name, number in PARTS.items():
        nodes = splits.part == number
        for label in np.flatnonzero(sizes):
            present = (nodes & holders[label]).any(axis=1)
            if not present.all():
                found.append(
                    f"{name} lacks class {dataset.class_names[label]} ({sizes[label]} nodes) in "
                    f"{(~present).sum()} of {len(present)}"
                )
    return found

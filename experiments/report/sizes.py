"""How many nodes a split of a run trains and tests on, which the corrected t test asks for."""

from typing import NamedTuple

import numpy as np

from longnn.data.partition import TEST, TRAIN
from longnn.runs.directory import PREDICTIONS, RunDirectoryError
from longnn.runs.npz import check_size, opened
from longnn.runs.result import Result


class Sizes(NamedTuple):
    """The parts of a split.

    Attributes:
        train: the number of training nodes, mean over the splits.
        test: the number of test nodes, likewise.
    """

    train: float
    test: float


def sizes_of(run: Result) -> Sizes | None:
    """The sizes of a run's parts, from the splits beside its predictions.

    Args:
        run: in its directory.

    Returns:
        The sizes; None where the directory does not have them, as for a record.
    """
    file = run.directory / PREDICTIONS
    try:
        with opened(file) as stored:
            check_size(file, stored.headers)
            part = stored.read("part")
    except RunDirectoryError:
        return None
    train, test = (np.count_nonzero(part == number) / len(part) for number in (TRAIN, TEST))
    return Sizes(train, test) if train else None

"""The random seeds that training is asked for."""

from collections.abc import Sequence

import numpy as np

from longnn.graphs.checks import is_whole
from longnn.training.ranges import check_setting


def seeds_of(given: int | np.integer | Sequence[int]) -> Sequence[int]:
    """The random seeds that are meant: a number n >= 1 stands for 0, 1, ..., n - 1.

    Args:
        given: how many seeds, or these.

    Raises:
        ValueError: for anything else than whole numbers in [0, 2**31), or if there is no seed.

    Example:
        >>> list(seeds_of(3)), seeds_of((7, 8))
        ([0, 1, 2], (7, 8))
    """
    advice = "seeds=3 means the seeds 0, 1 and 2, seeds=(7, 8) these two"
    if is_whole(given):
        if given < 1:
            raise ValueError(
                f"seeds must be at least 1 as a number of seeds, got {given}; {advice}"
            )
        return range(given)
    one_word = isinstance(given, str)
    if one_word or not isinstance(given, Sequence | np.ndarray) or not all(map(is_whole, given)):
        raise ValueError(
            f"seeds must be a whole number or a sequence of whole numbers, got {given!r}; {advice}"
        )
    if len(given) == 0:
        raise ValueError(f"seeds is empty; give at least one: {advice}")
    for seed in given:
        check_setting("seed", seed)
    return given

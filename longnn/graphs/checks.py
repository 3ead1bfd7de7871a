"""Checks of settings that every room uses: a word of a list, a count, a number in an interval."""

from typing import Literal, TypeGuard, get_args

import jax
import numpy as np
from jax.typing import ArrayLike

Bounds = Literal["()", "[)", "[]"]
"""Brackets of an interval; a square bracket includes its end."""


def check_word(name: str, value: object, words: object) -> None:
    """Raises a ValueError unless the value is one of the words of a ``Literal``.

    Args:
        name: what the word sets, for the message.
        value: the word that came.
        words: a ``Literal``, or a union of them.

    Example:
        >>> check_word("scale", "monic", Literal["monic", "standard"])
        >>> check_word("scale", "unit", Literal["monic", "standard"])
        Traceback (most recent call last):
        ...
        ValueError: unknown scale 'unit'; choose one of monic, standard
    """
    if value not in get_args(words):
        known = ", ".join(map(str, get_args(words)))
        raise ValueError(f"unknown {name} {value!r}; choose one of {known}")


def check_count(name: str, value: int) -> int:
    """Returns a whole number, or raises a ValueError unless it is an ``int`` of at least 1.

    Args:
        name: what is counted, for the message.
        value: the number that came.

    Example:
        >>> check_count("layers", 2)
        2
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be an integer >= 1, got {value!r}")
    return value


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a value is a whole number of Python or NumPy, and no truth value."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def check_range(name: str, value: ArrayLike, low: float, high: float, bounds: Bounds) -> None:
    """Raises a ValueError unless every concrete value lies between the bounds.

    Traced values cannot be checked and pass.

    Args:
        name: what the number sets, for the message.
        value: [...] the numbers that came.
        low, high: the ends of the interval.
        bounds: the brackets of the interval; an end beside a square bracket is allowed itself.

    Example:
        >>> check_range("dropout", 0.0, 0, 1, "[)")
        >>> check_range("dropout", 1.0, 0, 1, "[)")
        Traceback (most recent call last):
        ...
        ValueError: dropout must lie in [0, 1), got 1.0
    """
    if isinstance(value, jax.core.Tracer):
        return
    array = np.asarray(value)
    above = array >= low if bounds[0] == "[" else array > low
    below = array <= high if bounds[1] == "]" else array < high
    if not np.all(above & below):
        interval = f"{bounds[0]}{low:g}, {high:g}{bounds[1]}"
        raise ValueError(f"{name} must lie in {interval}, got {value}")

"""The responses that filters are fitted to: by name, by an expression, or from values."""

import difflib
import re

import numpy as np
from jaxtyping import Real

from longnn.fitting.expression import FUNCTIONS, Response, finite, parse


def _low_band(lam: np.ndarray) -> np.ndarray:
    middle = np.exp(-100 * (lam - 0.5) ** 2)
    return np.where(lam < 0.5, 1, np.where(lam < 1, middle, np.exp(-50 * (lam - 1.5) ** 2)))


RESPONSES: dict[str, Response] = {
    "low": lambda lam: np.exp(-10 * lam**2),
    "high": lambda lam: 1 - np.exp(-10 * lam**2),
    "band": lambda lam: np.exp(-10 * (lam - 1) ** 2),
    "rejection": lambda lam: 1 - np.exp(-10 * (lam - 1) ** 2),
    "comb": lambda lam: np.abs(np.sin(np.pi * lam)),
    "low_band": _low_band,
}
"""The six responses of the image experiment, of the eigenvalue lambda of L = I - S in [0, 2].

Source: He et al. (arXiv 2106.10994), section 4.1; low_band as in LON-GNN's code.
"""


def response(name: str) -> Response:
    """Returns a response by its name in :data:`RESPONSES`, or from an expression of ``lam``.

    Args:
        name: a name such as "band", or an expression such as "exp(-3*lam)", see
            :func:`longnn.fitting.parse`.

    Raises:
        ValueError: if the name is unknown, or the text is not arithmetic of lambda.

    Example:
        >>> response("low")(np.array([0.0, 2.0])).round(6).tolist()
        [1.0, 0.0]
    """
    if name in RESPONSES:
        return RESPONSES[name]
    if re.fullmatch(r"\w+", name) and not re.match(r"\d", name) and name not in _WORDS:
        near = difflib.get_close_matches(name, RESPONSES)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise ValueError(
            f"unknown filter {name!r}: {hint}There are {', '.join(RESPONSES)}, or an expression "
            "such as exp(-3*lam)"
        )
    return parse(name)


_WORDS = ("lam", "x", "pi", "e", *FUNCTIONS)


def interpolated(points: Real[np.ndarray, "..."]) -> Response:
    """Returns the piecewise linear response through given values.

    Args:
        points: [2, G] values of lambda, ascending from 0 or below to 2 or above, and of g(lambda).

    Raises:
        ValueError: if the shape is another, if lambda does not ascend or does not cover [0, 2], or
            if a value is not finite.
    """
    points = np.asarray(points, np.float64)
    if points.ndim != 2 or len(points) != 2 or points.shape[1] < 2:
        raise ValueError(f"values of a response must have shape [2, G], got {points.shape}")
    lam, values = points
    if not ((np.diff(lam) > 0).all() and lam[0] <= 0 and lam[-1] >= 2):
        raise ValueError(
            f"lambda, the first row, must ascend and cover [0, 2]; it goes from {lam[0]:g} to "
            f"{lam[-1]:g}" + ("" if (np.diff(lam) > 0).all() else ", not ascending")
        )
    finite(values, lam, "values")
    return lambda at: np.interp(at, lam, values)

"""Numbers rounded to 2^b evenly spaced levels, whose ends each tile of numbers has for itself."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Float32, Integer

BITS = (16, 8, 4, 2, 1)
"""Bits of a number that can be asked for."""

SHRINKS = (1.0, 0.4)
"""Parts of a tile's range that the search for the ends starts from."""

ROUNDS = 2
"""Steps of the search from each start."""

LARGEST = float(np.finfo(np.float32).max)


def rounded(
    values: Float[np.ndarray, "T n"], bits: int
) -> tuple[Integer[np.ndarray, "T n"], Float32[np.ndarray, "T 2"]]:
    """Rounds tiles of numbers to 2^bits levels each.

    The levels of a tile are low + (high - low) c / (2^bits - 1) for c = 0, 1, ... The ends are
    those among several that leave the least sum of squared errors: with 8 and 16 bits they enclose
    every value, so that the error is at most half of a step; with fewer they may leave out values
    that are far from the others, which get the nearest end. A tile of at most two distinct values
    is kept exactly.

    Args:
        values: [T, n] finite numbers in the range of float32, n >= 1.
        bits: one of `BITS`.

    Returns:
        (codes c [T, n], of 16 bits where ``bits`` is 16, else of 8; ends (low, high) [T, 2]).

    Example:
        >>> codes, ends = rounded(np.array([[0.0, 0.25, 0.25, 0.0]]), 1)
        >>> codes.tolist(), ends.tolist()
        ([[0, 1, 1, 0]], [[0.0, 0.25]])
    """
    values = np.ascontiguousarray(values, np.float64)  # sums depend on the order in memory
    top = (1 << bits) - 1
    least = np.full(len(values), np.inf)
    ends = np.empty((len(values), 2), np.float32)
    for low, high in _candidates(values, bits):
        tried = np.clip(np.stack([low, high], axis=1), -LARGEST, LARGEST).astype(np.float32)
        errors = ((values - _levels(_nearest(values, tried, top), tried, top)) ** 2).sum(axis=1)
        better = errors < least
        least, ends = np.where(better, errors, least), np.where(better[:, None], tried, ends)
    return _nearest(values, ends, top).astype(np.uint16 if bits == 16 else np.uint8), ends


def restored(
    codes: Integer[np.ndarray, "*shape"],
    low: Float32[np.ndarray, "..."],
    high: Float32[np.ndarray, "..."],
    bits: int,
) -> Float32[np.ndarray, "*shape"]:
    """The levels that codes stand for, in float32; both ends are exact.

    Args:
        codes: [...] of `rounded`.
        low, high: ends of the tile of each code, in a shape that broadcasts.
        bits: those of `rounded`.
    """
    part = codes.astype(np.float32)
    part /= np.float32((1 << bits) - 1)
    out = part * high
    np.subtract(np.float32(1), part, out=part)
    part *= low
    out += part
    return out


def _candidates(
    values: Float[np.ndarray, "T n"], bits: int
) -> Iterator[tuple[Float[np.ndarray, " T"], Float[np.ndarray, " T"]]]:
    """Ends to try: of the whole range first; with few bits, of parts of it, moved towards the least
    error."""
    top = (1 << bits) - 1
    least, most = values.min(axis=1), values.max(axis=1)
    if bits >= 8:
        yield least, most
        yield _with_zero(least, most, top)
        return
    for shrink in SHRINKS:
        starts = [(shrink * least, shrink * most)]
        if top > 1:
            starts.append(_with_zero(shrink * least, shrink * most, top))
        for low, high in starts:
            yield low, high
            for _ in range(ROUNDS):
                low, high = _fitted(values, low, high, top)
                yield low, high


def _with_zero(
    least: Float[np.ndarray, " T"], most: Float[np.ndarray, " T"], top: int
) -> tuple[Float[np.ndarray, " T"], Float[np.ndarray, " T"]]:
    """Ends around a range of which zero is a level, where they fit: many terms are zero."""
    low, high = np.minimum(least, 0), np.maximum(most, 0)
    inside = (low < 0) & (high > 0)
    step = (high - low) / np.where(inside, top - 1, top)
    below = np.where(inside, np.ceil(-low / np.where(step > 0, step, 1)), 0)
    below = np.where((high == 0) & (low < 0), top, below)
    return -below * step, (top - below) * step


def _fitted(
    values: Float[np.ndarray, "T n"],
    low: Float[np.ndarray, " T"],
    high: Float[np.ndarray, " T"],
    top: int,
) -> tuple[Float[np.ndarray, " T"], Float[np.ndarray, " T"]]:
    """The ends of least squares for the codes that these ends give (a step of Lloyd's method)."""
    codes = _nearest(values, np.stack([low, high], axis=1), top)
    mean, centre = codes.mean(axis=1), values.mean(axis=1)
    spread = (codes * codes).mean(axis=1) - mean**2
    there = spread > 1e-12 * top**2
    both = (codes * values).mean(axis=1) - mean * centre
    step = np.where(there, both / np.where(there, spread, 1), 0)
    return centre - step * mean, centre + step * (top - mean)


def _nearest(
    values: Float[np.ndarray, "T n"], ends: Float[np.ndarray, "T 2"], top: int
) -> Float[np.ndarray, "T n"]:
    """The number of the nearest level of each value."""
    low, high = ends.astype(np.float64).T
    wide = high > low
    scale = np.where(wide, top / np.where(wide, high - low, 1), 0)
    return np.clip(np.rint((values - low[:, None]) * scale[:, None]), 0, top)


def _levels(
    codes: Float[np.ndarray, "T n"], ends: Float[np.ndarray, "T 2"], top: int
) -> Float[np.ndarray, "T n"]:
    low, high = ends.astype(np.float64).T
    return low[:, None] + (high - low)[:, None] * (codes / top)

"""Which rows share a bucket, and where each row lies in it; on the host."""

import numpy as np


def buckets_of(length: np.ndarray, growth: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Returns for each bucket its offsets [w, 1] and its members, which are rows of like length."""
    width = _widths(length, growth)
    return [(np.arange(w)[:, None], np.flatnonzero(width == w)) for w in np.unique(width)]


def places_of(members: list[np.ndarray]) -> np.ndarray:
    """Returns the place of each row among the concatenated buckets."""
    order = np.concatenate(members)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place


def joined(
    pieces: np.ndarray, first: np.ndarray, place: np.ndarray, growth: int
) -> tuple[list[np.ndarray], np.ndarray]:
    """Returns ``parts`` and ``position`` of rows cut into ``pieces``, the first at ``first``."""
    cut = np.flatnonzero(pieces > 1)
    position = place[first]
    if not len(cut):
        return [], position
    buckets = buckets_of(pieces[cut], growth)
    parts = []
    for offset, member in buckets:
        real = offset < pieces[cut][member]
        part = np.full(real.shape, len(place))
        part[real] = place[(first[cut][member] + offset)[real]]
        parts.append(part)
    position[cut] = len(place) + places_of([member for _, member in buckets])
    return parts, position


def _widths(degree: np.ndarray, growth: int) -> np.ndarray:
    """Returns the smallest width 4 growth^i that holds each of the R rows."""
    steps = np.ceil(np.log(np.maximum(degree, 4) / 4) / np.log(growth) - 1e-9)
    return (4 * np.power(growth, steps.astype(int))).astype(int)

"""A random geometric graph, drawn strip by strip and written straight to the disk."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, Int32

from longnn.stores.building import Chunk, build
from longnn.stores.graph import StoredGraph

POINTS = 1 << 18
"""Points of a strip whose neighbours are looked for at once."""


def geometric(
    path: str | Path, nodes: int, mean_degree: float = 8.0, seed: int = 0, **options: Any
) -> StoredGraph:
    """Draws points of the unit square, uniformly, and joins those within a radius.

    The radius r is that of N pi r^2 = mean_degree; points near the border have fewer neighbours.
    Nodes are numbered by strips of width r, and in each from below, so that neighbours have near
    numbers. In memory are 32 bytes for each node, and what a strip takes.
    Source: Penrose, Random Geometric Graphs (2003), section 1.1.

    Args:
        path: folder to make.
        nodes: N >= 2.
        mean_degree: away from the border, > 0 and at most N / 2.
        seed: random seed; equal seeds give equal graphs.
        options: of `longnn.stores.build`, such as ``memory_gb``.

    Raises:
        ValueError: if an argument is out of its range, or no two points are that near.
        StoreError: as for `longnn.stores.build`.

    Example:
        >>> import tempfile
        >>> geometric(tempfile.mkdtemp() + "/points", 100, mean_degree=6.0)
        StoredGraph(100 nodes, 496 entries, unweighted)
    """
    if not (nodes >= 2 and 0 < mean_degree <= nodes / 2):
        raise ValueError(
            "a geometric graph needs nodes >= 2 and 0 < mean_degree <= nodes / 2, got "
            f"nodes={nodes}, mean_degree={mean_degree}"
        )
    radius = float(np.sqrt(mean_degree / (np.pi * nodes)))
    return build(path, _edges(_points(nodes, radius, seed), radius), nodes, **options)


def _points(nodes: int, radius: float, seed: int) -> Float64[np.ndarray, "N 2"]:
    """The points in the order of their numbers."""
    points = np.random.default_rng(seed).random((nodes, 2))
    strip = (points[:, 0] / radius).astype(np.int32)
    return points[np.lexsort((points[:, 1], strip))]


def _edges(points: Float64[np.ndarray, "N 2"], radius: float) -> Iterator[Chunk]:
    """Pairs within the radius, each once: some whole strips and the one beside them at a time."""
    from scipy.spatial import cKDTree

    strip = (points[:, 0] / radius).astype(np.int32)
    for first, last in pairwise(_starts(strip)):
        beside = np.searchsorted(strip, strip[last - 1] + 1, "right")
        tree = cKDTree(points[first:beside])
        pairs = tree.query_pairs(radius, output_type="ndarray").astype(np.int64) + first
        yield pairs[(pairs < last).any(axis=1)], None


def _starts(strip: Int32[np.ndarray, " N"]) -> list[int]:
    """The numbers at which pieces of whole strips begin, of at least `POINTS` points, and N."""
    starts = [0]
    for begin in (np.flatnonzero(np.diff(strip)) + 1).tolist():
        if begin - starts[-1] >= POINTS:
            starts.append(begin)
    return [*starts, len(strip)]

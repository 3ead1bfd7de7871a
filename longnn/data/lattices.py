"""Rings and grids, with labels that a known filter makes of random features."""

import numpy as np

from longnn.data.dataset import Dataset
from longnn.data.filtered import filtered_noise
from longnn.graphs.graph import Graph


def ring(
    nodes: int = 1000,
    neighbours: int = 1,
    response: str = "low",
    sharpness: int = 4,
    classes: int = 2,
    features: int = 16,
    seed: int = 0,
    normalize: str = "none",
    name: str = "ring",
) -> Dataset:
    """A cycle in which every node is joined to the `neighbours` nearest on either side.

    Its spectrum is known: lambda_j = 1 - mean over d <= neighbours of cos(2 pi j d / N)
    (circulant matrices; F. Chung, Spectral Graph Theory, 1997, example 1.5).

    Args:
        nodes: N > 2 neighbours.
        neighbours: on each side, >= 1.
        response, sharpness, classes, features, seed, normalize: see
            `longnn.data.filtered.filtered_noise`.
        name: what reports call it.

    Raises:
        ValueError: if an argument is out of its range.
    """
    graph = Graph.from_edges(ring_edges(nodes, neighbours), nodes)
    return filtered_noise(name, graph, response, sharpness, classes, features, seed, normalize)


def grid(
    rows: int = 32,
    columns: int = 32,
    periodic: bool = False,
    response: str = "low",
    sharpness: int = 4,
    classes: int = 2,
    features: int = 16,
    seed: int = 0,
    normalize: str = "none",
    name: str = "grid",
) -> Dataset:
    """A 4-neighbour grid, or a torus if periodic; node i sits at (i // columns, i % columns).

    Arguments, result and errors as for `ring`, with rows, columns >= 2 (>= 3 if periodic).
    """
    graph = Graph.from_edges(grid_edges(rows, columns, periodic), rows * columns)
    return filtered_noise(name, graph, response, sharpness, classes, features, seed, normalize)


def ring_edges(nodes: int, neighbours: int = 1) -> np.ndarray:
    """[N neighbours, 2]; ValueError unless 1 <= neighbours < nodes / 2."""
    if not 1 <= neighbours < nodes / 2:
        raise ValueError(
            f"a ring needs 1 <= neighbours < nodes / 2, got nodes={nodes}, neighbours={neighbours}"
        )
    node = np.arange(nodes)
    return np.concatenate(
        [np.stack([node, (node + d) % nodes], 1) for d in range(1, neighbours + 1)]
    )


def grid_edges(rows: int, columns: int, periodic: bool = False) -> np.ndarray:
    """[E, 2]; ValueError for fewer than 2 rows or columns, or 3 if periodic."""
    least = 3 if periodic else 2
    if rows < least or columns < least:
        raise ValueError(
            f"a {'periodic ' if periodic else ''}grid needs rows and columns >= {least}, got "
            f"{rows} x {columns}"
        )
    node = np.arange(rows * columns).reshape(rows, columns)
    pairs = []
    for axis in (0, 1):
        following = np.roll(node, -1, axis)
        inner = slice(None) if periodic else slice(-1)
        cut = (inner, slice(None)) if axis == 0 else (slice(None), inner)
        pairs.append(np.stack([node[cut].ravel(), following[cut].ravel()], axis=1))
    return np.concatenate(pairs)

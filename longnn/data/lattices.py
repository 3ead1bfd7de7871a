"""Rings and grids, with labels that a known filter makes of random features."""

import numpy as np
from jaxtyping import Int

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
    """Draws labels on a cycle in which every node is joined to its nearest nodes on either side.

    Its spectrum is known: lambda_j = 1 - mean over d <= neighbours of cos(2 pi j d / N)
    (circulant matrices; F. Chung, Spectral Graph Theory, 1997, example 1.5).

    Args:
        nodes: number of nodes N, more than twice ``neighbours``.
        neighbours: number of nodes on each side that a node is joined to, >= 1.
        response, sharpness, classes, features, seed, normalize: see
            `longnn.data.filtered.filtered_noise`.
        name: what reports call the dataset.

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
    """Draws labels on a grid in which every node is joined to the four beside it.

    Node i sits at row i // columns and column i % columns.

    Args:
        rows, columns: size of the grid, >= 2, or >= 3 if it is periodic; N = rows * columns.
        periodic: whether opposite sides are joined, which makes the grid a torus.
        response, sharpness, classes, features, seed, normalize: see
            `longnn.data.filtered.filtered_noise`.
        name: what reports call the dataset.

    Raises:
        ValueError: if an argument is out of its range.
    """
    graph = Graph.from_edges(grid_edges(rows, columns, periodic), rows * columns)
    return filtered_noise(name, graph, response, sharpness, classes, features, seed, normalize)


def ring_edges(nodes: int, neighbours: int = 1) -> Int[np.ndarray, "E 2"]:
    """Edges of a ring, E = N neighbours; a ValueError unless 1 <= neighbours < nodes / 2."""
    if not 1 <= neighbours < nodes / 2:
        raise ValueError(
            f"a ring needs 1 <= neighbours < nodes / 2, got nodes={nodes}, neighbours={neighbours}"
        )
    node = np.arange(nodes)
    return np.concatenate(
        [np.stack([node, (node + d) % nodes], 1) for d in range(1, neighbours + 1)]
    )


def grid_edges(rows: int, columns: int, periodic: bool = False) -> Int[np.ndarray, "E 2"]:
    """Edges of a grid; a ValueError for fewer than 2 rows or columns, or 3 if it is periodic."""
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

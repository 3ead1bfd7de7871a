"""Graphs that are drawn piece by piece and written straight to the disk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from longnn.stores.building import Chunk, build
from longnn.stores.graph import StoredGraph

PIECE = 1 << 20
"""Edges that are drawn at once."""


def power_law(
    path: str | Path,
    nodes: int,
    mean_degree: float = 20.0,
    exponent: float = 2.5,
    seed: int = 0,
    **options: Any,
) -> StoredGraph:
    """Draws a graph whose degrees follow a power law, P(degree > d) ~ d^(1 - exponent).

    Each edge joins two nodes drawn with the probability of their weights w_i ~ (i + i_0)^(-1 /
    (exponent - 1)), the largest of which is held at sqrt(sum w); loops and repeated edges are
    dropped, so that the mean degree is a little below the one asked for.
    Source: Chung and Lu, PNAS 99 (2002) 15879, eq. 1 and section 2.

    Args:
        path: folder to make.
        nodes: N >= 2.
        mean_degree: of the edges that are drawn, > 0 and at most N / 2.
        exponent: of the distribution of degrees, > 2.
        seed: random seed; equal seeds give equal graphs.
        options: of `longnn.stores.build`, such as ``memory_gb``.

    Raises:
        ValueError: if an argument is out of its range.
        StoreError: as for `longnn.stores.build`.
    """
    if not (nodes >= 2 and 0 < mean_degree <= nodes / 2 and exponent > 2):
        raise ValueError(
            "a power-law graph needs nodes >= 2, 0 < mean_degree <= nodes / 2 and exponent > 2, "
            f"got nodes={nodes}, mean_degree={mean_degree}, exponent={exponent}"
        )
    edges = max(round(nodes * mean_degree / 2), 1)
    return build(path, power_law_edges(nodes, edges, exponent, mean_degree, seed), nodes, **options)


def power_law_edges(
    nodes: int, edges: int, exponent: float, mean_degree: float, seed: int, by_degree: bool = False
) -> Iterator[Chunk]:
    """Chunks of the edges of `power_law`, before loops and repeated ones are dropped."""
    rng = np.random.default_rng(seed)
    slope = 1 / (exponent - 1)
    # w_i = d (1 - slope) (N / (i + shift))^slope has mean about d; its largest is sqrt(d N)
    shift = nodes * (mean_degree * (1 - slope) / np.sqrt(mean_degree * nodes)) ** (1 / slope)
    low, high = shift ** (1 - slope), (nodes + shift) ** (1 - slope)
    drawn = rng.permutation(nodes)  # so that hubs lie anywhere
    names = (np.arange(nodes) if by_degree else drawn).astype(np.int32)
    for start in range(0, edges, PIECE):
        u = rng.random((min(PIECE, edges - start), 2))
        place = (low + u * (high - low)) ** (1 / (1 - slope)) - shift  # the inverse distribution
        yield names[np.clip(place.astype(np.int64), 0, nodes - 1)], None


def grid(
    path: str | Path, rows: int, columns: int, periodic: bool = False, **options: Any
) -> StoredGraph:
    """Writes a grid in which every node is joined to the four beside it.

    Node i sits at row i // columns and column i % columns, as in `longnn.data.lattices.grid`.

    Args:
        path: folder to make.
        rows, columns: size of the grid, >= 2, or >= 3 if it is periodic.
        periodic: whether opposite sides are joined.
        options: of `longnn.stores.build`.

    Raises:
        ValueError: if the grid is too small.
        StoreError: as for `longnn.stores.build`.
    """
    least = 3 if periodic else 2
    if rows < least or columns < least:
        raise ValueError(
            f"a {'periodic ' if periodic else ''}grid needs rows and columns >= {least}, got "
            f"{rows} x {columns}"
        )
    return build(path, _grid_edges(rows, columns, periodic), rows * columns, **options)


def _grid_edges(rows: int, columns: int, periodic: bool) -> Iterator[Chunk]:
    for start in range(0, rows * columns, PIECE):
        node = np.arange(start, min(start + PIECE, rows * columns))
        row, column = np.divmod(node, columns)
        right = np.stack([node, row * columns + (column + 1) % columns], axis=1)
        down = np.stack([node, (row + 1) % rows * columns + column], axis=1)
        if not periodic:
            right, down = right[column + 1 < columns], down[row + 1 < rows]
        yield np.concatenate([right, down]), None


def sbm(
    path: str | Path,
    nodes: int,
    classes: int = 4,
    inside: float = 16.0,
    across: float = 4.0,
    seed: int = 0,
    **options: Any,
) -> StoredGraph:
    """Draws equal classes with many edges inside and few across; node i is of class i % classes.

    The number of edges is Poisson and repeated ones are dropped, which is the stochastic block
    model up to terms of order degree / N.
    Source: Holland, Laskey and Leinhardt, Social Networks 5 (1983) 109.

    Args:
        path: folder to make.
        nodes: N >= 2 classes.
        classes: number of classes C >= 2.
        inside: expected number of neighbours of a node in its own class, >= 0.
        across: expected number of neighbours in all other classes, >= 0.
        seed: random seed; equal seeds give equal graphs.
        options: of `longnn.stores.build`.

    Raises:
        ValueError: if an argument is out of its range.
        StoreError: as for `longnn.stores.build`.
    """
    if classes < 2 or nodes < 2 * classes or not (inside >= 0 and across >= 0):
        raise ValueError(
            "a block model needs classes >= 2, nodes >= 2 classes, inside >= 0 and across >= 0, "
            f"got classes={classes}, nodes={nodes}, inside={inside}, across={across}"
        )
    return build(path, sbm_edges(nodes, classes, inside, across, seed), nodes, **options)


def sbm_edges(nodes: int, classes: int, inside: float, across: float, seed: int) -> Iterator[Chunk]:
    """Chunks of the edges of `sbm`, before repeated ones are dropped."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson([nodes * inside / 2, nodes * across / 2])
    for within, count in zip((True, False), counts.tolist(), strict=True):
        for start in range(0, count, PIECE):
            yield _sbm_piece(rng, nodes, classes, within, min(PIECE, count - start)), None


def _sbm_piece(
    rng: np.random.Generator, nodes: int, classes: int, within: bool, count: int
) -> Int[np.ndarray, "E 2"]:
    """Pairs of one class, or of two."""
    first = rng.integers(nodes, size=count)
    away = 0 if within else rng.integers(1, classes, size=count)
    label = (first + away) % classes
    members = (nodes - label + classes - 1) // classes
    second = label + classes * (rng.random(count) * members).astype(np.int64)
    return np.stack([first, second], axis=1)

"""Neighbour graphs of point clouds."""

import numpy as np
from scipy.spatial import cKDTree

from longnn.data.dataset import Dataset, checksum_of
from longnn.data.dataset import normalize as _normalize
from longnn.graphs.graph import Graph


def generate(
    shape: str = "moons",
    nodes: int = 1000,
    neighbours: int = 10,
    noise: float = 0.1,
    weighted: bool = False,
    seed: int = 0,
    normalize: str = "standard",
    name: str = "cloud",
) -> Dataset:
    """Two classes of points in the plane, joined to their nearest neighbours.

    Nodes i and j are joined if either is among the k nearest of the other. Weights are
    exp(-d_ij^2 / (s_i s_j)) with s_i the distance to the k-th neighbour (self-tuning kernel:
    Zelnik-Manor and Perona, NIPS 2004, eq. 4). The features are the coordinates.

    Args:
        shape: "moons" (two half circles), "circles" (one in the other) or "blobs" (two Gaussians).
        nodes: N > neighbours.
        neighbours: k >= 1.
        noise: standard deviation added to the points (of the blobs: around their centres), >= 0.
        weighted: whether edges carry weights.
        seed: equal seeds give equal data.
        normalize: see `longnn.data.dataset.normalize`.
        name: what reports call it.

    Raises:
        ValueError: if an argument is out of its range.
    """
    if shape not in SHAPES:
        raise ValueError(f"shape must be one of {', '.join(SHAPES)}, got {shape!r}")
    if not 1 <= neighbours < nodes or not noise >= 0:
        raise ValueError(
            "needed: 1 <= neighbours < nodes and noise >= 0, got "
            f"neighbours={neighbours}, nodes={nodes}, noise={noise}"
        )
    rng = np.random.default_rng(seed)
    labels = np.arange(nodes) % 2
    points = SHAPES[shape](rng.random(nodes), labels) + noise * rng.standard_normal((nodes, 2))
    edges, weights = neighbour_edges(points, neighbours)
    values = points.astype(np.float32)
    return Dataset(
        name=name,
        graph=Graph.from_edges(edges, nodes, weights if weighted else None),
        features=_normalize(values, normalize),
        labels=labels,
        classes=2,
        checksum=checksum_of(labels, edges, values),
    )


def neighbour_edges(points: np.ndarray, neighbours: int) -> tuple[np.ndarray, np.ndarray]:
    """([N k, 2] pairs of a point and one of its k nearest others, [N k] self-tuning weights).

    Args:
        points: [N, D].
        neighbours: k in [1, N).
    """
    distance, other = cKDTree(points).query(points, neighbours + 1)
    node = np.arange(len(points))
    # Equal points may list each other before themselves, so "itself" is not always the first.
    itself = other == node[:, None]
    itself[~itself.any(axis=1), -1] = True
    distance = distance[~itself].reshape(-1, neighbours)
    other = other[~itself].reshape(-1, neighbours)
    scale = np.maximum(distance[:, -1], np.finfo(float).tiny)
    weights = np.exp(-(distance / scale[:, None]) * (distance / scale[other]))
    edges = np.stack([np.repeat(node, neighbours), other.ravel()], axis=1)
    return edges, np.maximum(weights.ravel(), np.finfo(np.float32).tiny)


def _moons(t: np.ndarray, labels: np.ndarray) -> np.ndarray:
    angle, sign = np.pi * t, 1 - 2 * labels
    return np.stack([labels + sign * np.cos(angle), labels / 2 + sign * np.sin(angle)], axis=1)


def _circles(t: np.ndarray, labels: np.ndarray) -> np.ndarray:
    angle, radius = 2 * np.pi * t, 1 - labels / 2
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _blobs(t: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.stack([2.0 * labels - 1, np.zeros(len(t))], axis=1)


SHAPES = {"moons": _moons, "circles": _circles, "blobs": _blobs}
"""Points [N, 2] from parameters t in [0, 1) and classes."""

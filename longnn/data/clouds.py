"""Neighbour graphs of point clouds."""

from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import cKDTree

from longnn.data.dataset import Dataset, checksum_of
from longnn.graphs.graph import Graph

_Numbers: TypeAlias = Float[np.ndarray, " N"]
_Classes: TypeAlias = Int[np.ndarray, " N"]
_Points: TypeAlias = Float[np.ndarray, "N 2"]


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
    """Draws two classes of points in the plane, joined to their nearest neighbours.

    Nodes i and j are joined if either is among the k nearest of the other. Weights are
    exp(-d_ij^2 / (s_i s_j)) with s_i the distance to the k-th neighbour (self-tuning kernel:
    Zelnik-Manor and Perona, NIPS 2004, eq. 4). The features are the coordinates.

    Args:
        shape: "moons" (two half circles), "circles" (one in the other) or "blobs" (two Gaussians).
        nodes: number of points N, more than ``neighbours``.
        neighbours: number k >= 1 of nearest points that a point is joined to.
        noise: standard deviation that is added to the points (to the blobs: around their centres),
            >= 0.
        weighted: whether edges carry weights.
        seed: random seed of everything that is drawn; equal seeds give equal data.
        normalize: see `longnn.data.normalize`.
        name: what reports call the dataset.

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
        features=values,
        labels=labels,
        classes=2,
        checksum=checksum_of(labels, edges, values),
    ).prepared(normalize)


def neighbour_edges(
    points: Float[np.ndarray, "N D"], neighbours: int
) -> tuple[Int[np.ndarray, "E 2"], Float[np.ndarray, " E"]]:
    """Pairs of a point and one of its nearest others, and their self-tuning weights; E = N k.

    Args:
        points: coordinates of the points.
        neighbours: number k of nearest points, in [1, N).
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


def _moons(t: _Numbers, labels: _Classes) -> _Points:
    angle, sign = np.pi * t, 1 - 2 * labels
    return np.stack([labels + sign * np.cos(angle), labels / 2 + sign * np.sin(angle)], axis=1)


def _circles(t: _Numbers, labels: _Classes) -> _Points:
    angle, radius = 2 * np.pi * t, 1 - labels / 2
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _blobs(t: _Numbers, labels: _Classes) -> _Points:
    return np.stack([2.0 * labels - 1, np.zeros(len(t))], axis=1)


SHAPES = {"moons": _moons, "circles": _circles, "blobs": _blobs}
"""Points [N, 2] from parameters t in [0, 1) and classes."""

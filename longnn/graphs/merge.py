"""Rules that make an undirected graph of whatever edges come; each is an option."""

from typing import Literal, SupportsIndex

import numpy as np
from jaxtyping import Int, Real

from longnn.graphs.checks import check_word

Directions = Literal["either", "both", "sum"]
Duplicates = Literal["largest", "sum"]
SelfLoops = Literal["drop", "keep"]


def undirected(
    edges: Int[np.ndarray, "E 2"],
    weights: Real[np.ndarray, " E"],
    num_nodes: SupportsIndex,
    directions: Directions,
    duplicates: Duplicates,
    self_loops: SelfLoops,
) -> tuple[Int[np.ndarray, "P 2"], Real[np.ndarray, " P"]]:
    """Each undirected pair once.

    Args:
        edges: [E, 2] indices in [0, N).
        weights: [E] positive.
        num_nodes: N.
        directions: what a weight from i to j and one from j to i make: "either" the larger (one
            of them is enough), "both" the smaller (none if one is missing), "sum" A + A^T.
        duplicates: what entries with the same ends in the same order make: the largest weight, or
            their sum.
        self_loops: "drop" or "keep"; a kept one counts once in the degree.

    Returns:
        ([P, 2] pairs low <= high, ascending; [P] weights).

    Raises:
        ValueError: for an unknown rule.
    """
    check_word("directions", directions, Directions)
    check_word("duplicates", duplicates, Duplicates)
    check_word("self_loops", self_loops, SelfLoops)
    loop = edges[:, 0] == edges[:, 1]
    if self_loops == "drop":
        edges, weights = edges[~loop], weights[~loop]
    low, high = edges.min(1), edges.max(1)
    pair, place = np.unique(low * np.int64(num_nodes) + high, return_inverse=True)
    up, down = (
        _merged(weights, place, chosen, len(pair), duplicates)
        for chosen in (edges[:, 0] <= edges[:, 1], edges[:, 0] > edges[:, 1])
    )
    pairs = np.stack([pair // num_nodes, pair % num_nodes], axis=1)
    down = np.where(pairs[:, 0] == pairs[:, 1], up, down)  # a loop has one direction
    if directions == "sum":
        both = np.where(pairs[:, 0] == pairs[:, 1], up, up + down)
    else:
        both = np.maximum(up, down) if directions == "either" else np.minimum(up, down)
    return pairs[both > 0], both[both > 0]


def _merged(
    weights: np.ndarray, place: np.ndarray, chosen: np.ndarray, count: int, duplicates: Duplicates
) -> np.ndarray:
    """[count] weight of each pair in one direction, 0 where it has none."""
    out = np.zeros(count, weights.dtype)
    add = np.add if duplicates == "sum" else np.maximum
    add.at(out, place[chosen], weights[chosen])
    return out

"""Rules that make an undirected graph of whatever edges come; each is an option."""

from typing import Literal, SupportsIndex

import numpy as np
from jaxtyping import Bool, Float64, Int, Shaped

from longnn.graphs.checks import check_word

Directions = Literal["either", "both", "sum"]
Duplicates = Literal["largest", "sum"]
SelfLoops = Literal["drop", "keep"]


def undirected(
    edges: Int[np.ndarray, "E 2"],
    weights: Shaped[np.ndarray, " E"],
    num_nodes: SupportsIndex,
    directions: Directions,
    duplicates: Duplicates,
    self_loops: SelfLoops,
) -> tuple[Int[np.ndarray, "P 2"], Float64[np.ndarray, " P"]]:
    """Each undirected pair once.

    Args:
        edges: [E, 2] indices in [0, N).
        weights: [E] positive numbers of any type; they are added in float64.
        num_nodes: N.
        directions: what a weight from i to j and one from j to i make: "either" the larger (one
            of them is enough), "both" the smaller (none if one is missing), "sum" A + A^T.
        duplicates: what entries with the same ends in the same order make: the largest weight, or
            their sum.
        self_loops: "drop" or "keep"; a kept one counts once in the degree.

    Returns:
        ([P, 2] pairs low <= high, ascending; [P] weights).

    Raises:
        ValueError: for an unknown rule, if the rules leave none of the edges, or if the weights
            add up to more than float64 holds.
    """
    check_rules(directions, duplicates, self_loops)
    pairs, both, between = merged(edges, weights, num_nodes, directions, duplicates, self_loops)
    check_left(len(edges), between, len(pairs))
    return pairs, both


def directed(
    edges: Int[np.ndarray, "E 2"],
    weights: Shaped[np.ndarray, " E"],
    num_nodes: SupportsIndex,
    duplicates: Duplicates,
    self_loops: SelfLoops,
) -> tuple[Int[np.ndarray, "A 2"], Float64[np.ndarray, " A"]]:
    """Each directed edge once.

    Args:
        edges: [E, 2] indices in [0, N), (from, to).
        weights: [E] positive numbers of any type; they are added in float64.
        num_nodes: N.
        duplicates, self_loops: as of `undirected`.

    Returns:
        ([A, 2] different edges, ascending; [A] weights).

    Raises:
        ValueError: for an unknown rule, or if the weights add up to more than float64 holds.
    """
    check_rules("either", duplicates, self_loops)
    weights = weights.astype(np.float64)
    if self_loops == "drop":
        there = edges[:, 0] != edges[:, 1]
        edges, weights = edges[there], weights[there]
    number, place = np.unique(edges[:, 0] * np.int64(num_nodes) + edges[:, 1], return_inverse=True)
    total = _merged(weights, place, np.ones(len(edges), bool), len(number), duplicates)
    _check_sum(total)
    return np.stack([number // num_nodes, number % num_nodes], axis=1), total


def check_rules(directions: Directions, duplicates: Duplicates, self_loops: SelfLoops) -> None:
    """Raises a ValueError for an unknown rule."""
    check_word("directions", directions, Directions)
    check_word("duplicates", duplicates, Duplicates)
    check_word("self_loops", self_loops, SelfLoops)


def merged(
    edges: Int[np.ndarray, "E 2"],
    weights: Shaped[np.ndarray, " E"],
    num_nodes: SupportsIndex,
    directions: Directions,
    duplicates: Duplicates,
    self_loops: SelfLoops,
) -> tuple[Int[np.ndarray, "P 2"], Float64[np.ndarray, " P"], int]:
    """As `undirected`, for edges of which the rules may leave none.

    Returns:
        (pairs, weights, number of edges that join two nodes, or are kept as loops).

    Raises:
        ValueError: if the weights add up to more than float64 holds.
    """
    weights = weights.astype(np.float64)
    if self_loops == "drop":
        there = edges[:, 0] != edges[:, 1]
        edges, weights = edges[there], weights[there]
    low, high = edges.min(1), edges.max(1)
    pair, place = np.unique(low * np.int64(num_nodes) + high, return_inverse=True)
    up, down = (
        _merged(weights, place, chosen, len(pair), duplicates)
        for chosen in (edges[:, 0] <= edges[:, 1], edges[:, 0] > edges[:, 1])
    )
    pairs = np.stack([pair // num_nodes, pair % num_nodes], axis=1)
    down = np.where(pairs[:, 0] == pairs[:, 1], up, down)  # a loop has one direction
    if directions == "sum":
        with np.errstate(over="ignore"):
            both = np.where(pairs[:, 0] == pairs[:, 1], up, up + down)
    else:
        both = np.maximum(up, down) if directions == "either" else np.minimum(up, down)
    kept = both > 0
    _check_sum(both)
    return pairs[kept], both[kept], len(edges)


def _merged(
    weights: Float64[np.ndarray, " E"],
    place: Int[np.ndarray, " E"],
    chosen: Bool[np.ndarray, " E"],
    count: int,
    duplicates: Duplicates,
) -> Float64[np.ndarray, " count"]:
    """[count] weight of each pair in one direction, 0 where it has none."""
    out = np.zeros(count)
    add = np.add if duplicates == "sum" else np.maximum
    with np.errstate(over="ignore"):  # refused below
        add.at(out, place[chosen], weights[chosen])
    return out


def check_left(given: int, between: int, left: int) -> None:
    """Raises a ValueError where the rules drop every edge.

    Args:
        given: number of edges that came.
        between: number of those that join two nodes, or are kept as loops.
        left: number of pairs that the rules leave.
    """
    if left or not given:
        return
    loops = f"self_loops='drop' drops {given - between} self-loops" if given > between else ""
    one_way = f"directions='both' drops {between} that go one way only" if between else ""
    raise ValueError(
        f"of the {given} edges given no edge is left, so no spectrum to filter: "
        f"{' and '.join(filter(None, (loops, one_way)))}; choose another rule, or check the edges "
        "given"
    )


def _check_sum(weights: Float64[np.ndarray, " P"]) -> None:
    """Raises a ValueError if a degree may be beyond the range of float64."""
    with np.errstate(over="ignore"):
        total = 2 * weights.sum()
    if not np.isfinite(total):
        raise ValueError(
            "the weights add up to more than float64 holds (1.8e+308); divide them all by one "
            "number, which S does not depend on"
        )

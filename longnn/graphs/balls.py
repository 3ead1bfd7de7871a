"""What lies within a number of hops of some nodes: the part of a graph that a filter reads."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int64, Integer, Real

from longnn.graphs.device import on_host
from longnn.graphs.graph import Graph


class Entries(NamedTuple):
    """Rows of the adjacency A of some nodes, one after the other.

    Attributes:
        counts: [n] number of entries of each row.
        neighbours: [entries] node of each entry.
        weights: [entries] its weight, or None in an unweighted graph.
    """

    counts: Int64[np.ndarray, " n"]
    neighbours: Integer[np.ndarray, " entries"]
    weights: Float[np.ndarray, " entries"] | None

    def degrees(self) -> Real[np.ndarray, " n"]:
        """[n] sum of the weights of each row."""
        if self.weights is None:
            return self.counts
        row = np.repeat(np.arange(len(self.counts)), self.counts)
        return np.bincount(row, self.weights, minlength=len(self.counts))


RowsOf = Callable[[Int64[np.ndarray, " n"]], Entries]
"""Gives the rows of nodes [n]."""


class Ball(NamedTuple):
    """The nodes within ``hops`` edges of those asked for, nearest first, numbered in this order.

    Attributes:
        nodes: [M] their numbers in the graph; the first are those asked for.
        within: [hops + 1] how many of them lie within d edges, d = 0 to hops.
        entries: [hops + 1] how many entries the rows of these have; 0 for d = hops, whose rows
            nothing reads.
        senders: [e] number in the ball of the column of each entry.
        receivers: [e] number in the ball of its row, ascending.
        weights: [e] its weight, or None.
        degrees: [M] in the whole graph.
    """

    nodes: Int64[np.ndarray, " M"]
    within: tuple[int, ...]
    entries: tuple[int, ...]
    senders: Int64[np.ndarray, " e"]
    receivers: Int64[np.ndarray, " e"]
    weights: Float[np.ndarray, " e"] | None
    degrees: Real[np.ndarray, " M"]


def ball(rows_of: RowsOf, asked: Integer[np.ndarray, " n"], hops: int, most: int) -> Ball | None:
    """Finds the nodes within a number of hops; what neighbourhoods share is looked at once.

    Args:
        rows_of: gives rows of the adjacency.
        asked: [n] distinct nodes.
        hops: number of edges >= 0.
        most: the most nodes that the ball may have.

    Returns:
        The ball, or None if it has more nodes than that. Memory grows with the ball, not with the
        graph.

    Example:
        >>> import longnn
        >>> graph = longnn.Graph.from_edges(longnn.data.lattices.ring_edges(100), 100)
        >>> found = ball(rows_in_memory(graph), np.array([0, 3]), 2, 50)
        >>> found.within, found.nodes[:2].tolist(), sorted(found.nodes.tolist())
        ((2, 6, 8), [0, 3], [0, 1, 2, 3, 4, 5, 98, 99])
    """
    shell = np.asarray(asked, np.int64)
    nodes, rows, within = [shell], [], [len(shell)]
    known = np.sort(shell)
    for _ in range(hops):
        rows.append(rows_of(shell))
        reached = np.unique(rows[-1].neighbours)
        shell = reached[~_among(reached, known)].astype(np.int64)
        known = np.sort(np.concatenate([known, shell]))
        nodes.append(shell)
        within.append(len(known))
        if len(known) > most:
            return None
    outermost = rows_of(shell).degrees()
    every, count = np.concatenate(nodes), within[-2] if hops else 0
    order = np.argsort(every)
    local = lambda node: order[np.searchsorted(every, node, sorter=order)]  # noqa: E731
    joined = [np.concatenate([np.zeros(0, np.int64), *(getattr(r, n) for r in rows)])
              for n in ("counts", "neighbours")]  # fmt: skip
    ends = np.cumsum(joined[0])
    weights = [r.weights for r in rows if r.weights is not None]
    return Ball(
        nodes=every,
        within=tuple(within),
        entries=(*(int(ends[size - 1]) if size else 0 for size in within[:-1]), 0),
        senders=local(joined[1]),
        receivers=np.repeat(np.arange(count), joined[0]),
        weights=np.concatenate(weights) if weights else None,
        degrees=np.concatenate([*(r.degrees() for r in rows), outermost]),
    )


def loops_added(ball: Ball, weight: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Senders, receivers and weights [e] of a ball, by rows, with a loop at each node of a row.

    Args:
        ball: whose loops grow by the weight where there are some.
        weight: of the loops, >= 0; 0: none.
    """
    senders, receivers = ball.senders, ball.receivers
    weights = np.ones(len(senders)) if ball.weights is None else ball.weights
    if not weight:
        return senders, receivers, weights
    loops = senders == receivers
    weights = weights + weight * loops
    rows = ball.within[-2] if len(ball.within) > 1 else 0
    node = np.setdiff1d(np.arange(rows), receivers[loops], assume_unique=True)
    senders, receivers = np.concatenate([senders, node]), np.concatenate([receivers, node])
    weights = np.concatenate([weights, np.full(len(node), weight)])
    order = np.argsort(receivers, kind="stable")
    return senders[order], receivers[order], weights[order]


def rows_in_memory(graph: Graph) -> RowsOf:
    """Rows of a graph in memory; finding where they begin reads every entry once."""
    receivers, senders = on_host(graph.receivers), on_host(graph.senders)
    weights = None if graph.weights is None else on_host(graph.weights, np.float64)
    start = np.searchsorted(receivers, np.arange(graph.num_nodes + 1))

    def rows_of(nodes: Int64[np.ndarray, " n"]) -> Entries:
        counts = start[nodes + 1] - start[nodes]
        places = places_of_rows(start[nodes], counts)
        return Entries(counts, senders[places], None if weights is None else weights[places])

    return rows_of


def places_of_rows(
    starts: Int64[np.ndarray, " n"], counts: Int64[np.ndarray, " n"]
) -> Int64[np.ndarray, " entries"]:
    """The places of the entries of rows that begin at ``starts``.

    Example:
        >>> places_of_rows(np.array([7, 0]), np.array([2, 3])).tolist()
        [7, 8, 0, 1, 2]
    """
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(int(counts.sum()))


def _among(values: Integer[np.ndarray, " n"], known: Int64[np.ndarray, " m"]) -> np.ndarray:
    """[n] whether each is one of ``known``, which are sorted."""
    place = np.minimum(np.searchsorted(known, values), max(len(known) - 1, 0))
    return known[place] == values if len(known) else np.zeros(len(values), bool)

"""Which graphs go together: random ones in training, ones of even sizes in evaluation."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Int, Integer, PRNGKeyArray

from longnn.operators.capacities import capacities_of, rounded
from longnn.operators.packing import Capacity, Packing


class Plan(NamedTuple):
    """What an epoch is compiled for; static.

    Attributes:
        batch: graphs of a batch.
        capacities: ascending, for batches of training.
        seen: the one of evaluation.
    """

    batch: int
    capacities: tuple[Capacity, ...]
    seen: Capacity


class Sizes(NamedTuple):
    """Nodes and entries [G] of each graph, on the host."""

    rows: Integer[np.ndarray, " G"]
    entries: Integer[np.ndarray, " G"]


def sizes_in(packing: Packing) -> Sizes:
    """The sizes of all graphs of a packing."""
    return Sizes(*(np.diff(np.asarray(a)) for a in (packing.first_row, packing.first_entry)))


def plan_of(
    sizes: Sizes, train: Integer[np.ndarray, " t"], seen: Sequence[np.ndarray], batch: int
) -> Plan:
    """The capacities that training and evaluation are compiled for.

    Args:
        sizes: of all graphs.
        train: the graphs that any split trains on.
        seen: for each split batches [V, g] of the graphs that are evaluated.
        batch: graphs of a batch.
    """
    capacities = capacities_of(sizes.rows[train], sizes.entries[train], batch)
    return Plan(batch, capacities, capacity_of(sizes, seen))


def capacity_of(sizes: Sizes, batches: Sequence[np.ndarray]) -> Capacity:
    """The capacity that all of these batches fit into.

    Args:
        sizes: of all graphs.
        batches: arrays [V, g] of numbers of graphs, -1 for none.
    """
    most = [max(int(np.append(of, 0)[rows].sum(axis=1).max()) for rows in batches) for of in sizes]
    return rounded(np.array(most))


def even(graphs: Integer[np.ndarray, " n"], sizes: Sizes, batch: int) -> Int[np.ndarray, "V g"]:
    """Batches of about equal numbers of nodes, each graph in one.

    Args:
        graphs: [n] numbers, at least one.
        sizes: of all graphs.
        batch: the most graphs of a batch.

    Returns:
        [V, g], -1 where a place stays empty.

    Example:
        >>> even(np.arange(4), Sizes(np.array([9, 1, 8, 2]), np.zeros(4, int)), 2).tolist()
        [[0, 1], [2, 3]]
    """
    order = graphs[np.argsort(-sizes.rows[graphs], kind="stable")]
    count = -(-len(order) // batch)
    padded = np.full((-(-len(order) // count), count), -1)
    padded.ravel()[: len(order)] = order
    padded[1::2] = padded[1::2, ::-1]  # the largest of one row go with the smallest of the next
    full = np.full((count, batch), -1)
    full[:, : len(padded)] = padded.T
    return full


def stacked(rows: Sequence[np.ndarray]) -> Int[np.ndarray, "S ..."]:
    """Arrays of numbers of graphs as one, filled up with -1."""
    longest = max(map(len, rows))
    fill = lambda a: np.pad(  # noqa: E731
        a, [(0, longest - len(a)), *[(0, 0)] * (a.ndim - 1)], constant_values=-1
    )
    return np.stack([fill(row) for row in rows])


def shuffled(key: PRNGKeyArray, train: Int[Array, " t"], batch: int) -> Int[Array, "steps g"]:
    """Batches of the training graphs in random order, drawn on the device; the last may be smaller.

    Args:
        key: of the order.
        train: [t] numbers of graphs, -1 at the end where there are fewer.
        batch: graphs of a batch.
    """
    drawn = jax.random.uniform(key, train.shape, jnp.float32)
    order = train[jnp.argsort(jnp.where(train < 0, jnp.inf, drawn))]
    return jnp.pad(order, (0, -len(train) % batch), constant_values=-1).reshape(-1, batch)

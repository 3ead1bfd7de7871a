"""For which sizes batches of graphs are compiled: a few that most fit, and one that all fit."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Int, Integer, Real

from longnn.operators.packing import Capacity, Packing

DRAWS = 2000
"""Batches that are drawn to see how large they are."""

SHARES = (0.7, 0.999)
"""The shares of all batches that fit into each capacity but the last."""


def capacities_of(
    rows: Integer[np.ndarray, " G"],
    entries: Integer[np.ndarray, " G"],
    batch: int,
    shares: Sequence[float] = SHARES,
) -> tuple[Capacity, ...]:
    """Capacities of random batches of so many graphs, ascending; all batches fit into the last.

    Args:
        rows: [G] the nodes of each graph that a batch may hold.
        entries: [G] its entries.
        batch: graphs of a batch, >= 1.
        shares: of batches that fit into each capacity but the last, ascending in (0, 1).

    Returns:
        As many capacities as shares and one more, or fewer where two are alike.

    Example:
        >>> capacities_of(np.array([5, 5, 5]), np.array([8, 8, 8]), batch=2)
        (Capacity(rows=16, entries=16),)
    """
    batch = min(batch, len(rows))
    both = np.stack([rows, entries], axis=1).astype(np.int64)
    rng = np.random.default_rng(0)
    drawn = np.stack([both[rng.permutation(len(both))[:batch]].sum(axis=0) for _ in range(DRAWS)])
    most = np.sort(both, axis=0)[-batch:].sum(axis=0)
    sizes = [np.quantile(drawn, share, axis=0) for share in shares]
    return tuple(sorted({rounded(np.minimum(size, most)) for size in (*sizes, most)}))


def rounded(size: Real[np.ndarray, "2"]) -> Capacity:
    """The capacity of so many nodes and entries in round numbers, so that few sizes are compiled.

    Args:
        size: the number of nodes and that of entries.

    Example:
        >>> rounded(np.array([2757, 9000.5]))
        Capacity(rows=2816, entries=9216)
    """
    steps = (16, 16) if size[0] < 1024 else (64, 256)
    return Capacity(
        *(max(-(-int(np.ceil(n)) // step), 1) * step for n, step in zip(size, steps, strict=True))
    )


def capacity_for(
    packing: Packing, graphs: Int[Array, " g"], capacities: Sequence[Capacity]
) -> Int[Array, ""]:
    """The number of the smallest capacity that a batch fits into, on the device.

    Args:
        packing: all graphs.
        graphs: [g] of the batch, -1 for none.
        capacities: ascending; the last is taken where none is large enough.
    """
    known = graphs >= 0
    number = jnp.where(known, graphs, 0)
    needs = [
        jnp.where(known, first[number + 1] - first[number], 0).sum()
        for first in (packing.first_row, packing.first_entry)
    ]
    fits = jnp.array([(needs[0] <= c.rows) & (needs[1] <= c.entries) for c in capacities[:-1]])
    return jnp.argmax(jnp.concatenate([fits, jnp.ones(1, bool)])).astype(jnp.int32)

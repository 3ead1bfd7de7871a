"""What training carries of each run between two chunks, on the host."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from longnn.training.finished import Finished
from longnn.training.loop import Member, RunState
from longnn.training.spreading import Spread


class Saved(NamedTuple):
    """A run that has begun and not ended.

    Attributes:
        leaves: of its state and settings, by path; see :func:`leaves_of`.
        curves: name -> [epochs]; empty where it has not trained an epoch.
        seconds: its share of the time that training took.
    """

    leaves: dict[str, np.ndarray]
    curves: dict[str, np.ndarray]
    seconds: float

    @property
    def epoch(self) -> int:
        """The epochs that it has completed."""
        return int(self.leaves["state.epoch"])

    @property
    def best(self) -> float:
        """Its best validation score; -inf before the first epoch."""
        return float(self.leaves.get("state.extras.val", self.leaves["state.best_score"]))


class Snapshot(NamedTuple):
    """The runs of a batch between two chunks; those that have not begun are left out.

    Attributes:
        size: the number of places that the batch began with.
        run_at: [b] the run at each place, -1 where there is none; None: the batch was another one,
            and its runs may go anywhere.
        runs: number in the batch -> run that has begun and not ended.
        ended: likewise, runs that have ended.
        best: the best validation score of each of them.
    """

    size: int
    run_at: np.ndarray | None
    runs: dict[int, Saved]
    ended: dict[int, Finished]
    best: dict[int, float]


def carried(state: RunState, members: Member) -> dict[str, Any]:
    """What has to be kept of runs; masks, rates and keys are made again from their numbers."""
    return {"state": state, "settings": members.settings}


def saved_at(
    places: np.ndarray, state: RunState, members: Member, spread: Spread
) -> dict[int, dict[str, np.ndarray]]:
    """place -> leaves of the run there, by path.

    Args:
        places: of a batch, [b].
        state: leaves [B, ...].
        members: leaves [B, ...].
        spread: the devices that they are on.
    """
    # copies, since the next chunk of epochs takes the memory of the state
    leaves = {k: v[places] for k, v in _values(carried(state, members), spread).items()}
    return {int(at): {k: v[i, ...] for k, v in leaves.items()} for i, at in enumerate(places)}


def as_saved(
    saved: Mapping[int, Saved], state: RunState, members: Member, spread: Spread
) -> tuple[RunState, Member]:
    """The state and members of a batch with what was saved at some of its places.

    Args:
        saved: place -> run that goes on there.
        state: leaves [B, ...].
        members: leaves [B, ...].
        spread: the devices that they are on.
    """
    if not saved:
        return state, members
    tree = carried(state, members)
    values = {name: np.array(leaf) for name, leaf in _values(tree, spread).items()}
    for place, run in saved.items():
        for name, value in run.leaves.items():
            values[name][place] = value
    tree = with_leaves(tree, values, spread)
    return tree["state"], members._replace(settings=tree["settings"])


def leaves_of(tree: Any) -> dict[str, Any]:
    """path -> leaf of a tree; random keys as the numbers that they consist of.

    Args:
        tree: leaves are arrays, or their shapes.
    """
    leaves, _ = jax.tree.flatten_with_path(tree)
    return {jax.tree_util.keystr(p, simple=True, separator="."): _data(leaf) for p, leaf in leaves}


def _values(tree: Any, spread: Spread) -> dict[str, np.ndarray]:
    """path -> value of the leaves of a tree on the devices."""
    found: dict[str, np.ndarray] = spread.fetched(leaves_of(tree))
    return found


def with_leaves(tree: Any, values: Mapping[str, np.ndarray], spread: Spread) -> Any:
    """A tree like another with these values, on the devices.

    Args:
        tree: arrays, or their shapes.
        values: path -> value, as :func:`leaves_of` gives them.
        spread: the devices.
    """
    leaves, structure = jax.tree.flatten(tree)
    names = leaves_of(tree)
    put = [_like(leaf, spread.put(values[n])) for n, leaf in zip(names, leaves, strict=True)]
    return jax.tree.unflatten(structure, put)


def _is_key(leaf: Any) -> bool:
    return bool(jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key))


def _data(leaf: Any) -> Any:
    if not _is_key(leaf):
        return leaf
    read = jax.random.key_data
    return jax.eval_shape(read, leaf) if isinstance(leaf, jax.ShapeDtypeStruct) else read(leaf)


def _like(leaf: Any, value: Array) -> Any:
    if not _is_key(leaf):
        return value
    return jax.random.wrap_key_data(value, impl=jax.random.key_impl(leaf))

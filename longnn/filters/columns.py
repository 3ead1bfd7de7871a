"""Batches of signals as columns of one product."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import jax
import jax.numpy as jnp
from jax import Array
from jax.custom_batching import custom_vmap
from jax.typing import ArrayLike

T = TypeVar("T")


def batch_as_columns(
    function: Callable[..., T], leading: int | Sequence[int] = 1, results: int | Sequence[int] = 1
) -> Callable[..., T]:
    """Makes vmap turn members into columns: x [B, N, ...] is swept as one [N, B, ...].

    A leaf of the arguments after the operator, and of the result, has the order, the nodes, or
    both as its first axes and columns after them. An operator that is batched itself, or that says
    ``one_shape`` (a user's own function of one shape of signals), goes through plain vmap.

    Args:
        function: (operator, *trees) -> tree.
        leading: axes before the columns, one number or one for each of the trees.
        results: likewise of the result, one number or one for each of its parts.
    """
    wrapped = custom_vmap(function)

    @wrapped.def_vmap
    def _(axis_size, in_batched, operator, *trees):
        operator_batched, *trees_batched = in_batched
        if any(jax.tree.leaves(operator_batched)) or getattr(operator, "one_shape", False):
            axes = jax.tree.map(lambda b: 0 if b else None, in_batched)
            out = jax.vmap(function, axes, axis_size=axis_size)(operator, *trees)
            return out, jax.tree.map(lambda _: True, out)

        def columns(axis: int, leaf: ArrayLike, batched: bool) -> Array:
            if batched:
                return jnp.moveaxis(leaf, 0, axis)
            leaf = jnp.expand_dims(leaf, axis)
            return jnp.broadcast_to(leaf, (*leaf.shape[:axis], axis_size, *leaf.shape[axis + 1 :]))

        counts = [leading] * len(trees) if isinstance(leading, int) else leading
        out = wrapped(
            operator,
            *(
                jax.tree.map(partial(columns, count), tree, batched)
                for count, tree, batched in zip(counts, trees, trees_batched, strict=True)
            ),
        )
        axes = jax.tree.map(lambda _: results, out) if isinstance(results, int) else results
        out = jax.tree.map(lambda a, axis: jnp.moveaxis(a, axis, 0), out, axes)
        return out, jax.tree.map(lambda _: True, out)

    return wrapped

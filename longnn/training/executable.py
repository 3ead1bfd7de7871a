"""Compiled chunks of epochs, kept for the next fit of the same shapes."""

from functools import lru_cache

import jax
from jax import Array
from jax.sharding import NamedSharding

from longnn.training.batch import Batch
from longnn.training.loop import Member, Problem, Program, RunState, run_chunk
from longnn.training.spreading import Spread


def compiled_step(
    batch: Batch, state: RunState, members: Member, length: int
) -> jax.stages.Compiled:
    """The compiled chunk of epochs for states and members of these shapes.

    Args:
        batch: whose program is compiled.
        state: leaves [B, ...], arrays or their shapes.
        members: leaves [B, ...], likewise.
        length: the number of epochs of the chunk, >= 1.
    """
    runs = batch.spread.shapes((state, members))
    leaves, structure = jax.tree.flatten((*runs, _shapes(batch)))
    return _compiled(batch.program, length, structure, tuple(leaves), batch.spread)


def _shapes(batch: Batch) -> Problem:
    """Those of the problem, which lies on the devices already."""

    def shape(leaf: Array) -> jax.ShapeDtypeStruct:
        sharding = leaf.sharding if isinstance(leaf.sharding, NamedSharding) else None
        return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)

    return jax.tree.map(shape, batch.problem)


@lru_cache(maxsize=32)
def _compiled(
    program: Program,
    length: int,
    structure: jax.tree_util.PyTreeDef,
    shapes: tuple[jax.ShapeDtypeStruct, ...],
    spread: Spread,
) -> jax.stages.Compiled:
    """One executable for each program and set of shapes, kept for the next fit."""
    state, members, problem = jax.tree.unflatten(structure, shapes)
    given = (program, state, members, problem)
    return run_chunk.lower(*given, length=length, spread=spread).compile()

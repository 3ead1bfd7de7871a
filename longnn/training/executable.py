"""Compiled chunks of epochs, kept for the next fit of the same shapes."""

from functools import lru_cache

import jax

from longnn.training.batch import Batch
from longnn.training.loop import Member, Program, RunState, run_chunk


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
    leaves, structure = jax.tree.flatten((state, members, batch.problem))
    shapes = tuple(jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves)
    return _compiled(batch.program, length, structure, shapes)


@lru_cache(maxsize=32)
def _compiled(
    program: Program,
    length: int,
    structure: jax.tree_util.PyTreeDef,
    shapes: tuple[jax.ShapeDtypeStruct, ...],
) -> jax.stages.Compiled:
    """One executable for each program and set of shapes, kept for the next fit."""
    state, members, problem = jax.tree.unflatten(structure, shapes)
    return run_chunk.lower(program, state, members, problem, length=length).compile()

"""Compiled chunks of epochs, kept for the next fit of the same shapes."""

from functools import lru_cache
from typing import Any

import jax

from longnn.training.batch import Batch
from longnn.training.loop import Program, run_chunk


def compiled_step(batch: Batch, state: Any, members: Any, length: int) -> Any:
    """The compiled chunk for states and members of these shapes."""
    leaves, structure = jax.tree.flatten((state, members, batch.problem))
    shapes = tuple(jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves)
    return _compiled(batch.program, length, structure, shapes)


@lru_cache(maxsize=32)
def _compiled(program: Program, length: int, structure: Any, shapes: tuple) -> Any:
    """One executable for each program and set of shapes, kept for the next fit."""
    state, members, problem = jax.tree.unflatten(structure, shapes)
    return run_chunk.lower(program, state, members, problem, length=length).compile()

"""Whether what is trained goes with nodes over devices."""

from collections.abc import Mapping, Sequence

import jax
from jax import Array
from jax.typing import ArrayLike

from longnn.models.reach import hops_of
from longnn.training.builder import Builder
from longnn.training.loop import Problem, Program


def check_spread(
    problem: Problem, program: Program, builder: Builder, traced: Mapping[str, Sequence[ArrayLike]]
) -> None:
    """ValueError where the order of the rows would matter, or those that hold no node.

    Args:
        problem: with nodes over devices, or not.
        program: what is trained.
        builder: of the model.
        traced: the settings of each trial that are traced.
    """
    if problem.rows is None:
        return
    if program.threefry:
        raise ValueError(
            "dropout_bits='threefry' belong to rows in their order, which is another one where "
            "nodes are spread over devices; use dropout_bits='hash', or leave nodes_over out"
        )
    blocks = problem.rows.blocks
    if len(blocks.row) < len(blocks.node) and _hops(builder, traced) is None:
        raise ValueError(
            f"{getattr(builder.model, '__name__', builder.model)} does not say by hops() how far "
            "it looks; if it sums over all nodes, as batch and graph norms do, rows that hold none "
            "would count, too. Give it hops(), take norm='layer', or leave nodes_over out"
        )


def _hops(builder: Builder, traced: Mapping[str, Sequence[ArrayLike]]) -> int | None:
    """How far the model looks; nothing is computed."""
    found: list[int | None] = []

    def made(key: Array) -> None:
        model = builder.module(key, {k: v[0] for k, v in traced.items()})
        found.append(hops_of(model))

    jax.eval_shape(made, jax.eval_shape(jax.random.key, 0))
    return found[0]

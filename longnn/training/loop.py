"""The compiled part of training: a chunk of epochs over a batch of runs, traced once."""

from functools import partial
from typing import Any

import jax
from flax import nnx
from jax import Array

from longnn.training.extras import averaged
from longnn.training.losses import loss_of
from longnn.training.program import Member as Member
from longnn.training.program import Problem as Problem
from longnn.training.program import Program as Program
from longnn.training.program import RunState as RunState
from longnn.training.program import initial_state as initial_state
from longnn.training.spreading import CURVES, ONE, RUNS, SHARED, Spread
from longnn.training.step import Seen, dropout_key, select, update


@partial(jax.jit, static_argnames=("program", "length", "spread"), donate_argnames=("state",))
def run_chunk(
    program: Program,
    state: RunState,
    members: Member,
    problem: Problem,
    *,
    length: int,
    spread: Spread = ONE,
) -> tuple[RunState, dict[str, Array]]:
    """``length`` epochs of a batch of runs; runs that are over stay as they are.

    Args:
        program: static.
        state: leaves [B, ...]; donated.
        members: leaves [B, ...].
        problem: shared.
        length: epochs.
        spread: the devices, of which each trains its runs.

    Returns:
        The new state, and curves [length, B] (NaN where a run was already over).
    """
    batched = jax.vmap(partial(_epoch, program), in_axes=(0, 0, None))

    def epochs(state: RunState, members: Member, problem: Problem) -> tuple[RunState, Any]:
        return jax.lax.scan(
            lambda carry, _: batched(carry, members, problem), state, None, length=length
        )

    every = spread.mapped(epochs, (RUNS, RUNS, SHARED), (RUNS, CURVES))
    state, curves = every(state, members, problem)
    return spread.held(state), curves


def _epoch(
    program: Program, state: RunState, member: Member, problem: Problem
) -> tuple[RunState, dict[str, Array]]:
    """One update and one evaluation of one run; the published selection rule by default."""
    key = dropout_key(program, jax.random.fold_in(member.key, state.epoch), problem.rows)
    measure = loss_of(program.task, member.options)
    trained = update(program, state, member, problem, measure, key)
    weights, extras = averaged(state.extras, member.options, trained.params)
    model: Any = program.model(weights, member.settings)
    outputs = program.task.finish(model(problem.operator, problem.features))
    return select(program, state, member, trained, Seen(weights, extras, outputs), problem)


@partial(jax.jit, static_argnames=("program", "spread"))
def predict(
    program: Program,
    params: nnx.State,
    settings: nnx.State,
    problem: Problem,
    *,
    spread: Spread = ONE,
) -> Array:
    """Outputs [B, N, C] of models, dropout off: log-probabilities, values, or log-odds."""

    def one(p: nnx.State, s: nnx.State, data: Problem) -> Array:
        model: Any = program.model(p, s)
        return program.task.finish(model(data.operator, data.features))

    batched = jax.vmap(one, in_axes=(0, 0, None))
    return spread.mapped(batched, (RUNS, RUNS, SHARED), RUNS)(params, settings, problem)

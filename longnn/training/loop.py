"""The compiled part of training: a chunk of epochs over a batch of runs, traced once."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax import Array

from longnn.training.extras import after_epoch, averaged, rate
from longnn.training.losses import loss_of
from longnn.training.program import Member as Member
from longnn.training.program import Problem as Problem
from longnn.training.program import Program as Program
from longnn.training.program import RunState as RunState
from longnn.training.program import initial_state as initial_state
from longnn.training.spreading import CURVES, ONE, RUNS, SHARED, Spread


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
    loss, params, opt_state, rates = _update(program, state, member, problem)
    weights, extras = averaged(state.extras, member.options, params)
    model: Any = program.model(weights, member.settings)
    outputs = program.task.finish(model(problem.operator, problem.features))
    val_loss = loss_of(program.task, member.options)(outputs, problem.labels, member.val)
    score = program.metric(outputs, problem.labels, member.val)
    score = score.astype(state.best_score.dtype)
    curves = {"loss": loss, "val_loss": val_loss, "val": score, **rates}
    finite = jnp.isfinite(loss) & jnp.isfinite(val_loss)
    value, watched = _watched(program, curves, outputs, problem, member)
    value = value.astype(state.best_score.dtype)
    strictly = program.options.patience_counts == "not_better"
    improved = value > state.best_score if strictly else value >= state.best_score
    better = finite & improved
    epoch = state.epoch + 1
    below = jnp.where(better, 0, state.below + 1)
    new = RunState(
        params=params,
        opt_state=opt_state,
        best_params=_choose(better, weights, state.best_params),
        best_score=jnp.where(better, value, state.best_score),
        best_epoch=jnp.where(better, epoch, state.best_epoch),
        epoch=epoch,
        below=below,
        running=finite & (below <= member.patience) & (epoch < member.max_epochs),
        diverged=~finite,
        extras=after_epoch(extras, member.options, val_loss, score, better),
    )
    curves = curves | watched | scalars(model)
    curves = {name: jnp.where(state.running, value, jnp.nan) for name, value in curves.items()}
    return _choose(state.running, new, state), curves


def _watched(
    program: Program, curves: dict[str, Array], outputs: Array, problem: Problem, member: Member
) -> tuple[Array, dict[str, Array]]:
    """What selects the epoch, of which more is better, and its curve unless it has one."""
    watched = program.options.watched
    if watched is None:
        return curves["val"], {}
    if watched.metric is None:
        return -curves[watched.curve], {}
    mask = member.train if watched.part == "train" else member.val
    value = watched.metric(outputs, problem.labels, mask)
    return (-value if watched.less else value), {watched.curve: value}


def _update(
    program: Program, state: RunState, member: Member, problem: Problem
) -> tuple[Array, nnx.State, optax.OptState, dict[str, Array]]:
    """The loss, the new parameters and state, and the curve of the rates if they change."""
    drawn = jax.random.fold_in(member.key, state.epoch)
    key = program.dropout_key(drawn, problem)
    measure = loss_of(program.task, member.options)

    def objective(params: nnx.State) -> Array:
        model: Any = program.model(params, member.settings)
        outputs = program.task.finish(model(problem.operator, problem.features, key))
        loss = measure(outputs, problem.labels, member.train)
        if program.penalised:
            # half the squared norm, so that its gradient is that of Adam's coupled L2
            loss += member.theta_decay / 2 * jnp.sum(model.theta() ** 2)
        return loss

    loss, gradient = jax.value_and_grad(objective)(state.params)
    optimizer = program.optimizer(state.params, member)
    # what Adam does not look at: some transformations search along a line
    seen = {"value": loss, "grad": gradient, "value_fn": objective}
    updates, opt_state = optimizer.update(gradient, state.opt_state, state.params, **seen)
    factor = rate(program.options, member.options, state.extras, state.epoch)
    if factor is None:
        return loss, optax.apply_updates(state.params, updates), opt_state, {}
    updates = jax.tree.map(lambda update: factor * update, updates)
    return loss, optax.apply_updates(state.params, updates), opt_state, {"rate": factor}


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


def scalars(model: nnx.Module) -> dict[str, Array]:
    """The model's own curves; empty where it names none."""
    return model.scalars() if hasattr(model, "scalars") else {}


def _choose(condition: Array, new: Any, old: Any) -> Any:
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), new, old)

"""What an epoch of one run is made of: an update of its parameters, and the rule of selection."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax import Array

from longnn.models.dropout import Key, NodeKey, ThreefryKey
from longnn.training.extras import Extras, after_epoch, rate
from longnn.training.losses import Loss, loss_of
from longnn.training.program import Member, Problem, Program, RunState
from longnn.training.rows import Rows

Curves = dict[str, Array]
"""name -> a number of one epoch of one run."""


class Trained(NamedTuple):
    """What the updates of an epoch give: the loss, the weights, and the rates if they change."""

    loss: Array
    params: nnx.State
    opt_state: optax.OptState
    rates: Curves


class Seen(NamedTuple):
    """What is evaluated after an epoch: weights, their outputs [N, C], and the options' extras."""

    weights: nnx.State
    extras: Extras
    outputs: Array


def dropout_key(program: Program, drawn: Array, rows: Rows | None = None) -> Key:
    """The key in the form in which dropout takes its bits as the program says.

    Args:
        program: static.
        drawn: the key.
        rows: which node each row is, where nodes are spread over devices.
    """
    if program.threefry:
        return ThreefryKey(drawn)
    return drawn if rows is None else NodeKey(drawn, rows.node)


def update(
    program: Program, state: RunState, member: Member, problem: Problem, measure: Loss, key: Key
) -> Trained:
    """One step of the optimizer.

    Args:
        program: static.
        state: of one run.
        member: of the run.
        problem: operator, features and labels that the loss is taken on.
        measure: the loss of the outputs on the training nodes.
        key: of dropout.
    """

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
    looked = {"value": loss, "grad": gradient, "value_fn": objective}
    updates, opt_state = optimizer.update(gradient, state.opt_state, state.params, **looked)
    factor = rate(program.options, member.options, state.extras, state.epoch)
    if factor is None:
        return Trained(loss, optax.apply_updates(state.params, updates), opt_state, {})
    updates = jax.tree.map(lambda update: factor * update, updates)
    params = optax.apply_updates(state.params, updates)
    return Trained(loss, params, opt_state, {"rate": factor})


def select(
    program: Program,
    state: RunState,
    member: Member,
    trained: Trained,
    seen: Seen,
    problem: Problem,
) -> tuple[RunState, Curves]:
    """The state and the curves after an epoch; the published selection rule by default.

    Args:
        program: static.
        state: of one run before the epoch.
        member: of the run.
        trained: what the updates of the epoch gave.
        seen: the weights that are evaluated, and what they say.
        problem: whose labels [N] the outputs are compared with.
    """
    loss, params, opt_state, rates = trained
    outputs = seen.outputs
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
        best_params=choose(better, seen.weights, state.best_params),
        best_score=jnp.where(better, value, state.best_score),
        best_epoch=jnp.where(better, epoch, state.best_epoch),
        epoch=epoch,
        below=below,
        running=finite & (below <= member.patience) & (epoch < member.max_epochs),
        diverged=~finite,
        extras=after_epoch(seen.extras, member.options, val_loss, score, better),
    )
    curves = curves | watched | scalars(program.model(seen.weights, member.settings))
    curves = {name: jnp.where(state.running, value, jnp.nan) for name, value in curves.items()}
    return choose(state.running, new, state), curves


def _watched(
    program: Program, curves: Curves, outputs: Array, problem: Problem, member: Member
) -> tuple[Array, Curves]:
    """What selects the epoch, of which more is better, and its curve unless it has one."""
    watched = program.options.watched
    if watched is None:
        return curves["val"], {}
    if watched.metric is None:
        return -curves[watched.curve], {}
    mask = member.train if watched.part == "train" else member.val
    value = watched.metric(outputs, problem.labels, mask)
    return (-value if watched.less else value), {watched.curve: value}


def scalars(model: nnx.Module) -> Curves:
    """The model's own curves; empty where it names none."""
    return model.scalars() if hasattr(model, "scalars") else {}


def choose(condition: Array, new: Any, old: Any) -> Any:
    """The leaves of ``new`` where a run meets a condition, those of ``old`` where not."""
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), new, old)

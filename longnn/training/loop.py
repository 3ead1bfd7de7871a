"""The compiled part of training: a chunk of epochs over a batch of runs, traced once."""

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax import Array
from jaxtyping import Bool, Float, Int, Real

from longnn.models.dropout import ThreefryKey
from longnn.models.features import Features
from longnn.operators.protocol import Operator
from longnn.training.metrics import Metric
from longnn.training.optimizer import Static, from_static, grouped_adam
from longnn.training.task import CLASSIFICATION, Task


class Problem(NamedTuple):
    """What all runs of a batch share."""

    operator: Operator
    features: Features
    labels: Real[Array, "N ..."]  # -1 where unlabelled; real for regression, NaN where unlabelled;
    # [N, C] of 0, 1 and -1 (not known) for a multi-label metric


class Member(NamedTuple):
    """What one run of a batch has of its own; every leaf is traced."""

    key: Array  # of dropout
    train: Bool[Array, " N"]
    val: Bool[Array, " N"]
    settings: nnx.State
    rates: dict[str, dict[str, Array]]  # empty where a transformation of optax trains
    theta_decay: Float[Array, ""]
    patience: Int[Array, ""]
    max_epochs: Int[Array, ""]


class RunState(NamedTuple):
    """Carried from epoch to epoch."""

    params: nnx.State
    opt_state: optax.OptState
    best_params: nnx.State
    best_score: Array
    best_epoch: Array
    epoch: Array  # epochs completed
    below: Array  # consecutive epochs strictly below the best
    running: Array
    diverged: Array


@dataclass(frozen=True)
class Program:
    """The static part: hashable, so that equal programs share one compilation."""

    graphdef: nnx.GraphDef
    labels: tuple[str, ...]  # optimizer group of each parameter leaf
    metric: Metric
    penalised: bool  # whether theta_decay acts
    task: Task = CLASSIFICATION
    threefry: bool = False  # dropout from jax's generator instead of the hash
    transformation: Static | None = None  # of optax, in place of Adam

    def model(self, params: nnx.State, settings: nnx.State) -> nnx.Module:
        """The module with these parameters."""
        return nnx.merge(self.graphdef, params, settings)

    def optimizer(
        self, params: nnx.State, rates: dict[str, dict[str, Array]]
    ) -> optax.GradientTransformationExtraArgs:
        """Adam with the rates of one member, or the transformation that replaces it."""
        labels = jax.tree.unflatten(jax.tree.structure(params), self.labels)
        if self.transformation is None:
            return optax.with_extra_args_support(grouped_adam(labels, rates))
        return optax.with_extra_args_support(from_static(self.transformation, labels))


def initial_state(program: Program, params: nnx.State, member: Member) -> RunState:
    """State of one run before its first epoch."""
    zero = jnp.zeros((), jnp.int32)
    return RunState(
        params=params,
        opt_state=program.optimizer(params, member.rates).init(params),
        best_params=params,
        best_score=jnp.asarray(-jnp.inf, jax.tree.leaves(params)[0].dtype),
        best_epoch=zero,
        epoch=zero,
        below=zero,
        running=jnp.asarray(True),
        diverged=jnp.asarray(False),
    )


@partial(jax.jit, static_argnames=("program", "length"), donate_argnames=("state",))
def run_chunk(
    program: Program, state: RunState, members: Member, problem: Problem, *, length: int
) -> tuple[RunState, dict[str, Array]]:
    """``length`` epochs of a batch of runs; runs that are over stay as they are.

    Args:
        program: static.
        state: leaves [B, ...]; donated.
        members: leaves [B, ...].
        problem: shared.
        length: epochs.

    Returns:
        The new state, and curves [length, B] (NaN where a run was already over).
    """
    batched = jax.vmap(partial(_epoch, program), in_axes=(0, 0, None))
    return jax.lax.scan(
        lambda carry, _: batched(carry, members, problem), state, None, length=length
    )


def _epoch(
    program: Program, state: RunState, member: Member, problem: Problem
) -> tuple[RunState, dict[str, Array]]:
    """One update and one evaluation of one run; the published selection rule."""
    loss, params, opt_state = _update(program, state, member, problem)
    model: Any = program.model(params, member.settings)
    outputs = program.task.finish(model(problem.operator, problem.features))
    val_loss = program.task.loss(outputs, problem.labels, member.val)
    score = program.metric(outputs, problem.labels, member.val)
    score = score.astype(state.best_score.dtype)
    finite = jnp.isfinite(loss) & jnp.isfinite(val_loss)
    better = finite & (score >= state.best_score)
    epoch = state.epoch + 1
    below = jnp.where(better, 0, state.below + 1)
    new = RunState(
        params=params,
        opt_state=opt_state,
        best_params=_choose(better, params, state.best_params),
        best_score=jnp.where(better, score, state.best_score),
        best_epoch=jnp.where(better, epoch, state.best_epoch),
        epoch=epoch,
        below=below,
        running=finite & (below <= member.patience) & (epoch < member.max_epochs),
        diverged=~finite,
    )
    curves = {"loss": loss, "val_loss": val_loss, "val": score, **scalars(model)}
    curves = {name: jnp.where(state.running, value, jnp.nan) for name, value in curves.items()}
    return _choose(state.running, new, state), curves


def _update(
    program: Program, state: RunState, member: Member, problem: Problem
) -> tuple[Array, nnx.State, optax.OptState]:
    drawn = jax.random.fold_in(member.key, state.epoch)
    key = ThreefryKey(drawn) if program.threefry else drawn

    def objective(params: nnx.State) -> Array:
        model: Any = program.model(params, member.settings)
        outputs = program.task.finish(model(problem.operator, problem.features, key))
        loss = program.task.loss(outputs, problem.labels, member.train)
        if program.penalised:
            # half the squared norm, so that its gradient is that of Adam's coupled L2
            loss += member.theta_decay / 2 * jnp.sum(model.theta() ** 2)
        return loss

    loss, gradient = jax.value_and_grad(objective)(state.params)
    optimizer = program.optimizer(state.params, member.rates)
    # what Adam does not look at: some transformations search along a line
    seen = {"value": loss, "grad": gradient, "value_fn": objective}
    updates, opt_state = optimizer.update(gradient, state.opt_state, state.params, **seen)
    return loss, optax.apply_updates(state.params, updates), opt_state


@partial(jax.jit, static_argnames=("program",))
def predict(program: Program, params: nnx.State, settings: nnx.State, problem: Problem) -> Array:
    """Outputs [B, N, C] of models, dropout off: log-probabilities, values, or log-odds."""

    def one(p: nnx.State, s: nnx.State, data: Problem) -> Array:
        model: Any = program.model(p, s)
        return program.task.finish(model(data.operator, data.features))

    return jax.vmap(one, in_axes=(0, 0, None))(params, settings, problem)


def scalars(model: nnx.Module) -> dict[str, Array]:
    """The model's own curves; empty where it names none."""
    return model.scalars() if hasattr(model, "scalars") else {}


def _choose(condition: Array, new: Any, old: Any) -> Any:
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), new, old)

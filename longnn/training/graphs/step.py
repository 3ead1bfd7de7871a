"""The compiled epochs over batches of graphs: order, gathering, updates, evaluation, selection."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jaxtyping import Float, Int, PRNGKeyArray

from longnn.operators.capacities import capacity_for
from longnn.operators.packing import Capacity
from longnn.training.extras import averaged, rate
from longnn.training.graphs.plan import Plan, shuffled
from longnn.training.graphs.stored import Batch, Stored, batch_of
from longnn.training.losses import loss_of
from longnn.training.program import Member, Problem, Program, RunState
from longnn.training.step import Curves, Seen, Trained, choose, dropout_key, select, update


class Split(NamedTuple):
    """The graphs of one split, which all of its runs share.

    Attributes:
        train: [t] the training graphs, -1 at the end where there are fewer.
        seen: [V, g] batches of the graphs that are evaluated after each epoch.
        part: [G+1] the part of each graph; that of the last, which is none, is -1.
        order: the key of the order of the training graphs.
    """

    train: Int[Array, " t"]
    seen: Int[Array, "V g"]
    part: Int[Array, " G1"]
    order: PRNGKeyArray


class Judged(NamedTuple):
    """What outputs of evaluated graphs are compared with.

    Attributes:
        labels: [m, ...] of all rows of all batches.
        train, val: [m] which of them are in the part.
    """

    labels: Array
    train: Array
    val: Array


@partial(jax.jit, static_argnames=("program", "plan", "length"), donate_argnames=("state",))
def run_epochs(
    program: Program,
    state: RunState,
    members: Member,
    of: Stored,
    split: Split,
    first: Int[Array, ""],
    *,
    plan: Plan,
    length: int,
) -> tuple[RunState, Curves]:
    """``length`` epochs of the runs of one split; after the end of all of them nothing is computed.

    Args:
        program: static.
        state: leaves [B, ...]; donated.
        members: leaves [B, ...]; their masks are not looked at.
        of: all graphs.
        split: of the runs.
        first: the number of the first of these epochs, which the order of the graphs depends on.
        plan: static.
        length: number of epochs.

    Returns:
        The new state, and curves [length, B] (NaN where a run was already over).
    """
    judged = _judged(of, split, plan.seen)

    def one(state: RunState, number: Array) -> tuple[RunState, Curves]:
        return _epoch(program, state, members, of, split, judged, number, plan)

    shapes = jax.eval_shape(one, state, first)[1]

    def unless_over(state: RunState, number: Array) -> tuple[RunState, Curves]:
        none = jax.tree.map(lambda s: jnp.full(s.shape, jnp.nan, s.dtype), shapes)
        return jax.lax.cond(
            state.running.any(), lambda s: one(s, number), lambda s: (s, none), state
        )

    return jax.lax.scan(unless_over, state, first + jnp.arange(length))


def _epoch(
    program: Program,
    state: RunState,
    members: Member,
    of: Stored,
    split: Split,
    judged: Judged,
    number: Array,
    plan: Plan,
) -> tuple[RunState, Curves]:
    batches = shuffled(jax.random.fold_in(split.order, number), split.train, plan.batch)
    runs = state.running.shape
    nothing = jnp.zeros(runs, jax.tree.leaves(state.params)[0].dtype)

    def step(carry: Any, item: tuple[Array, Array]) -> tuple[Any, None]:
        (params, opt_state), loss, count = carry
        now = state._replace(params=params, opt_state=opt_state)
        bodies = [partial(_updated, program, capacity=c) for c in plan.capacities]
        given = (now, members, of, *item)
        which = capacity_for(of.packing, item[1], plan.capacities)
        trained, lost, acts = jax.lax.switch(which, bodies, *given)
        return (trained, loss + lost, count + acts), None

    start = ((state.params, state.opt_state), nothing, nothing)
    steps = jnp.arange(len(batches))
    (trained, loss, count), _ = jax.lax.scan(step, start, (steps, batches))
    state = state._replace(params=trained[0], opt_state=trained[1])
    weights, extras = jax.vmap(averaged)(state.extras, members.options, state.params)
    outputs = outputs_of(program, weights, members.settings, of, split.seen, plan.seen)
    seen = Seen(weights, extras, outputs)
    return _selected(program, state, members, loss / jnp.maximum(count, 1), seen, judged)


def _updated(
    program: Program,
    state: RunState,
    members: Member,
    of: Stored,
    number: Array,
    graphs: Array,
    *,
    capacity: Capacity,
) -> tuple[Any, Array, Array]:
    """Parameters and optimizer after one batch, its loss, and whether it counts (1 or 0)."""
    batch = batch_of(of, graphs, capacity)
    labelled = batch.mask.any()

    def one(state: RunState, member: Member) -> tuple[Any, Array, Array]:
        drawn = jax.random.fold_in(jax.random.fold_in(member.key, state.epoch), number)
        measure = loss_of(program.task, member.options)
        of_batch = member._replace(train=batch.mask)
        key = dropout_key(program, drawn)
        trained = update(program, state, of_batch, batch.problem, measure, key)
        acts = state.running & labelled
        kept = choose(acts, (trained.params, trained.opt_state), (state.params, state.opt_state))
        dtype = trained.loss.dtype
        return kept, jnp.where(acts, trained.loss, 0), acts.astype(dtype)

    return jax.vmap(one)(state, members)


def _selected(
    program: Program, state: RunState, members: Member, loss: Array, seen: Seen, judged: Judged
) -> tuple[RunState, Curves]:
    """Selection after an epoch; the rule is that of ``longnn.training.step.select``."""
    problem = Problem(None, None, judged.labels)  # type: ignore[arg-type]

    def one(state: RunState, member: Member, loss: Array, seen: Seen) -> tuple[RunState, Curves]:
        factor = rate(program.options, member.options, state.extras, state.epoch)
        rates = {} if factor is None else {"rate": factor}
        member = member._replace(train=judged.train, val=judged.val)
        trained = Trained(loss, state.params, state.opt_state, rates)
        return select(program, state, member, trained, seen, problem)

    return jax.vmap(one)(state, members, loss, seen)


def _judged(of: Stored, split: Split, capacity: Capacity) -> Judged:
    """Labels and masks of the evaluated graphs, in the order of their outputs."""

    def one(graphs: Array) -> tuple[Array, Array, Array]:
        batch: Batch = batch_of(of, graphs, capacity)
        part = split.part[batch.owner]
        return batch.problem.labels, batch.mask & (part == 0), batch.mask & (part == 1)

    found = jax.lax.map(one, split.seen)
    return Judged(*(a.reshape(-1, *a.shape[2:]) for a in found))


def outputs_of(
    program: Program,
    params: nnx.State,
    settings: nnx.State,
    of: Stored,
    batches: Int[Array, "V g"],
    capacity: Capacity,
) -> Float[Array, "B m C"]:
    """The outputs of B models on all rows (or graphs) of some batches, one after the other.

    Args:
        program: static.
        params, settings: leaves [B, ...].
        of: all graphs.
        batches: [V, g] numbers of graphs.
        capacity: that each of them fits into.
    """

    def one(graphs: Array) -> Array:
        given = batch_of(of, graphs, capacity).problem

        def model(params: nnx.State, settings: nnx.State) -> Array:
            made: Any = program.model(params, settings)
            return program.task.finish(made(given.operator, given.features))

        return jax.vmap(model)(params, settings)

    found = jnp.moveaxis(jax.lax.map(one, batches), 0, 1)
    return found.reshape(found.shape[0], -1, found.shape[-1])


@partial(jax.jit, static_argnames=("program", "capacity"))
def predicted(
    program: Program,
    params: nnx.State,
    settings: nnx.State,
    of: Stored,
    batches: Int[Array, "V g"],
    *,
    capacity: Capacity,
) -> tuple[Float[Array, "B m C"], Int[Array, " m"]]:
    """The outputs of models, and the number of the node or graph of each, which is M for none.

    Args:
        program, params, settings, of, batches, capacity: see :func:`outputs_of`.
    """
    number = jax.lax.map(lambda graphs: batch_of(of, graphs, capacity).number, batches)
    return outputs_of(program, params, settings, of, batches, capacity), number.ravel()

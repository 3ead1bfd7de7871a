"""The compiled parts of an epoch in mini-batches; each is traced once."""

from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jaxtyping import Bool, Float, Int, PRNGKeyArray, Real

from longnn.models.dropout import Key, NodeKey, ThreefryKey
from longnn.models.propagated import Propagated
from longnn.training.extras import Extras, averaged, rate
from longnn.training.losses import loss_of
from longnn.training.program import Member, Problem, Program, RunState
from longnn.training.step import Curves, Seen, Trained, choose, select, update


class Part(NamedTuple):
    """A mini-batch of n nodes, which all runs share; the last rows may belong to no node.

    Attributes:
        terms: of the nodes.
        nodes: [n] their numbers, which dropout is hashed with.
        labels: [n], or [n, C] of several labels a node.
        train: [B, n] the training nodes of each run.
        share: [B] (weight of its training nodes here) / (of all of them) * (number of mini-batches
            that hold such); 0 where there are none here, and the run stays as it is.
        number: of the mini-batch in its epoch.
    """

    terms: Propagated
    nodes: Int[Array, " n"]
    labels: Real[Array, "n ..."]
    train: Bool[Array, "B n"]
    share: Float[Array, " B"]
    number: Int[Array, ""]


_SHARED = Part(terms=None, nodes=None, labels=None, train=0, share=0, number=None)  # type: ignore[arg-type]


@partial(jax.jit, static_argnames=("program",), donate_argnames=("state", "loss"))
def run_batch(
    program: Program, state: RunState, members: Member, loss: Float[Array, " B"], part: Part
) -> tuple[RunState, Float[Array, " B"]]:
    """One update of every run that has training nodes in the mini-batch, and is not over.

    Args:
        program: static.
        state: leaves [B, ...]; donated.
        members: leaves [B, ...].
        loss: [B] the sum of the losses of the epoch so far; donated.
        part: the mini-batch.
    """
    batched = jax.vmap(partial(_batch, program), in_axes=(0, 0, 0, _SHARED))
    return batched(state, members, loss, part)


def _batch(
    program: Program, state: RunState, member: Member, loss: Array, part: Part
) -> tuple[RunState, Array]:
    def measure(outputs: Array, labels: Array, mask: Array) -> Array:
        return part.share * loss_of(program.task, member.options)(outputs, labels, mask)

    given = Problem(part.terms, part.terms, part.labels)
    member = member._replace(train=part.train)
    key = _key(program, jax.random.fold_in(member.key, state.epoch), part)
    trained = update(program, state, member, given, measure, key)
    acts = state.running & (part.share > 0)
    params, opt_state = choose(
        acts, (trained.params, trained.opt_state), (state.params, state.opt_state)
    )
    state = state._replace(params=params, opt_state=opt_state)
    return state, loss + jnp.where(acts, trained.loss, 0)


def _key(program: Program, drawn: PRNGKeyArray, part: Part) -> Key:
    """The key of dropout: by the numbers of the nodes, as in the full batch, where it is hashed."""
    if program.threefry:
        return ThreefryKey(jax.random.fold_in(drawn, part.number))
    return NodeKey(drawn, part.nodes)


def compiled_batch(
    program: Program, state: RunState, members: Member, part: Part
) -> jax.stages.Compiled:
    """The compiled :func:`run_batch` for leaves of these shapes, kept for the next training.

    Args:
        program: static.
        state, members, part: leaves are arrays, or their shapes.
    """
    leaves, structure = jax.tree.flatten((state, members, part.share, part))
    shapes = tuple(jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves)
    return _compiled(program, structure, shapes)


@lru_cache(maxsize=32)
def _compiled(
    program: Program,
    structure: jax.tree_util.PyTreeDef,
    shapes: tuple[jax.ShapeDtypeStruct, ...],
) -> jax.stages.Compiled:
    return run_batch.lower(program, *jax.tree.unflatten(structure, shapes)).compile()


@partial(jax.jit, static_argnames=("program",))
def evaluated_weights(
    program: Program, state: RunState, members: Member
) -> tuple[nnx.State, Extras]:
    """The weights that are evaluated after an epoch, and the extras with them; leaves [B, ...].

    Args:
        program: static; it decides nothing, but names the state.
        state: leaves [B, ...].
        members: leaves [B, ...].
    """
    return jax.vmap(averaged)(state.extras, members.options, state.params)


@partial(jax.jit, static_argnames=("program",))
def end_epoch(
    program: Program,
    state: RunState,
    members: Member,
    loss: Float[Array, " B"],
    seen: Seen,
    labels: Real[Array, "n ..."],
) -> tuple[RunState, Curves]:
    """Selection after an epoch; the curves are [B].

    Args:
        program: static.
        state: leaves [B, ...], after the updates.
        members: leaves [B, ...], with the masks of the nodes that are evaluated.
        loss: [B] the mean over the mini-batches of the epoch.
        seen: the weights that were evaluated, and their outputs [B, n, C].
        labels: [n] of the nodes that are evaluated.
    """

    def one(state: RunState, member: Member, loss: Array, seen: Seen) -> tuple[RunState, Curves]:
        factor = rate(program.options, member.options, state.extras, state.epoch)
        rates = {} if factor is None else {"rate": factor}
        trained = Trained(loss, state.params, state.opt_state, rates)
        return select(program, state, member, trained, seen, Problem(None, None, labels))  # type: ignore[arg-type]

    return jax.vmap(one)(state, members, loss, seen)

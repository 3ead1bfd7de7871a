"""Small problems for mini-batches: a dataset, its terms on the disk, and its full batch."""

from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

import longnn
import polybases
from longnn.models.names import by_name
from longnn.models.propagated import Propagated
from longnn.stores import StoredTerms, build, propagate
from longnn.training import Problem
from longnn.training.builder import Trial
from longnn.training.losses import loss_of
from longnn.training.minibatch._fit import batch_of, with_defaults
from longnn.training.minibatch.drive import Trainer
from longnn.training.minibatch.outputs import on_device_in
from longnn.training.minibatch.work import work_of

OFF = {"dropout": 0.0}


class Case(NamedTuple):
    """A dataset, splits of it, and its terms on the disk in float64."""

    data: longnn.data.Dataset
    splits: longnn.data.Splits
    terms: StoredTerms


def made(folder, data, splits, order, exponents=(0.0, 0.0)) -> Case:
    graph = build(folder / "graph", [(data.graph.pairs(), data.graph.pair_weights())],
                  data.graph.num_nodes)  # fmt: skip
    basis = polybases.jacobi(order, *map(np.float64, exponents))
    terms = propagate(folder / "terms", graph, data.features, basis, dtype="float64")
    return Case(data, splits, terms)


def small(folder, order=6, exponents=(0.0, 0.0)) -> Case:
    data = longnn.data.csbm.generate(nodes=90, features=12, phi=-0.5)
    return made(folder, data, longnn.data.splits.stratified(data, count=2), order, exponents)


def summed_gradients() -> optax.GradientTransformation:
    """Leaves the parameters as they are; its state is the sum and number of gradients."""

    def first(params):
        return jax.tree.map(jnp.zeros_like, params), jnp.zeros((), jnp.int32)

    def add(gradients, state, params=None):
        summed = jax.tree.map(jnp.add, state[0], gradients)
        return jax.tree.map(jnp.zeros_like, gradients), (summed, state[1] + 1)

    return optax.GradientTransformation(first, add)


def trainer_of(
    case, model, settings, optim, *, batch_nodes, memory=1e9, tolerance=np.inf,
    dtype="float64", seeds=(0,),
):  # fmt: skip
    """All that ``fit_stored`` makes, before the first epoch."""
    trials = [Trial(with_defaults(settings, case.terms), optim, seeds)]
    given = (case.terms, case.data.labels, case.splits, case.data.classes, trials, "accuracy")
    batch = batch_of(by_name(model), *given, np.dtype(dtype))
    work = work_of(batch, case.terms, case.data.labels, batch_nodes, memory, 0)
    return Trainer(replace(work, room=np.inf), tolerance)  # the memory is for terms here


def leaves(tree) -> list[np.ndarray]:
    return [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(tree)]


def mean_gradients(trainer) -> list[np.ndarray]:
    """The mean over the mini-batches of the first epoch, [B, ...]; the optimizer must sum them."""
    trainer.train(lambda _: None)
    summed, count = trainer.state.opt_state
    count = np.asarray(count)
    return [leaf / count.reshape(-1, *[1] * (leaf.ndim - 1)) for leaf in leaves(summed)]


def full_gradients(case, trainer, dtype) -> list[np.ndarray]:
    """Of the whole graph by its operator, at the first parameters of the runs, [B, ...]."""
    problem = longnn.training.problem_of(case.data, backend="segment_sum", dtype=dtype)
    program, splits = trainer.work.batch.program, case.splits

    def one(params, settings, options, penalty, mask):
        def loss(params):
            model = program.model(params, settings)
            outputs = program.task.finish(model(problem.operator, problem.features))
            found = loss_of(program.task, options)(outputs, problem.labels, mask)
            return found + penalty / 2 * jnp.sum(model.theta() ** 2)

        return jax.grad(loss)(params)

    members = trainer.members
    masks = jnp.asarray(splits.train[[run.split for run in trainer.work.batch.runs]])
    given = (trainer.state.params, members.settings, members.options, members.theta_decay, masks)
    return leaves(jax.jit(jax.vmap(one))(*given))


def distance(found, exact) -> float:
    return float(np.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(found, exact, strict=True))))


def full_problem(case) -> Problem:
    """The terms of all nodes at once, for ``longnn.fit``."""
    nodes = np.arange(case.terms.num_nodes)
    basis = on_device_in(case.terms.basis, np.dtype(np.float64))
    terms = Propagated(jnp.asarray(case.terms.take(nodes)), basis)
    return Problem(terms, terms, jnp.asarray(case.data.labels))


def check_gradients(found):
    """Those of mini-batches are those of the full batch: to 1e-10 in float64; in float32 as near to
    float64 as the full batch, within twice.

    Args:
        found: type of the numbers -> (of the full batch, the mean over mini-batches).
    """
    exact, summed = found["float64"]
    for a, b in zip(exact, summed, strict=True):
        assert np.abs(a).max() > 1e-7, "a parameter that nothing depends on shows nothing"
        np.testing.assert_allclose(b, a, atol=1e-10 * max(1, np.abs(a).max()))
    full, summed = found["float32"]
    size = np.sqrt(sum((a**2).sum() for a in exact))
    assert distance(summed, exact) <= 2 * distance(full, exact) + 1e-7 * size

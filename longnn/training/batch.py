"""Makes the batch of runs that a model, its trials, splits and seeds stand for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.typing import DTypeLike

from longnn.data.splits import Splits
from longnn.training.check import check_problem
from longnn.training.loop import Member, Problem, Program, RunState, initial_state
from longnn.training.metrics import METRICS, REGRESSION_METRICS
from longnn.training.optimizer import Optim, Rates, group_labels, grouped_adam
from longnn.training.task import CLASSIFICATION, REGRESSION


class Trial(NamedTuple):
    """What a search varies: settings of the model, how it is trained, and from which seeds."""

    settings: Mapping[str, Any]
    optim: Optim
    seeds: Sequence[int] = (0,)


class Run(NamedTuple):
    """The place of one run in a batch."""

    trial: int
    seed: int
    split: int


@dataclass(frozen=True)
class Batch:
    """B runs, whose states are made when they are trained."""

    program: Program
    problem: Problem
    runs: list[Run]
    builder: "_Builder"
    keys: Array  # [B] of the initial values
    values: dict[str, Array]  # [B] traced settings
    members: Member  # leaves [B, ...], settings still empty

    def begin(self, index: np.ndarray) -> tuple[RunState, Member]:
        """Initial states of the runs at ``index`` [b]; leaves [b, ...]."""
        keys, values, members = jax.tree.map(
            lambda leaf: leaf[index], (self.keys, self.values, self.members)
        )
        state, settings = _start(self.builder, self.program, keys, values, members)
        return state, members._replace(settings=settings)


def make_batch(
    model: Callable[..., nnx.Module],
    problem: Problem,
    splits: Splits,
    classes: int,
    trials: Sequence[Trial],
    metric: str,
) -> Batch:
    """The runs of every (trial, seed, split), in this order.

    Float settings are traced, so that equal programs differing in them share a compilation; all
    others are static, must be hashable, and equal in all trials. Random numbers depend on
    (seed, split) alone.

    Raises:
        ValueError: see ``longnn.training.fit``.
    """
    check_problem(problem, splits, classes, metric)
    if not all(len(trial.seeds) for trial in trials):
        raise ValueError("seeds is empty; give at least one, for instance seeds=(0,)")
    traced, fixed = _traced_and_fixed(trials)
    builder = _Builder(model, problem.features.shape[1], classes, problem.features.dtype, fixed)
    program = _program(builder, traced, trials, metric)
    number = range(len(splits.part))
    runs = [
        Run(t, *pair) for t, trial in enumerate(trials) for pair in product(trial.seeds, number)
    ]
    keys = _keys(np.array([run.seed for run in runs]), np.array([run.split for run in runs]))
    members = _members(keys[:, 1], runs, splits, trials, builder.dtype)
    of_trial = np.array([run.trial for run in runs])
    values = {k: jnp.asarray(v, builder.dtype)[of_trial] for k, v in traced.items()}
    return Batch(program, problem, runs, builder, keys[:, 0], values, members)


def refusals(
    model: Callable[..., nnx.Module], problem: Problem, classes: int, trials: Sequence[Trial]
) -> dict[int, ValueError]:
    """Number of each trial whose settings the model refuses -> what it says."""
    refused = {}
    for number, trial in enumerate(trials):
        traced, fixed = _traced_and_fixed([trial])
        builder = _Builder(model, 1, classes, problem.features.dtype, fixed)
        try:
            builder(jax.random.key(0), {k: v[0] for k, v in traced.items()})
        except ValueError as error:
            refused[number] = error
    return refused


def template(
    model: Callable[..., nnx.Module],
    shape: tuple[int, int],
    trial: Trial,
    metric: str,
    dtype: DTypeLike,
) -> tuple[Program, nnx.State, nnx.State]:
    """The program of one run, and its parameters and settings before the first epoch.

    Args:
        model: see ``longnn.training.fit``.
        shape: (F, C).
        trial: its settings and optim.
        metric: for selection.
        dtype: of the parameters.

    Raises:
        ValueError: see ``longnn.training.fit``.
    """
    traced, fixed = _traced_and_fixed([trial])
    builder = _Builder(model, *shape, dtype, fixed)
    program = _program(builder, traced, [trial], metric)
    _, params, settings = builder(jax.random.key(0), {k: v[0] for k, v in traced.items()})
    return program, params, settings


@dataclass(frozen=True)
class _Builder:
    """The static part of building a model; hashable, so that ``jit`` recognises it."""

    model: Callable[..., nnx.Module]
    in_features: int
    classes: int
    dtype: Any
    fixed: tuple[tuple[str, Any], ...]

    def __call__(self, key: Array, traced: dict[str, Any]) -> tuple[nnx.GraphDef, Any, Any]:
        """(graph definition, parameters, everything else)."""
        settings = dict(self.fixed) | traced
        rngs = nnx.Rngs(key)
        module = self.model(self.in_features, self.classes, dtype=self.dtype, rngs=rngs, **settings)
        parts: Any = nnx.split(module, nnx.Param, ...)
        return parts


def _traced_and_fixed(
    trials: Sequence[Trial],
) -> tuple[dict[str, list[float]], tuple[tuple[str, Any], ...]]:
    """Float settings as one list each, and the others, which all trials must share."""
    if not trials:
        raise ValueError("there are no trials; give settings and optim of at least one")
    settings, optim, _ = trials[0]
    traced = [k for k, v in settings.items() if isinstance(v, float)]
    static = lambda s: {k: v for k, v in s.items() if not isinstance(v, float)}  # noqa: E731
    for number, other in enumerate(trials):
        if static(other.settings) != static(settings) or set(other.settings) != set(settings):
            raise ValueError(
                f"trials of one batch may differ in floats only, but trial {number} has "
                f"{dict(other.settings)} and trial 0 {dict(settings)}; train them in two batches"
            )
        if _kind(other.optim) != _kind(optim):
            raise ValueError(
                f"trials of one batch need equal optimizer groups, kinds of decay and dropout, but "
                f"trial {number} has {_kind(other.optim)} and trial 0 {_kind(optim)}; train them "
                "in two batches"
            )
    fixed = tuple(static(settings).items())
    return {k: [trial.settings[k] for trial in trials] for k in traced}, fixed


def _kind(optim: Optim) -> tuple[list[str], str, str]:
    """What of it decides the program."""
    return sorted(optim.rates), optim.decay, optim.dropout_bits


def _program(
    builder: _Builder, traced: dict[str, list[float]], trials: Sequence[Trial], metric: str
) -> Program:
    """The static program; builds models with concrete values, so that ranges are checked."""
    small = replace(builder, in_features=1)
    for number in range(1, len(trials)):
        small(jax.random.key(0), {k: values[number] for k, values in traced.items()})
    graphdef, params, rest = builder(jax.random.key(0), {k: v[0] for k, v in traced.items()})
    labels = group_labels(params)
    optim = trials[0].optim
    grouped_adam(labels, optim.rates)
    penalised = optim.decay == "theta"
    if penalised and not hasattr(nnx.merge(graphdef, params, rest), "theta"):
        raise ValueError(
            f"decay='theta' penalises the filter's coefficients, but {builder.model} has no "
            "method theta(); use decay='factors'"
        )
    threefry = optim.dropout_bits == "threefry"
    task = REGRESSION if metric in REGRESSION_METRICS else CLASSIFICATION
    leaves = tuple(jax.tree.leaves(labels))
    return Program(graphdef, leaves, METRICS[metric], penalised, task, threefry)


@jax.jit
def _keys(seeds: Array, splits: Array) -> Array:
    """[B, 2] keys of the initial values and of dropout."""

    def of_run(seed: Array, split: Array) -> Array:
        return jax.random.split(jax.random.fold_in(jax.random.key(seed), split))

    return jax.vmap(of_run)(seeds, splits)


def _members(
    keys: Array, runs: list[Run], splits: Splits, trials: Sequence[Trial], dtype: Any
) -> Member:
    index = np.array([run.split for run in runs])
    optims = [trials[run.trial].optim for run in runs]
    by_theta = optims[0].decay == "theta"
    undecayed = ("coefficients", "decomposition") if by_theta else ()

    def rate(group: str, name: str) -> Array:
        off = name == "weight_decay" and group in undecayed
        return jnp.asarray([0.0 if off else o.rates[group][name] for o in optims], dtype)

    rates: Rates = {
        group: {name: rate(group, name) for name in ("lr", "weight_decay")}
        for group in optims[0].rates
    }
    of_theta = [o.rates["coefficients"]["weight_decay"] if by_theta else 0.0 for o in optims]
    return Member(
        key=keys,
        train=jnp.asarray(splits.train[index]),
        val=jnp.asarray(splits.val[index]),
        settings=nnx.State({}),
        rates=rates,
        theta_decay=jnp.asarray(of_theta, dtype),
        patience=jnp.asarray([o.patience for o in optims], jnp.int32),
        max_epochs=jnp.asarray([o.max_epochs for o in optims], jnp.int32),
    )


@partial(jax.jit, static_argnames=("builder", "program"))
def _start(
    builder: _Builder, program: Program, keys: Array, values: dict[str, Array], members: Member
) -> tuple[RunState, nnx.State]:
    """Initial states and settings of all members."""

    def one(key: Array, traced: dict[str, Array], member: Member) -> tuple[RunState, nnx.State]:
        _, params, rest = builder(key, traced)
        return initial_state(program, params, member), rest

    return jax.vmap(one)(keys, values, members)

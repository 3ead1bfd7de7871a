"""Makes the batch of runs that one model, its splits and its seeds stand for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array

from longnn.data.splits import Splits
from longnn.training.loop import Member, Problem, Program, RunState, initial_state
from longnn.training.metrics import METRICS
from longnn.training.optimizer import Optim, Rates, group_labels, grouped_adam


class Batch(NamedTuple):
    """B runs ready to train; leaves [B, ...]."""

    program: Program
    state: RunState
    members: Member
    pairs: list[tuple[int, int]]  # (seed, split) of each run


def make_batch(
    model: Callable[..., nnx.Module],
    problem: Problem,
    splits: Splits,
    classes: int,
    optim: Optim,
    settings: dict[str, Any],
    metric: str,
    seeds: Sequence[int],
) -> Batch:
    """Initial states of every (seed, split), ordered by seed, then split.

    Float settings are traced, so that equal programs differing in them share a compilation; all
    others are static and must be hashable. Random numbers depend on (seed, split) alone.

    Raises:
        ValueError: see ``longnn.training.fit``.
    """
    _check(problem, splits, classes, metric, seeds)
    traced = {k: v for k, v in settings.items() if isinstance(v, float)}
    fixed = tuple((k, v) for k, v in settings.items() if k not in traced)
    builder = _Builder(model, problem.features.shape[1], classes, problem.features.dtype, fixed)
    program = _program(builder, traced, optim, metric)
    pairs = [(seed, split) for seed in seeds for split in range(len(splits.part))]
    keys = jax.vmap(jax.random.split)(jnp.stack([_run_key(*pair) for pair in pairs]))
    members = _members(keys[:, 1], pairs, splits, optim, builder.dtype)
    state, rest = _start(builder, program, keys[:, 0], traced, members)
    return Batch(program, state, members._replace(settings=rest), pairs)


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


def _check(
    problem: Problem, splits: Splits, classes: int, metric: str, seeds: Sequence[int]
) -> None:
    labels = np.asarray(problem.labels)
    nodes = len(labels)
    if metric not in METRICS:
        raise ValueError(f"unknown metric {metric!r}; choose one of {sorted(METRICS)}")
    if problem.features.shape[0] != nodes or splits.part.shape[1] != nodes:
        raise ValueError(
            f"features have {problem.features.shape[0]} rows, labels {nodes}, splits "
            f"{splits.part.shape[1]}; all must be the number of nodes"
        )
    if not len(seeds):
        raise ValueError("seeds is empty; give at least one, for instance seeds=(0,)")
    used = (splits.part >= 0).any(0)
    wrong = np.flatnonzero(used & ((labels < 0) | (labels >= classes)))
    if len(wrong):
        raise ValueError(
            f"node {wrong[0]} is in a part of a split, but its label is {labels[wrong[0]]}; labels "
            f"must lie in [0, {classes}), and unlabelled nodes be in no part (-1)"
        )
    if metric == "roc_auc":
        _check_two_classes(splits, labels, classes)


def _check_two_classes(splits: Splits, labels: np.ndarray, classes: int) -> None:
    if classes != 2:
        raise ValueError(f"metric roc_auc needs 2 classes, got {classes}; use accuracy")
    for name, masks in (("val", splits.val), ("test", splits.test)):
        for number, mask in enumerate(masks):
            if len(np.unique(labels[mask])) < 2:
                raise ValueError(
                    f"metric roc_auc needs both classes in every part, but {name} of split "
                    f"{number} holds class {labels[mask][0]} only; use other splits or accuracy"
                )


def _program(builder: _Builder, traced: dict[str, float], optim: Optim, metric: str) -> Program:
    """The static program; builds one model with concrete values, so that ranges are checked."""
    graphdef, params, rest = builder(jax.random.key(0), traced)
    labels = group_labels(params)
    grouped_adam(labels, optim.rates)
    penalised = optim.decay == "theta"
    if penalised and not hasattr(nnx.merge(graphdef, params, rest), "theta"):
        raise ValueError(
            f"decay='theta' penalises the filter's coefficients, but {builder.model} has no "
            "method theta(); use decay='factors'"
        )
    return Program(graphdef, tuple(jax.tree.leaves(labels)), METRICS[metric], penalised)


def _run_key(seed: int, split: int) -> Array:
    return jax.random.fold_in(jax.random.key(seed), split)


def _members(
    keys: Array, pairs: list[tuple[int, int]], splits: Splits, optim: Optim, dtype: Any
) -> Member:
    index = np.array([split for _, split in pairs])
    full = lambda value, kind: jnp.full(len(pairs), value, kind)  # noqa: E731
    by_theta = optim.decay == "theta"
    undecayed = ("w", "eta") if by_theta else ()
    rates: Rates = {
        group: {
            "lr": full(rate["lr"], dtype),
            "weight_decay": full(0.0 if group in undecayed else rate["weight_decay"], dtype),
        }
        for group, rate in optim.rates.items()
    }
    return Member(
        key=keys,
        train=jnp.asarray(splits.train[index]),
        val=jnp.asarray(splits.val[index]),
        settings=nnx.State({}),
        rates=rates,
        theta_decay=full(optim.rates["w"]["weight_decay"] if by_theta else 0.0, dtype),
        patience=full(optim.patience, jnp.int32),
        max_epochs=full(optim.max_epochs, jnp.int32),
    )


@partial(jax.jit, static_argnames=("builder", "program"))
def _start(
    builder: _Builder, program: Program, keys: Array, traced: dict[str, Array], members: Member
) -> tuple[RunState, nnx.State]:
    """Initial states and settings of all members."""

    def one(key: Array, member: Member) -> tuple[RunState, nnx.State]:
        _, params, rest = builder(key, traced)
        return initial_state(program, params, member), rest

    return jax.vmap(one)(keys, members)

"""From a model, its settings and its optimizer to the compiled program that trains it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike

from longnn.data.labels import kind_of
from longnn.training.kinds import check_kinds, missing
from longnn.training.loop import Program
from longnn.training.losses import task_with
from longnn.training.metrics import METRICS
from longnn.training.optim import Optim
from longnn.training.optimizer import as_static, group_labels
from longnn.training.options import kinds_of, options_of
from longnn.training.settings import unknown_setting
from longnn.training.task import TASKS

ModelClass = Callable[..., nnx.Module]
"""Called as ``model(in_features, classes, dtype=..., rngs=..., **settings)``."""

Settings = Mapping[str, object]
"""Keyword arguments of a model; floats and arrays of them are traced, all else is static and
hashable."""


class Trial(NamedTuple):
    """What a search varies: the settings of a model, how it is trained, and from which seeds."""

    settings: Settings
    optim: Optim
    seeds: Sequence[int] = (0,)


@dataclass(frozen=True)
class Builder:
    """The static part of building a model; hashable, so that ``jit`` recognises it.

    Attributes:
        model: the class.
        in_features: F.
        classes: C.
        dtype: of the parameters.
        fixed: the static settings.
    """

    model: ModelClass
    in_features: int
    classes: int
    dtype: jnp.dtype
    fixed: tuple[tuple[str, object], ...]

    def __call__(
        self, key: Array, traced: Mapping[str, ArrayLike]
    ) -> tuple[nnx.GraphDef, nnx.State, nnx.State]:
        """(graph definition, parameters, everything else)."""
        module = self.module(key, traced)
        graphdef, params, rest = nnx.split(module, nnx.Param, ...)  # type: ignore[misc]
        return graphdef, params, rest

    def module(self, key: Array, traced: Mapping[str, ArrayLike]) -> nnx.Module:
        """The model."""
        return self._made(nnx.Rngs(key), {**dict(self.fixed), **traced})

    def shapes(self, traced: Mapping[str, ArrayLike]) -> tuple[nnx.GraphDef, nnx.State, nnx.State]:
        """The same for some key, with shapes in place of arrays.

        Nothing is computed, but the model sees the settings that are concrete, and may refuse them.
        """
        graphdefs = []

        def states(key: Array) -> tuple[nnx.State, nnx.State]:
            graphdef, params, rest = self(key, traced)
            graphdefs.append(graphdef)
            return params, rest

        key = jax.eval_shape(jax.random.key, 0)
        params, rest = jax.eval_shape(states, key)
        return graphdefs[0], params, rest

    def _made(self, rngs: nnx.Rngs, settings: Settings) -> nnx.Module:
        """The model; a ValueError if it does not know a setting, needs one, or its kind."""
        check_kinds(self.model, settings)
        made = partial(self.model, self.in_features, self.classes, dtype=self.dtype, rngs=rngs)
        try:
            return made(**settings)
        except TypeError as error:
            refused = unknown_setting(self.model, settings)
            refused = refused or missing(self.model, {**settings, "dtype": 0, "rngs": 0}, 2)
            if refused is None:
                raise
            raise refused from error


def traced_and_fixed(
    trials: Sequence[Trial],
) -> tuple[dict[str, list[ArrayLike]], tuple[tuple[str, object], ...]]:
    """Traced settings as one list each, and the others, which all trials must share.

    Raises:
        ValueError: if there is no trial, or they cannot share a program.
    """
    if not trials:
        raise ValueError("there are no trials; give settings and optim of at least one")
    settings, optim, _ = trials[0]
    for number, other in enumerate(trials):
        if _static(other.settings) != _static(settings) or set(other.settings) != set(settings):
            raise ValueError(
                f"trials of one batch may differ in floats only, but trial {number} has "
                f"{dict(other.settings)} and trial 0 {dict(settings)}; train them in two batches"
            )
        if _kind(other.optim) != _kind(optim):
            raise ValueError(
                "trials of one batch need equal optimizer groups, kinds of decay and dropout, "
                "schedules, losses and rules of stopping, and "
                f"one transformation, but trial {number} has {_kind(other.optim)} and trial 0 "
                f"{_kind(optim)}; train them in two batches"
            )
    lists: dict[str, list[ArrayLike]] = {
        name: [trial.settings[name] for trial in trials]  # type: ignore[misc]
        for name, value in settings.items()
        if _is_traced(value)
    }
    return lists, tuple(_static(settings).items())


def _is_traced(value: object) -> bool:
    if isinstance(value, np.ndarray | jax.Array):
        return bool(jnp.issubdtype(value.dtype, jnp.floating))
    return isinstance(value, float)


def _static(settings: Settings) -> dict[str, object]:
    return {name: value for name, value in settings.items() if not _is_traced(value)}


def _kind(optim: Optim) -> tuple[object, ...]:
    """What of it decides the program."""
    rates = None if optim.rates is None else sorted(optim.rates)
    return rates, optim.decay, optim.dropout_bits, as_static(optim.transformation), *kinds_of(optim)


def program_of(
    builder: Builder,
    traced: Mapping[str, Sequence[ArrayLike]],
    trials: Sequence[Trial],
    metric: str,
) -> Program:
    """The static program; the model sees the values of the first trial, so that it may refuse them.

    Those of the others are for ``longnn.training.refused``.

    Raises:
        ValueError: if the model refuses its settings, or has no ``theta()`` that decay="theta"
            could act on.
    """
    graphdef, params, rest = builder.shapes({k: v[0] for k, v in traced.items()})
    optim = trials[0].optim
    penalised = optim.decay == "theta"
    if penalised and not hasattr(nnx.merge(graphdef, params, rest), "theta"):
        raise ValueError(
            f"decay='theta' penalises the filter's coefficients, but {builder.model} has no "
            "method theta(); use decay='factors'"
        )
    return Program(
        graphdef,
        labels=tuple(jax.tree.leaves(group_labels(params))),
        metric=METRICS[metric],
        penalised=penalised,
        task=task_with(TASKS[kind_of(metric)], optim.loss),
        threefry=optim.dropout_bits == "threefry",
        transformation=as_static(optim.transformation),
        options=options_of([trial.optim for trial in trials], metric),
    )


def with_rates(program: Program, trials: Sequence[Trial]) -> list[Trial]:
    """The trials with rates for every optimizer group of the program's model.

    Raises:
        ValueError: if a group has none.
    """
    groups = set(program.labels)
    return [trial._replace(optim=trial.optim.for_groups(groups)) for trial in trials]


def template(
    model: ModelClass, shape: tuple[int, int], trial: Trial, metric: str, dtype: DTypeLike
) -> tuple[Program, nnx.State, nnx.State]:
    """The program of one run, and its parameters and settings before the first epoch.

    Args:
        model: the class, see ``longnn.fit``.
        shape: (F, C).
        trial: its settings and how it was trained.
        metric: the name of the metric that selected the epoch.
        dtype: of the parameters.

    Raises:
        ValueError: see ``longnn.fit``.
    """
    traced, fixed = traced_and_fixed([trial])
    builder = Builder(model, *shape, jnp.dtype(dtype), fixed)
    program = program_of(builder, traced, [trial], metric)
    with_rates(program, [trial])
    _, params, settings = builder(jax.random.key(0), {k: v[0] for k, v in traced.items()})
    return program, params, settings

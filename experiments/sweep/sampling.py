"""What each trial of a study is drawn from: its number decides, whichever process asks.

Processes that search together draw different values, and a search that was killed draws what it
would have drawn.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import Trial
from scipy.stats import qmc

from .space import Space

SAMPLERS = ("tpe", "random", "grid", "qmc")


def sampler_of(name: str, seed: int, number: int) -> optuna.samplers.BaseSampler:
    """The sampler of one trial.

    Args:
        name: one of SAMPLERS.
        seed: random seed of the search.
        number: of the trial.

    Raises:
        ValueError: for an unknown sampler.
    """
    if name not in SAMPLERS:
        raise ValueError(f"unknown sampler {name!r}; choose one of {', '.join(SAMPLERS)}")
    own = int(np.random.SeedSequence([abs(seed), number]).generate_state(1)[0])
    if name == "tpe":
        return optuna.samplers.TPESampler(seed=own, multivariate=True, constant_liar=True)
    return optuna.samplers.RandomSampler(seed=own)


def decided(name: str, space: Space, seed: int, number: int) -> dict[str, Any]:
    """The values of a trial that its number alone decides; none for "tpe" and "random".

    Args:
        name: of the sampler.
        space: what is searched.
        seed: random seed of the search.
        number: of the trial, from 0 on.
    """
    if name == "grid":
        values = grid(space)
        size = math.prod(len(one) for one in values.values())
        at = np.unravel_index(_shuffled(number, size, seed), [len(v) for v in values.values()])
        return {key: listed[i] for (key, listed), i in zip(values.items(), at, strict=True)}
    if name == "qmc":
        sequence = qmc.Sobol(len(space), scramble=True, seed=np.random.default_rng(abs(seed)))
        if number:
            sequence.fast_forward(number)
        (point,) = sequence.random(1)
        return {key: _at(d, float(u)) for (key, d), u in zip(space.items(), point, strict=True)}
    return {}


def grid(space: Space) -> dict[str, list[Any]]:
    """All values of a space.

    Raises:
        ValueError: if a parameter has infinitely many.
    """
    return {key: _values(key, distribution) for key, distribution in space.items()}


def suggest(trial: Trial, space: Mapping[str, BaseDistribution]) -> None:
    """Draws what a trial still lacks, as where its process was killed while it was drawn."""
    for key, d in space.items():
        if isinstance(d, CategoricalDistribution):
            trial.suggest_categorical(key, d.choices)
        elif isinstance(d, optuna.distributions.IntDistribution):
            trial.suggest_int(key, d.low, d.high, step=d.step, log=d.log)
        elif isinstance(d, optuna.distributions.FloatDistribution):
            trial.suggest_float(key, d.low, d.high, step=d.step, log=d.log)


def _shuffled(number: int, size: int, seed: int) -> int:
    """A permutation of range(size), whose values do not depend on how many are asked for."""
    rng = np.random.default_rng(abs(seed))
    first, factor = int(rng.integers(size)), int(rng.integers(size)) + 1
    while math.gcd(factor, size) > 1:
        factor += 1
    return (first + factor * number) % size


def _at(distribution: BaseDistribution, u: float) -> Any:
    """The value of a distribution at u in [0, 1)."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[int(u * len(distribution.choices))]
    d: Any = distribution
    whole = isinstance(d, optuna.distributions.IntDistribution)
    if d.step is None:
        low, high = (math.log(d.low), math.log(d.high)) if d.log else (d.low, d.high)
        value = low + u * (high - low)
        return math.exp(value) if d.log else value
    if d.log:  # of integers
        low, high = math.log(d.low - 0.5), math.log(d.high + 0.5)
        return min(max(round(math.exp(low + u * (high - low))), d.low), d.high)
    steps = round((d.high - d.low) / d.step) + 1
    value = d.low + d.step * int(u * steps)
    return int(value) if whole else value


def _values(key: str, distribution: Any) -> list[Any]:
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    if distribution.step is None:
        raise ValueError(
            f"sampler=grid needs finitely many values, but {key} is an interval; give it a step, "
            "or a list of choices"
        )
    low, step = distribution.low, distribution.step
    return [low + i * step for i in range(round((distribution.high - low) / step) + 1)]

"""Search spaces: from YAML and the command line to Optuna's distributions."""

from collections.abc import Mapping
from typing import Any

from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, RangeSweep
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

Space = dict[str, BaseDistribution]


def from_settings(params: Mapping[str, Any]) -> Space:
    """A space from ``key: {low, high, log, step}`` or ``key: [choices]``.

    Raises:
        ValueError: for an entry that is neither.
    """
    return {key: _of_entry(key, entry) for key, entry in params.items()}


def from_overrides(overrides: list[Override]) -> Space:
    """A space from overrides with several values: lists, choice, range, interval, tag(log, ...)."""
    return {override.get_key_element(): _of_override(override) for override in overrides}


def _of_entry(key: str, entry: Any) -> BaseDistribution:
    if isinstance(entry, list | tuple) and entry:
        return CategoricalDistribution(entry)
    if not isinstance(entry, Mapping) or not {"low", "high"} <= set(entry):
        raise ValueError(
            f"search space of {key} must be a list of choices or have low and high (and log or "
            f"step), got {entry!r}"
        )
    unknown = set(entry) - {"low", "high", "log", "step"}
    if unknown:
        raise ValueError(f"search space of {key} has unknown {sorted(unknown)}; known are low, "
                         "high, log, step")  # fmt: skip
    low, high = entry["low"], entry["high"]
    log, step = entry.get("log", False), entry.get("step")
    whole = all(isinstance(value, int) for value in (low, high))
    try:
        if whole:
            return IntDistribution(low, high, log=log, step=step or 1)
        return FloatDistribution(float(low), float(high), log=log, step=step)
    except (TypeError, ValueError) as error:
        raise ValueError(f"search space of {key}: {error}") from error


def _of_override(override: Override) -> BaseDistribution:
    key, value = override.get_key_element(), override.value()
    if isinstance(value, IntervalSweep):
        assert value.start is not None
        assert value.end is not None
        low, high = float(value.start), float(value.end)
        entry: Any = {"low": low, "high": high, "log": "log" in value.tags}
        return _of_entry(key, entry)
    if isinstance(value, RangeSweep):
        assert value.start is not None
        assert value.stop is not None
        values = list(value.range())
        return _of_entry(key, {"low": values[0], "high": values[-1], "step": value.step})
    assert isinstance(value, ChoiceSweep)
    choices: list[Any] = list(override.sweep_iterator())
    return CategoricalDistribution(choices)

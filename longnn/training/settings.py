"""The settings that a model is given: one mapping for each trial, with names that it knows."""

import inspect
import reprlib
from collections.abc import Callable, Mapping, Sequence

from longnn.data.errors import unknown


def each_settings(
    given: Mapping[str, object] | Sequence[Mapping[str, object]] | None,
) -> list[Mapping[str, object]]:
    """The settings of each trial, as far as they are given one by one; None stands for none.

    Raises:
        ValueError: unless it is a mapping, or a sequence of mappings.
    """
    if given is None or isinstance(given, Mapping):
        return [given or {}]
    several = isinstance(given, Sequence) and all(isinstance(one, Mapping) for one in given)
    if not several:
        raise ValueError(
            "settings must be a mapping of names to values, such as {'order': 5}, or one for each "
            f"trial, got {reprlib.repr(given)}"
        )
    return list(given)


def settings_of(model: Callable[..., object]) -> list[str]:
    """The names of the settings that a model's class, or a function in its place, declares.

    Where a class hands further keywords on (``**body``), those of the class above it count, too.
    """
    above = model.__mro__ if isinstance(model, type) else (model,)
    found: set[str] = set()
    for one in above:
        made = vars(one).get("__init__") if isinstance(one, type) else one
        if made is None:
            continue
        parameters = list(inspect.signature(made).parameters.values())
        # the first are (self,) in_features and classes; those of a class above are handed over
        given = parameters[2 + isinstance(one, type) :] if one is model else parameters
        found |= {p.name for p in given if _is_named(p, handed_over=one is not model)}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return sorted(found - {"dtype", "rngs"})


def _is_named(parameter: inspect.Parameter, handed_over: bool) -> bool:
    """Whether a setting can name it; without a default, a positional one may be handed over."""
    if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
        return not handed_over or parameter.default is not parameter.empty
    return parameter.kind is parameter.KEYWORD_ONLY


def unknown_setting(
    model: Callable[..., object], settings: Mapping[str, object]
) -> ValueError | None:
    """The error for the first setting that a model does not declare, with the nearest names.

    Args:
        model: the class that refused the settings.
        settings: what it was given.
    """
    known = settings_of(model)
    for name in settings:
        if name not in known:
            return unknown(f"setting of {getattr(model, '__name__', model)}:", name, known)
    return None

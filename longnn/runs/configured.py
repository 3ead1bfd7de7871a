"""Builds objects from the plain values of a config, which names their code in ``_target_``."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from typing import Any

from longnn.runs.trust import named_callable, trusted_modules
from longnn.training.kinds import check_kinds, check_names, missing, parameters_of

Values = dict[str, Any]
"""Plain values of a config, of any kind."""


def instantiate(node: Any, trust: Iterable[str] = ()) -> Any:  # a config holds values of any kind
    """Builds what a node of a config stands for.

    A mapping with ``_target_``, a dotted name, stands for what that callable returns on the other
    entries or, with ``_partial_``, for the callable with these arguments bound. Entries of lists
    and other mappings are built one by one; everything else stands for itself. Which callables a
    config may name is said in :mod:`longnn.runs.trust`.

    ``_args_``, a list, holds arguments that are given by their place, as of ``optax.chain``.

    Args:
        node: plain values.
        trust: names of modules whose code the config may name, besides longnn, polybases and optax.

    Example:
        >>> half = {"_target_": "fractions.Fraction", "numerator": 3, "denominator": 6}
        >>> instantiate(half, trust=["fractions"])
        Fraction(1, 2)

    Raises:
        ValueError: if a ``_target_`` is not trusted or cannot be imported, if another key begins
            with "_", or if the callable does not take a setting, needs another one, or declares
            another kind of value for it.
    """
    if isinstance(node, list):
        return [instantiate(value, trust) for value in node]
    if not isinstance(node, Mapping):
        return node
    if "_target_" not in node:
        return {str(key): instantiate(value, trust) for key, value in node.items()}
    found = named_callable(node["_target_"], trust)
    bound = bool(node.get("_partial_", False))
    given = {str(k): v for k, v in node.items() if k not in _WORDS}
    for key in given:
        if key.startswith("_"):
            raise ValueError(f"{key} beside _target_ is not understood; {', '.join(_WORDS)} are")
    places = instantiate(_listed(node.get("_args_", [])), trust)
    values = {key: instantiate(value, trust) for key, value in given.items()}
    check_names(found, values)
    check_kinds(found, values)
    lacking = None if bound else missing(found, values, len(places))
    if lacking is not None:
        raise lacking
    return partial(found, *places, **values) if bound else found(*places, **values)


_WORDS = ("_target_", "_partial_", "_args_")
"""Keys of a mapping that are no settings."""


def _listed(places: object) -> list[Any]:
    """The arguments that are given by their place; a ValueError if they are no list."""
    if isinstance(places, list):
        return places
    raise ValueError(f"_args_ must be a list of arguments in their order, got {places!r}")


def model_of(
    node: Mapping[str, Any], trust: Iterable[str] = ()
) -> tuple[Callable[..., Any], Values]:
    """The model class that a ``model`` config names, and the settings of the model.

    A whole number where the model's default is a float counts as a float, so that
    ``model.alpha=0,0.5,1`` is one program.

    Args:
        node: plain values with ``_target_``.
        trust: names of modules whose code the config may name.

    Raises:
        ValueError: see :func:`instantiate`.
    """
    numbers = {str(k): v for k, v in node.items() if isinstance(v, int | float)}
    rest = {k: v for k, v in node.items() if k not in numbers}
    model, settings = _without_numbers(json.dumps(rest), trusted_modules(trust))
    defaults = {name: parameter.default for name, parameter in parameters_of(model).items()}

    def as_meant(name: str, value: Any) -> Any:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return float(value) if whole and isinstance(defaults.get(name), float) else value

    given = {name: as_meant(name, value) for name, value in numbers.items()}
    check_names(model, given)
    check_kinds(model, given)
    return model, settings | given


@lru_cache(maxsize=64)
def _without_numbers(text: str, trust: tuple[str, ...]) -> tuple[Callable[..., Any], Values]:
    """Cached, so that equal configs give the same objects and a compiled program is found again."""
    bound = instantiate(json.loads(text) | {"_partial_": True}, trust)
    if bound.args:
        raise ValueError("a model takes no _args_; give its settings by name")
    return bound.func, dict(bound.keywords)

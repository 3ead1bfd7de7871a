"""Builds objects from the plain values of a config, which names their code in ``_target_``."""

import importlib
import inspect
import json
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

Values = dict[str, Any]
"""Plain values of a config, of any kind."""


def instantiate(node: Any) -> Any:  # a config holds values of any kind, and names any callable
    """Builds what a node of a config stands for.

    A mapping with ``_target_``, a dotted name, stands for what that callable returns on the other
    entries or, with ``_partial_``, for the callable with these arguments bound. Entries of lists
    and other mappings are built one by one; everything else stands for itself. The meaning is
    Hydra's, so a config that names code runs it: open only configs that you trust.

    Args:
        node: plain values.

    Example:
        >>> instantiate({"_target_": "fractions.Fraction", "numerator": 3, "denominator": 6})
        Fraction(1, 2)

    Raises:
        ValueError: if a ``_target_`` cannot be imported, or another key begins with "_".
    """
    if isinstance(node, list):
        return [instantiate(value) for value in node]
    if not isinstance(node, Mapping):
        return node
    values = {str(key): instantiate(value) for key, value in node.items()}
    if "_target_" not in values:
        return values
    found, bound = _named(values.pop("_target_")), bool(values.pop("_partial_", False))
    for key in values:
        if key.startswith("_"):
            raise ValueError(f"{key} beside _target_ is not understood; _partial_ is the only one")
    return partial(found, **values) if bound else found(**values)


def model_of(node: Mapping[str, Any]) -> tuple[Callable[..., Any], Values]:
    """The model class that a ``model`` config names, and the settings of the model.

    A whole number where the model's default is a float counts as a float, so that
    ``model.alpha=0,0.5,1`` is one program.

    Args:
        node: plain values with ``_target_``.

    Raises:
        ValueError: if a ``_target_`` cannot be imported.
    """
    numbers = {str(k): v for k, v in node.items() if isinstance(v, int | float)}
    rest = {k: v for k, v in node.items() if k not in numbers}
    model, settings = _without_numbers(json.dumps(rest))
    defaults = _defaults(model)

    def as_meant(name: str, value: Any) -> Any:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return float(value) if whole and isinstance(defaults.get(name), float) else value

    return model, settings | {name: as_meant(name, v) for name, v in numbers.items()}


@lru_cache(maxsize=64)
def _without_numbers(text: str) -> tuple[Callable[..., Any], Values]:
    """Cached, so that equal configs give the same objects and a compiled program is found again."""
    bound = instantiate(json.loads(text) | {"_partial_": True})
    return bound.func, dict(bound.keywords)


def _defaults(model: Callable[..., Any]) -> dict[str, Any]:
    """The default of every parameter, those included that a class leaves to its bases."""
    # of a class not the signature itself, which its metaclass hides
    classes = reversed(model.__mro__) if isinstance(model, type) else [model]
    makers = [vars(c).get("__init__") if isinstance(c, type) else c for c in classes]
    signatures = [inspect.signature(maker) for maker in makers if maker is not None]
    return {
        name: parameter.default
        for signature in signatures
        for name, parameter in signature.parameters.items()
    }


def _named(name: str) -> Callable[..., Any]:
    """The callable of a dotted name, in a module or in a class of one."""
    parts = str(name).split(".")
    for end in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:end])
        try:
            found: Any = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name is not None and (module + ".").startswith(error.name + "."):
                continue  # a class in a shorter one, perhaps
            raise
        try:
            for part in parts[end:]:
                found = getattr(found, part)
        except AttributeError:
            break
        return found
    raise ValueError(
        f"the config names what cannot be imported: {name!r}; check each _target_ (bases are in "
        "polybases.modules, your own in a file on the path)"
    )

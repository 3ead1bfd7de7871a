"""Objects from the plain values of a config, by the names that it gives in ``_target_``."""

import importlib
import inspect
import json
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

Settings = dict[str, Any]


def made(node: Any) -> Any:
    """What a config's node stands for.

    A mapping with ``_target_``, a dotted name, is that callable's result on the other entries, or,
    with ``_partial_``, the callable with these arguments bound; lists and mappings are built
    through; everything else is itself. The meaning is Hydra's, so a config that names code runs it:
    open only configs that you trust.

    Raises:
        ValueError: if a ``_target_`` cannot be imported, or another key begins with "_".
    """
    if isinstance(node, list):
        return [made(value) for value in node]
    if not isinstance(node, Mapping):
        return node
    values = {str(key): made(value) for key, value in node.items()}
    if "_target_" not in values:
        return values
    found, bound = _named(values.pop("_target_")), bool(values.pop("_partial_", False))
    for key in values:
        if key.startswith("_"):
            raise ValueError(f"{key} beside _target_ is not understood; _partial_ is the only one")
    return partial(found, **values) if bound else found(**values)


def model_of(node: Mapping[str, Any]) -> tuple[Callable[..., Any], Settings]:
    """The model class that a ``model`` config names, and its settings.

    A whole number where the model's default is a float counts as a float, so that
    ``model.alpha=0,0.5,1`` is one program.

    Args:
        node: plain values, with ``_target_``.

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
def _without_numbers(text: str) -> tuple[Callable[..., Any], Settings]:
    """Kept, so that equal configs give the same objects and a compiled program is found again."""
    bound = made(json.loads(text) | {"_partial_": True})
    return bound.func, dict(bound.keywords)


def _defaults(model: Callable[..., Any]) -> dict[str, Any]:
    """Default of every parameter, those that a class leaves to its bases included."""
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
    """The callable of a dotted name: of a module, or of a class in one."""
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

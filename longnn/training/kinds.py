"""Whether values are of the kind that a class or a function declares: a number, a word, a flag."""

import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any, Union, get_args, get_origin

import numpy as np

from longnn.data.errors import unknown
from longnn.graphs.checks import is_whole

KINDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    type(None): "null",
    Callable: "a class or a function (in a config: a mapping with _target_)",
}
"""The kinds that are checked, and what a message calls them; others are the function's own."""


def parameters_of(made: Callable[..., object]) -> dict[str, inspect.Parameter]:
    """The parameters of a function or a class by name.

    Where a class hands further keywords on (``**body``), those of the class above it count, too;
    a name that both have is that of the class itself.

    Args:
        made: the function or class.
    """
    found: dict[str, inspect.Parameter] = {}
    for maker in _makers(made):
        found = {**inspect.signature(maker).parameters, **found}
        if not _takes_any(maker):
            break
    return {name: p for name, p in found.items() if p.kind not in _MANY and name != "self"}


_MANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _makers(made: Callable[..., object]) -> list[Callable[..., object]]:
    """What is called to make an object: of a class its own ``__init__`` and those above it.

    The signature of a class itself is one that its metaclass may hide.
    """
    if not isinstance(made, type):
        return [made]
    return [vars(one)["__init__"] for one in made.__mro__ if "__init__" in vars(one)]


def _takes_any(maker: Callable[..., object]) -> bool:
    kinds = {p.kind for p in inspect.signature(maker).parameters.values()}
    return inspect.Parameter.VAR_KEYWORD in kinds


def check_kinds(made: Callable[..., object], values: Mapping[str, object]) -> None:
    """Raises ValueError for a value of another kind than the annotation of its parameter.

    Checked are annotations of ``bool``, ``int``, ``float`` and ``str``, each also with ``None``,
    of callables, and parameters that take numbers or arrays and whose default is a float; a whole
    number passes for a float.

    Args:
        made: the function or class that takes the values.
        values: keyword arguments.
    """
    parameters = parameters_of(made)
    for name, value in values.items():
        kinds = _kinds(parameters[name]) if name in parameters else ()
        if kinds and not any(_is_of(value, kind) for kind in kinds):
            wanted = " or ".join(KINDS[kind] for kind in kinds)
            whole = int in kinds and isinstance(value, float) and value.is_integer()
            hint = f"; write {int(value)}" if whole else ""  # type: ignore[call-overload]
            raise ValueError(f"{name} of {_name_of(made)} must be {wanted}, got {value!r}{hint}")


def check_names(made: Callable[..., object], values: Mapping[str, object]) -> None:
    """Raises ValueError for a name that a function or class does not take.

    Args:
        made: the function or class; if it takes any keywords, every name passes.
        values: keyword arguments of a call.
    """
    known = parameters_of(made)
    for name in values:
        if name not in known and not _takes_any(_makers(made)[0]):
            raise unknown(f"setting of {_name_of(made)}:", name, sorted(known))


def missing(
    made: Callable[..., object], values: Mapping[str, object], positional: int = 0
) -> ValueError | None:
    """The error for the first argument that a call lacks and that has no default.

    Args:
        made: the function or class.
        values: keyword arguments of the call.
        positional: how many arguments are given by their place.
    """
    named = inspect.signature(_makers(made)[0]).parameters.values()
    for parameter in list(named)[positional + isinstance(made, type) :]:
        optional = parameter.default is not parameter.empty or parameter.kind in _MANY
        if not optional and parameter.name not in values:
            return ValueError(f"{_name_of(made)} needs a value for {parameter.name}; add one")
    return None


def _name_of(made: Callable[..., object]) -> str:
    """A class by its name; a function, which may be one of many called `load`, with its module."""
    name = getattr(made, "__name__", str(made))
    return name if isinstance(made, type) else f"{getattr(made, '__module__', '')}.{name}"


def _kinds(parameter: inspect.Parameter) -> tuple[Any, ...]:
    """The kinds that an annotation admits; none where it is of another sort or there is none."""
    annotation = parameter.annotation
    several = get_origin(annotation) in (Union, types.UnionType)
    if get_origin(annotation) is Callable:
        return (Callable,)
    kinds = get_args(annotation) if several else (annotation,)
    if all(isinstance(kind, type) and kind in KINDS for kind in kinds):
        return kinds
    return (float,) if several and isinstance(parameter.default, float) else ()


def _is_of(value: object, kind: Any) -> bool:
    if kind is Callable:
        return callable(value)
    if kind is float:  # an array or a traced value has a dtype
        return is_whole(value) or isinstance(value, float | np.floating) or hasattr(value, "dtype")
    if kind is int:
        return is_whole(value) or hasattr(value, "dtype")
    if kind is bool:
        return isinstance(value, bool | np.bool_)
    return isinstance(value, kind)

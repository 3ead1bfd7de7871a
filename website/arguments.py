"""What docstrings say about arguments."""

import inspect
import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

_SECTION = re.compile(r"^(?:Args|Attributes):\n(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
_ARGUMENT = re.compile(r"^    (\w+): (.*?)(?=^    \w+: |\Z)", re.MULTILINE | re.DOTALL)


def arguments(target: str) -> dict[str, str]:
    """Name of each argument -> what it is, in the order of the docstrings.

    Args:
        target: dotted name of a function, or of a class, whose arguments are those of the classes
            that it inherits from, too.

    Raises:
        ImportError: if there is no such module.
        AttributeError: if the module has no such name.
    """
    module, _, name = target.rpartition(".")
    found = getattr(import_module(module), name)
    described: dict[str, str] = {}
    for owner in inspect.getmro(found) if inspect.isclass(found) else [found]:
        described = {**_of(owner), **described}
    return {name: text for name, text in described.items() if name in _taken(found)}


def _of(owner: Callable[..., Any] | type) -> dict[str, str]:
    """Of the own docstring."""
    section = _SECTION.search(inspect.cleandoc(owner.__doc__ or ""))
    if section is None:
        return {}
    return {name: " ".join(text.split()) for name, text in _ARGUMENT.findall(section[1])}


def _taken(found: Callable[..., Any]) -> set[str]:
    """The names of the keyword arguments that a call takes, those of ``Unpack[Body]`` too."""
    # the call of a Flax module hands anything on to __init__
    own = "__init__" in vars(found) if inspect.isclass(found) else False
    signature = inspect.signature(found.__init__ if own else found)
    names = {name for name, p in signature.parameters.items() if p.kind is not p.VAR_KEYWORD}
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            inside = getattr(parameter.annotation, "__args__", ())
            names |= {name for body in inside for name in getattr(body, "__annotations__", {})}
    return names

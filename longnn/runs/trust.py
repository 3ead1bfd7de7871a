"""Which classes and functions a config may name; nothing else is imported, nor called.

A config comes from a run directory, which may be somebody else's, so that a name in it is no reason
to run code. Judged is the object itself, by the module that defines it, not the name that leads to
it: ``longnn.operators.native.build.subprocess.run`` is not a function of longnn. Of longnn only
what configs are about may be named, models, datasets and splits: a function that gives whatever an
argument names would lead to everything else.
"""

import importlib
import inspect
import os
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

VARIABLE = "LONGNN_TRUST"
"""The environment variable that names modules to trust, separated by commas."""

PACKAGES = ("longnn", "polybases", "optax")
"""Packages whose classes and functions a config may name."""

SINKS = tuple(
    f"longnn.experiments.jobs.{name}" for name in ("sinks", "tensorboard_sink", "mlflow_sink")
)
"""Where the end of a job is reported."""

LOADERS = (
    *("loading", "npz", "edgelist", "csbm", "lattices", "blocks", "clouds", "images"),
    *("planetoid", "heterophilous", "graphdata", "musae", "facebook100", "ogb", "drawn", "given"),
)
"""Modules of ``longnn.data`` that give datasets and splits."""

NAMED = ("polybases", "optax", "longnn.models", *SINKS, *(f"longnn.data.{m}" for m in LOADERS))
"""Modules that define what a config may name; what they import or hold is not theirs."""

EXCEPTED = ("optax.tree_utils", "optax._src.deprecations")
"""Modules below these whose functions give whatever attribute an argument names."""


def trusted_modules(trust: Iterable[str] = ()) -> tuple[str, ...]:
    """The modules outside of :data:`PACKAGES` that are trusted: the caller's and the user's.

    Args:
        trust: names of modules that the caller trusts, each with what lies below it.

    Returns:
        These, and those that the environment variable LONGNN_TRUST names, each once.

    Raises:
        ValueError: if it is one word instead of a sequence of words.
    """
    if isinstance(trust, str):
        raise ValueError(
            f"trust must be a sequence of names of modules, got {trust!r}; ({trust!r},)"
        )
    named = os.environ.get(VARIABLE, "").split(",")
    return tuple(dict.fromkeys([*trust, *(name.strip() for name in named if name.strip())]))


def named_callable(name: str, trust: Iterable[str] = ()) -> Callable[..., Any]:
    """The class or function of a dotted name, if it is one that a config may name.

    Args:
        name: dotted, of a module and what it holds, or of a class and its method.
        trust: names of modules that the caller trusts, besides those of LONGNN_TRUST.

    Raises:
        ValueError: if its module is not trusted (which is then not imported), if it cannot be
            imported, or if it is no class or function that a trusted module defines.

    Example:
        >>> named_callable("longnn.models.LonGNN").__name__
        'LonGNN'
        >>> named_callable("longnn.operators.native.build.subprocess.run")
        Traceback (most recent call last):
        ...
        ValueError: the config names 'longnn.operators.native.build.subprocess.run', which is ...
    """
    known = trusted_modules(trust)
    if not _within(name, (*PACKAGES, *known)):
        module = str(name).partition(".")[0]
        raise ValueError(
            f"the config names {name!r}, code of a module that is not trusted; if you trust all "
            f"code of {module}, name it: {VARIABLE}={','.join([*known, module])} before the "
            f"command, or trust=({module!r},) in Python"
        )
    private = "__" if _within(name, known) else "_"
    if any(part.startswith(private) for part in str(name).split(".")):
        raise ValueError(f"the config names {name!r}, which is private; name what is public")
    found = _imported(name)
    defined = _defined_in(found)
    may_be_named = defined is not None and (
        (_within(defined, NAMED) and not _within(defined, EXCEPTED)) or _within(defined, known)
    )
    if not may_be_named:
        what = "no class or function" if defined is None else f"defined in {defined}"
        also = "".join(f", or {module}" for module in known)
        raise ValueError(
            f"the config names {name!r}, which is {what}; name a model, dataset or split of "
            f"longnn, or a class or a function of polybases or optax{also}"
        )
    return found


def _within(name: str, modules: Iterable[str]) -> bool:
    """Whether a dotted name is one of the modules, or below one."""
    return any(f"{name}.".startswith(f"{module}.") for module in modules)


def _defined_in(found: object) -> str | None:
    """The module that defines a class, a function, a method or what wraps one of them."""
    bare = inspect.unwrap(found) if callable(found) else found
    if inspect.isclass(bare) or inspect.isfunction(bare) or inspect.ismethod(bare):
        return str(bare.__module__)
    return None


def _imported(name: str) -> Any:  # whatever the name leads to
    """What a dotted name leads to: in a module, or in a class of one."""
    parts = str(name).split(".")
    for end in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:end])
        try:
            found: Any = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name is not None and (module + ".").startswith(error.name + "."):
                continue  # a class in a shorter one, perhaps
            raise
        for part in parts[end:]:
            found = getattr(found, part, _NOTHING)
        if found is not _NOTHING and not isinstance(found, ModuleType):
            return found
        break
    raise ValueError(
        f"the config names what cannot be imported: {name!r}; check each _target_ (bases are in "
        "polybases.modules, your own in a file on the path)"
    )


_NOTHING = object()

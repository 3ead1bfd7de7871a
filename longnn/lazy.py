"""Names of a package that are imported on first use (PEP 562)."""

import importlib
from collections.abc import Mapping
from typing import Any


def attribute(package: str, homes: Mapping[str, str], name: str) -> Any:
    """The value of `name`, from the module that `homes` says, for a package's `__getattr__`.

    Args:
        package: the package's `__name__`.
        homes: name -> module inside the package that holds it.
        name: the attribute asked for.

    Raises:
        AttributeError: if `homes` has no such name.
    """
    if name not in homes:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{package}.{homes[name]}"), name)

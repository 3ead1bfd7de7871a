"""Modules of the current directory: a model or dataset of the user's own, as ``_target_``.

They are found after everything that is installed, so that a folder named ``hydra_plugins``, or any
other name that something installed has, hides nothing. An entry of ``sys.path`` would not do, even
the last one: a regular package there goes before a namespace package such as ``hydra_plugins``.
"""

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


class HereError(ValueError):
    """The current directory cannot be used."""


class _Here(MetaPathFinder):
    """Finds top-level modules in one directory."""

    def __init__(self, directory: str):
        self._path = [directory]

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Called by Python where nothing before it found ``fullname``."""
        return None if path is not None else PathFinder.find_spec(fullname, self._path, target)

    def invalidate_caches(self) -> None:
        """Called by :func:`importlib.invalidate_caches`."""
        PathFinder.invalidate_caches()


def import_from_here() -> None:
    """Makes modules of the current directory importable, after all others.

    A process that a launcher starts (joblib, submitit) calls it again for itself: Python's ``-m``,
    which starts it, would put the current directory first, and is told not to by the environment
    variable PYTHONSAFEPATH.

    Raises:
        HereError: if the current directory no longer exists.
    """
    try:
        directory = os.getcwd()
    except FileNotFoundError as error:
        raise HereError("the current directory no longer exists; change to another") from error
    os.environ["PYTHONSAFEPATH"] = "1"
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Here)]
    sys.meta_path.append(_Here(directory))

"""Modules of the current directory: a model or dataset of the user's own, as ``_target_``.

They are found after everything that is installed, so that a folder named ``hydra_plugins``, or
after anything else that is installed, hides nothing. An entry of ``sys.path`` would not do, even
the last one: a regular package there goes before a namespace package such as ``hydra_plugins``.
"""

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


class DirectoryGoneError(FileNotFoundError):
    """The current directory no longer exists."""


class _Here(MetaPathFinder):
    """Finds top-level modules in one directory."""

    def __init__(self, directory: str):
        self._path = [directory]

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Called by Python where nothing before it found ``fullname``."""
        return None if path is not None else PathFinder.find_spec(fullname, self._path, target)


def import_from(directory: str) -> None:
    """Makes the modules of a directory importable, after all others.

    Args:
        directory: an absolute path. It takes the place of that of an earlier call.
    """
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Here)]
    sys.meta_path.append(_Here(directory))


def current_directory() -> str:
    """The absolute path of the current directory.

    Raises:
        DirectoryGoneError: if it was removed.
    """
    try:
        return os.getcwd()
    except FileNotFoundError as error:
        raise DirectoryGoneError(
            "the current directory no longer exists; change to another one"
        ) from error

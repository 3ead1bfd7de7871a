"""A fingerprint of the code of the user's own that a config names; nothing of it is imported.

Covered are the file of each module that a ``_target_`` leads to outside of longnn, polybases and
optax, the files of the packages that it lies in, and, step by step, of every module that these
import, also inside functions, from the same folder: a module beside it, or one of its package. Of
a package that is installed among others (``site-packages``) these are the modules of that package
alone. Not covered is what lies elsewhere, what is imported by a computed name, and data files.
"""

import ast
import hashlib
import importlib.util
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any, NamedTuple

from longnn.runs.trust import PACKAGES


def code_of(config: Any) -> dict[str, str]:  # a config holds values of any kind
    """The sha256 of each source file of the user's own that a config names, by module.

    Args:
        config: plain values.

    Returns:
        Dotted name -> hex digest; empty where the config names the packages alone.
    """
    found: dict[str, str] = {}
    for target in sorted(set(_targets(config))):
        top = target.partition(".")[0]
        if top not in PACKAGES and top != "":
            _add(found, target, _home_of(top))
    return dict(sorted(found.items()))


def _targets(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if "_target_" in node:
            yield str(node["_target_"])
        for value in node.values():
            yield from _targets(value)
    elif isinstance(node, list):
        for value in node:
            yield from _targets(value)


class _Home(NamedTuple):
    """Where the modules lie that count: a top-level module, and the folder that holds it."""

    top: str
    folder: Path | None  # None: modules below the top-level one alone


def _home_of(top: str) -> _Home:
    spec = _top_spec(top)
    origin = None if spec is None else _file_of(spec)
    if origin is None:
        return _Home(top, None)
    package = origin.name == "__init__.py"
    folder = origin.parents[1] if package else origin.parent
    shared = _is_installed(origin) or folder == Path(ast.__file__).parent
    return _Home(top, None if shared else folder)


def _add(found: dict[str, str], name: str, home: _Home) -> None:
    """Adds the module that a dotted name leads to, its packages, and what they import."""
    for module, file in _modules(name, home):
        if module in found:
            continue
        found[module] = _digest(file)
        if file.suffix == ".py":
            for imported in _imports(module, file):
                _add(found, imported, home)


def _modules(name: str, home: _Home) -> list[tuple[str, Path]]:
    """The modules along a dotted name that have files: each package, and the last module."""
    top, *parts = name.split(".")
    spec = None if top in PACKAGES else _top_spec(top)
    found: list[tuple[str, Path]] = []
    module = top
    while spec is not None:
        file = _file_of(spec)
        if file is not None:
            found.append((module, file))
        if not parts or spec.submodule_search_locations is None:
            break
        module = f"{module}.{parts.pop(0)}"
        spec = _inner_spec(module, list(spec.submodule_search_locations))
    inside = home.folder is not None and all(
        home.folder in file.parents and not _is_installed(file) for _, file in found
    )
    return found if top == home.top or inside else []


def _is_installed(file: Path) -> bool:
    """Whether a file is of an installed package; a virtual environment may lie in one's folder."""
    return bool({"site-packages", "dist-packages"} & {*file.parts})


def _inner_spec(module: str, folders: list[str]) -> ModuleSpec | None:
    """Where a module of a package would be imported from.

    Args:
        module: dotted.
        folders: of the package.
    """
    try:
        return PathFinder.find_spec(module, folders)
    except KeyError:  # no __init__.py: Python asks the package above, which is not imported
        spec = ModuleSpec(module, None, is_package=True)
        inner = [Path(folder, module.rpartition(".")[2]) for folder in folders]
        spec.submodule_search_locations = [str(folder) for folder in inner if folder.is_dir()]
        return spec


def _top_spec(top: str) -> ModuleSpec | None:
    """Where a top-level module would be imported from; it is not imported."""
    try:
        return importlib.util.find_spec(top)
    except ValueError:  # a module that was made without a file, such as __main__
        return None


def _file_of(spec: ModuleSpec) -> Path | None:
    if spec.origin is None or not spec.has_location:
        return None
    file = Path(spec.origin)
    return file if file.is_file() else None


def _imports(module: str, file: Path) -> list[str]:
    """The dotted names that a source file imports; of ``from a import b`` also ``a.b``."""
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    try:
        tree = ast.parse(_bytes(file))
    except (SyntaxError, ValueError):  # its import will say so
        return []
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: max(len(package.split(".")) - node.level + 1, 0)]
            parts = [*(above if node.level else []), *([node.module] if node.module else [])]
            found += [".".join([*parts, alias.name]) for alias in node.names]
    return [name for name in found if name.partition(".")[0]]


def _digest(file: Path) -> str:
    return hashlib.sha256(_bytes(file)).hexdigest()


@cache
def _bytes(file: Path) -> bytes:
    """Read once, as a process imports a module once: a run counts as the code that it runs."""
    return file.read_bytes()

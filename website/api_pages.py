"""A page for each public module: the names of its stub, written out by mkdocstrings."""

import ast
from pathlib import Path

PACKAGES = ("longnn", "polybases")


def pages(root: Path) -> dict[str, str]:
    """Name of each public module, such as "longnn.data", -> Markdown of its page.

    Args:
        root: the folder that holds the packages.
    """
    modules = [*_public(root, "longnn"), "polybases", "polybases.modules"]
    return {module: _page(root, module) for module in sorted(modules)}


def _public(root: Path, module: str) -> list[str]:
    """A module with a stub, and every module that its stub names."""
    below = [name for name, source in _imports(_stub(root, module)) if source is None]
    inside = [f"{module}.{name}" for name in below]
    rooms = [name for name in inside if _stub(root, name).exists()]
    nested = [deep for room in rooms for deep in _public(root, room)]
    return [module, *(name for name in inside if name not in rooms), *nested]


def names(root: Path, module: str) -> list[str]:
    """The public names of a module that are no modules.

    Those of the stub beside it, else ``__all__``, else what a file defines without an underscore.
    """
    if (stub := _stub(root, module)).exists():
        return sorted(name for name, source in _imports(stub) if source is not None)
    tree = ast.parse(_file(root, module).read_text())
    defined = [
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
    ]
    return _listed(tree) or sorted(defined)


def _listed(tree: ast.Module) -> list[str]:
    """``__all__`` without names of Python's own."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return [name for name in ast.literal_eval(node.value) if not name.startswith("__")]
    return []


def _imports(stub: Path) -> list[tuple[str, str | None]]:
    """(name, module it is taken from), or (name, None) of a module, of each line of a stub."""
    found: list[tuple[str, str | None]] = []
    for node in ast.parse(stub.read_text()).body:
        if isinstance(node, ast.ImportFrom):
            found += [(alias.asname or alias.name, node.module) for alias in node.names]
    return [(name, source) for name, source in found if not name.startswith("_")]


def _stub(root: Path, module: str) -> Path:
    return root / module.replace(".", "/") / "__init__.pyi"


def _file(root: Path, module: str) -> Path:
    path = root / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _page(root: Path, module: str) -> str:
    shown = "\n".join(f"        - {name}" for name in names(root, module))
    members = f"\n      members:\n{shown}" if shown else "\n      members: []"
    return f"# {module}\n\n::: {module}\n    options:\n      show_root_heading: false{members}\n"

"""Every notebook runs from a clean kernel, and is saved as a reader should meet it."""

import ast
import re

import nbformat
import pytest

from notebooks.execute import FOLDER, executed

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))

every = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)

MACHINE = {
    "a path": r"(?<![\w.])/(?:home|tmp|root|Users|private|var|opt|usr|mnt|work)/|[A-Z]:\\",
    "an address": r"\bat 0x[0-9a-f]{6,}",
    "a time": r"\d{4}-\d\d-\d\d|\b\d\d:\d\d:\d\d\b",
}


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    return [output for cell in code(notebook) for output in cell.outputs]


def words(output) -> str:
    """What an output says; pictures are silent."""
    shown = {k: v for k, v in output.get("data", {}).items() if k.startswith("text/")}
    return "\n".join(map(str, [*shown.values(), output.get("text", "")]))


def complaints(notebook) -> list[str]:
    """Errors, and what was written to standard error, such as warnings."""
    failed = (output for output in outputs(notebook) if output.output_type == "error")
    written = (words(output) for output in outputs(notebook) if output.get("name") == "stderr")
    return [output.ename for output in failed] + list(written)


def test_there_are_notebooks():
    assert [path.stem[0] for path in NOTEBOOKS] == list("1234567")


@every
def test_it_opens_with_what_it_teaches(path):
    first, *_ = nbformat.read(path, as_version=4).cells
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert "teaches" in first.source


@every
def test_it_holds_no_long_function(path):
    for cell in code(nbformat.read(path, as_version=4)):
        python = re.sub(r"^%.*$", "", cell.source, flags=re.MULTILINE)
        for node in ast.walk(ast.parse(python)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = node.end_lineno - node.lineno + 1
                assert lines <= 5, f"{node.name} has {lines} lines; its place is the library"


@every
def test_it_is_saved_with_outputs_that_serve_everywhere(path):
    """Small, with pictures, nothing of the machine that ran it, no widget in a picture's place."""
    notebook = nbformat.read(path, as_version=4)
    assert path.stat().st_size < 300_000
    assert not complaints(notebook)
    assert any("image/png" in output.get("data", {}) for output in outputs(notebook))
    assert "widgets" not in notebook.metadata
    for output in outputs(notebook):
        assert not [kind for kind in output.get("data", {}) if "widget" in kind]
        found = {what for what, pattern in MACHINE.items() if re.search(pattern, words(output))}
        assert not found, f"{found} in {words(output)!r}"
    assert not any("execution" in cell.metadata for cell in notebook.cells)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the kernel's own start-up
@every
def test_it_runs(path):
    """Without a warning, to outputs of the kinds that are saved."""
    notebook = executed(path)
    saved = nbformat.read(path, as_version=4)
    assert not complaints(notebook)
    assert list(map(kinds, code(notebook))) == list(map(kinds, code(saved)))


def kinds(cell) -> list[list[str]]:
    return [sorted(output.get("data", {output.output_type: None})) for output in cell.outputs]

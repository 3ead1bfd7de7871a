"""Every example in a docstring of polybases and longnn runs, and prints what it says."""

import ast
import doctest
import importlib
from pathlib import Path

import numpy as np
import pytest

import polybases

ROOT = Path(__file__).parents[1]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def examples(path: Path) -> list[doctest.DocTest]:
    """The docstrings of a file that hold examples; read from the source, so that jit and checkers
    that wrap a function hide none."""
    tree, parser, found = ast.parse(path.read_text()), doctest.DocTestParser(), []
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            name, text = getattr(node, "name", path.stem), ast.get_docstring(node) or ""
            line = node.body[0].lineno - 1 if text else 0
            found.append(parser.get_doctest(text, {}, name, str(path), line))
    return [test for test in found if test.examples]


FILES = {
    str(path.relative_to(ROOT)): tests
    for package in ("polybases", "longnn")
    for path in sorted((ROOT / package).rglob("*.py"))
    if (tests := examples(path))
}


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_examples_print_what_they_say(file, tmp_path, monkeypatch):
    """With the names of their own module at hand, in an empty directory, as with a fixed seed."""
    module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    monkeypatch.chdir(tmp_path)
    for test in FILES[file]:
        np.random.seed(0)  # noqa: NPY002, examples may use the global generator
        said: list[str] = []
        test.globs = dict(vars(module))
        doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=said.append)
        assert not said, "".join(said)


def test_every_public_function_of_polybases_has_an_example():
    named = {test.name for file, tests in FILES.items() if file.startswith("polybases/")
             for test in tests}  # fmt: skip
    values = {"MatVec", "__version__"}
    assert set(polybases.__all__) - values - named == set()
    assert {"Jacobi", "Gegenbauer", "Krylov", "Favard", "Discrete"} <= named

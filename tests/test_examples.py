"""Every example trains: run as a user would, with its own framework."""

import ast
import importlib.util
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))


def _imported(path: Path) -> set[str]:
    """Top-level packages that the file imports, at any depth."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.split(".")[0] for name in names}


def test_one_example_for_each_framework():
    frameworks = [_imported(path) - {"jax", "optax", "polybases"} for path in EXAMPLES]
    assert frameworks == [{"equinox"}, {"flax"}, {"haiku"}, set()]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_short_and_needs_no_graph_code(path):
    assert {"polybases", "optax"} <= _imported(path)
    assert not {"longnn", "experiments"} & _imported(path)
    assert len(path.read_text().splitlines()) < 60


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_learns(path, capsys):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    start, end, alpha, beta = module.main()
    assert end < start / 100
    for exponent in (alpha, beta):
        assert exponent > -1
        assert abs(exponent) > 0.05, "both start at 0"
    assert f"alpha {alpha:.3f}, beta {beta:.3f}" in capsys.readouterr().out

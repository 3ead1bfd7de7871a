"""The Python of the documents runs as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

import polybases
from tests.experiments.conftest import SMALL
from tests.experiments.conftest import train as train  # a fixture

ROOT = Path(__file__).parent.parent


def _blocks(name: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)


@pytest.mark.parametrize("number", range(len(_blocks("docs/guide.md"))))
def test_guide(number, train):
    block = _blocks("docs/guide.md")[number].replace("max_epochs=300", "max_epochs=3")
    if "runs/..." in block:
        (directory,) = train(*SMALL, "model.order=4", "figures=false")
        block = block.replace("runs/...", str(directory))
    exec(block, {})


def test_analysis(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec("\n".join(_blocks("docs/analysis.md")), {})
    names = ("density", "energy", "homophily", "basis", "conditioning", "over_passing")
    assert {file.stem for file in tmp_path.iterdir()} == set(names)


def test_readme():
    edges = np.array([[0, 1], [1, 2], [2, 3]])
    names = {"edges": edges, "num_nodes": 4, "theta": np.ones((11, 3)), "signal": np.ones((4, 3))}
    names["matrix"] = np.diag([0.5, -0.5, 0.1, 0.9])
    (block,) = _blocks("README.md")
    exec(block, names)
    assert names["values"].shape == (11, 101)
    assert names["terms"].shape == (11, 4, 3)
    assert names["output"].shape == (4, 3)
    assert all(isinstance(names[n], jax.Array) for n in ("values", "terms", "output"))


def test_files_named_in_the_readme_exist():
    names = re.findall(r'(?:\]\(|src=")([\w./]+)', (ROOT / "README.md").read_text())
    assert len(names) >= 6
    files = [name for name in names if name != "https"]
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_api_pages_are_built_from_the_docstrings(tmp_path):
    command = ["-m", "pdoc", "--docformat", "google", "-o", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, *command, "polybases", "polybases.modules", "longnn"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "polybases.html").read_text()
    missing = [name for name in polybases.__all__ if f'id="{name}"' not in page]
    assert missing == []


def test_every_public_function_of_polybases_is_in_its_guide():
    text = (ROOT / "docs" / "bases.md").read_text()
    named = {name for name in polybases.__all__ if f"`{name}" in text or f"{name}(" in text}
    others = {"MatVec", "__version__", "chebyshev_nodes", "expand", "raw_exponent", "weight"}
    assert set(polybases.__all__) - named <= others

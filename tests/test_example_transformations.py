"""The examples of transformations run as a user runs them, on every backend that they name."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.backends import BACKENDS

FOLDER = Path(__file__).parents[1] / "examples" / "transformations"
NAMES = ("eight_devices", "export_reload", "newton", "physics_informed", "strict")


def test_all_are_short_and_known():
    files = sorted(FOLDER.glob("*.py"))
    assert tuple(path.stem for path in files) == NAMES
    assert {path.stem for path in files if len(path.read_text().splitlines()) >= 41} == set()


def value_of(name: str, argument: str = "") -> float:
    """What ``main`` returns in a process of its own; of several numbers the last."""
    code = f"import numpy, {name} as m; print(numpy.ravel(m.main({argument}))[-1])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout.split()[-1])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "bound"), [("physics_informed", 1e-10), ("newton", 1e-10)])
def test_solvers_solve(name, bound):
    assert value_of(name) < bound


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("name", "bound"), [("eight_devices", 1e-5), ("export_reload", 1e-5), ("strict", 0.05)]
)
def test_every_backend(name, bound, backend):
    assert value_of(name, repr(backend)) < bound

"""polybases is a distribution of its own, and works with jax, jaxtyping and numpy beside it only."""

import shutil
import subprocess
import sys
from pathlib import Path

import polybases

WORKS_ALONE = """
import importlib.abc, sys
sys.path.insert(0, sys.argv[1])
import jax, jaxtyping, numpy  # with what they need themselves

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in known and top not in sys.stdlib_module_names and top != "polybases":
            raise ImportError(f"polybases imports {name}")

known = {name.partition(".")[0] for name in sys.modules} | {"scipy"}  # jax needs scipy
assert not {"flax", "longnn", "matplotlib", "hydra", "jraph"} & known
sys.meta_path.insert(0, Refuse())
import polybases
assert polybases.__file__.startswith(sys.argv[1]), polybases.__file__
nodes, weights = polybases.gauss(polybases.jacobi(4, -0.5, -0.5))
values = polybases.expand(polybases.chebyshev(3), lambda x: 0.5 * x, numpy.ones(2, "float32"))
print(polybases.__version__, values.shape, abs(float(weights.sum()) - numpy.pi) < 1e-5)
"""


def test_wheel_holds_polybases_alone_and_works(tmp_path):
    source = shutil.copytree(Path(polybases.__file__).parent, tmp_path / "source")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    options = ["--no-index", "--target", str(tmp_path / "site"), str(source)]
    subprocess.run([*pip, *options], check=True)
    installed = {path.name for path in (tmp_path / "site").iterdir()}
    assert installed == {"polybases", f"polybases-{polybases.__version__}.dist-info"}
    done = subprocess.run(
        [sys.executable, "-c", WORKS_ALONE, str(tmp_path / "site")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [polybases.__version__, "(4,", "2)", "True"]

"""What a config may name is judged before anything is imported, by the module that defines it."""

import ast
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from longnn.models import LonGNN
from longnn.runs.configured import instantiate, model_of
from longnn.runs.trust import ACTING, named_callable, trusted_modules

ROOT = Path(__file__).parents[3]

MINE = """
import functools, os, subprocess
from subprocess import run
open({mark!r}, "w").close()

class Model: pass

@functools.cache
def cached(): return 3

instance = Model()
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A module of the user's own; the file that its import writes."""
    mark = tmp_path / "imported"
    (tmp_path / "mine_trusted.py").write_text(MINE.format(mark=str(mark)))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield mark
    sys.modules.pop("mine_trusted", None)


@pytest.mark.parametrize(
    "name",
    [
        *("longnn.models.LonGNN", "longnn.data.load", "longnn.data.csbm.generate"),
        *("polybases.modules.Jacobi", "polybases.jacobi", "optax.adam"),
        *("longnn.graphs.Graph.from_edges", "longnn.experiments.jobs.sinks.to_wandb"),
    ],
)
def test_what_the_packages_define(name):
    assert named_callable(name).__name__ == name.rpartition(".")[2]


REFUSED = {
    "os.system": "code of a module that is not trusted.*LONGNN_TRUST=os before the command",
    "subprocess.run": r"trust=\('subprocess',\) in Python",
    "builtins.eval": "not trusted",
    "longnn.operators.native.build.subprocess.run": "which is defined in subprocess; name a cl",
    "longnn.data.dataset.np.save": "which is defined in numpy",
    "longnn.models.spectral.jax.jit": "which is defined in jax",
    "longnn.models.LonGNN.__class__": "which is defined in flax",
    "longnn.models.LonGNN.__init__.__globals__": "no class or function",
    "longnn.runs.atomic.atomic_write": "neither writes files nor starts programs",
    "longnn.runs.configured.instantiate": "neither writes files",
    "longnn.runs.trust.named_callable": "neither writes files",
    "longnn.experiments.sweep.__main__.resume": "neither writes files",
    "longnn.operators.native.build.main": "neither writes files",
    "longnn.data.download.fetch": "neither writes files",
    "longnn.version.__version__": "no class or function",
    "longnn.data": "cannot be imported",
    "longnnx.models.LonGNN": "not trusted",
    "": "not trusted",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    for node in ({"_target_": name}, {"a": [{"_target_": name, "_partial_": True}]}):
        with pytest.raises(ValueError, match=REFUSED[name]):
            instantiate(node)
    with pytest.raises(ValueError, match=REFUSED[name]):
        model_of({"_target_": "longnn.models.LonGNN", "basis": {"_target_": name}})


def test_nothing_is_imported_before_the_caller_trusts_it(mine, monkeypatch):
    with pytest.raises(ValueError, match=r"'mine_trusted\.Model', code of a module that"):
        named_callable("mine_trusted.Model")
    assert not mine.exists()
    assert named_callable("mine_trusted.Model", ["mine_trusted"]).__name__ == "Model"
    assert mine.exists()
    monkeypatch.setenv("LONGNN_TRUST", "other, mine_trusted")
    assert instantiate({"_target_": "mine_trusted.cached"}) == 3
    assert trusted_modules(["mine_trusted"]) == ("mine_trusted", "other")


@pytest.mark.parametrize("name", ["run", "os.system", "subprocess.run", "instance"])
def test_a_trusted_module_hands_no_trust_on(name, mine):
    with pytest.raises(ValueError, match=f"'mine_trusted.{name}', which is "):
        named_callable(f"mine_trusted.{name}", ["mine_trusted"])


def test_trust_is_a_sequence_of_names():
    with pytest.raises(ValueError, match="sequence of names of modules, got 'mine'"):
        trusted_modules("mine")
    assert named_callable("fractions.Fraction", ["fractions"]) is Fraction


def test_a_model_of_the_packages_needs_no_trust():
    assert model_of({"_target_": "longnn.models.LonGNN", "order": 3})[0] is LonGNN


DOES = ("subprocess", "urllib", "pooch", "requests", "write_text", "write_bytes", "unlink",
        "mkdir", "rmtree", "savez", "savefig")  # fmt: skip


def test_every_file_that_writes_or_starts_programs_is_refused():
    """A function that writes where an argument says would be a way around."""
    found = set()
    for path in sorted((ROOT / "longnn").rglob("*.py")):
        words = {node.attr for node in ast.walk(ast.parse(path.read_text()))
                 if isinstance(node, ast.Attribute)}  # fmt: skip
        names = {alias.name.partition(".")[0] for node in ast.walk(ast.parse(path.read_text()))
                 if isinstance(node, ast.Import) for alias in node.names}  # fmt: skip
        if (words | names) & set(DOES):
            found.add(".".join(path.relative_to(ROOT).with_suffix("").parts))
    left = {m for m in found if not any(f"{m}.".startswith(f"{a}.") for a in ACTING)}
    assert left == set()

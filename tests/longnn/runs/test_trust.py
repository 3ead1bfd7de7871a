"""What a config may name is judged before anything is imported, by the module that defines it."""

import ast
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from longnn.models import LonGNN
from longnn.runs.configured import instantiate, model_of
from longnn.runs.trust import NAMED, named_callable, trusted_modules

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
        *("longnn.data.splits.per_class", "longnn.experiments.jobs.sinks.to_wandb"),
        "longnn.experiments.jobs.mlflow_sink.to_mlflow",
        "longnn.experiments.jobs.tensorboard_sink.to_tensorboard",
    ],
)
def test_what_the_packages_define(name):
    assert named_callable(name).__name__ == name.rpartition(".")[2]


REFUSED = {
    "os.system": "code of a module that is not trusted.*LONGNN_TRUST=os before the command",
    "subprocess.run": r"trust=\('subprocess',\) in Python",
    "builtins.eval": "not trusted",
    "longnn.operators.native.build.subprocess.run": "which is defined in subprocess; name a model",
    "longnn.data.dataset.np.save": "which is defined in numpy",
    "longnn.models.spectral.jax.jit": "which is defined in jax",
    "longnn.models.LonGNN.__class__": "private",
    "longnn.models.LonGNN.__init__.__globals__": "private",
    "longnn.models.spectral.nnx.Module": "which is defined in flax",
    "longnn.data.catalogue.function_of": "which is defined in longnn.data.catalogue; name a model",
    "longnn.runs.atomic.atomic_write": "which is defined in longnn.runs.atomic",
    "longnn.runs.configured.instantiate": "which is defined in longnn.runs.configured",
    "longnn.runs.trust.named_callable": "which is defined in longnn.runs.trust",
    "longnn.experiments.sweep.__main__.resume": "private",
    "longnn.operators.native.build.main": "which is defined in longnn.operators",
    "longnn.data.download.fetch": "which is defined in longnn.data.download",
    "longnn.version.__version__": "private",
    "longnn.models.NAMES": "no class or function",
    "optax._src.alias.adam": "private",
    "optax.tree_utils.tree_get": "which is defined in optax.tree_utils",
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


def test_no_file_whose_functions_may_be_named_writes_or_starts_programs():
    """A function that writes where an argument says would be a way around."""
    found = set()
    for path in sorted((ROOT / "longnn").rglob("*.py")):
        words = {node.attr for node in ast.walk(ast.parse(path.read_text()))
                 if isinstance(node, ast.Attribute)}  # fmt: skip
        names = {alias.name.partition(".")[0] for node in ast.walk(ast.parse(path.read_text()))
                 if isinstance(node, ast.Import) for alias in node.names}  # fmt: skip
        if (words | names) & set(DOES):
            found.add(".".join(path.relative_to(ROOT).with_suffix("").parts))
    assert len(found) > 5
    assert not {m for m in found if any(f"{m}.".startswith(f"{named}.") for named in NAMED)}


def test_no_function_that_may_be_named_gives_what_an_argument_names():
    """getattr with a name that is computed, import_module and their like lead to everything."""
    ways = {"import_module", "eval", "exec", "getattr", "__import__", "attrgetter", "literal_eval"}
    found = {}
    for path in sorted((ROOT / "longnn").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if not any(f"{module}.".startswith(f"{named}.") for named in NAMED):
            continue
        calls = [
            node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
        ]
        for call in calls:
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            literal = len(call.args) > 1 and isinstance(call.args[1], ast.Constant)
            if name in ways and not (name == "getattr" and literal):
                found.setdefault(module, []).append((name, call.lineno))
    # a class of the table MODELS, and the exponents alpha and beta
    assert {module: {name for name, _ in calls} for module, calls in found.items()} == {
        "longnn.models.names": {"getattr", "import_module"},
        "longnn.models.series": {"getattr"},
    }

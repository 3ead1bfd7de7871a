"""The code of the user's own by its source: what counts, and that nothing of it runs."""

import sys
from pathlib import Path

import pytest

from longnn.runs import sources
from longnn.runs.sources import code_of

FILES = {
    "own_model.py": "raise RuntimeError('it ran')\nimport own_layers\nimport numpy\n"
    "def make():\n    from own_pack.deep import late\n",
    "own_layers.py": "import own_model\n",
    "own_other.py": "",
    "own_pack/__init__.py": "from . import sibling\n",
    "own_pack/deep.py": "from .sibling import x\nfrom .. import nothing\n",
    "own_pack/sibling.py": "",
    "own_pack/unused.py": "",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    sources._bytes.cache_clear()
    return tmp_path


NODE = {"model": {"basis": {"_target_": "own_model.Basis.make"}, "list": [{"a": 1}]}}


def test_what_counts(folder):
    code = code_of(NODE)
    assert list(code) == [
        *("own_layers", "own_model", "own_pack", "own_pack.deep", "own_pack.sibling")
    ]
    assert "own_model" not in sys.modules
    assert list(code_of({"_target_": "own_pack.deep.load"})) == [
        *("own_pack", "own_pack.deep", "own_pack.sibling")
    ]


@pytest.mark.parametrize("name", FILES)
def test_a_change_of_a_file_that_counts(folder, name):
    before = code_of(NODE)
    (folder / name).write_text(FILES[name] + "# changed\n")
    sources._bytes.cache_clear()
    counts = name not in ("own_other.py", "own_pack/unused.py")
    assert (code_of(NODE) != before) == counts


def test_a_process_counts_the_code_that_it_read_first(folder):
    before = code_of(NODE)
    (folder / "own_model.py").write_text("changed = True\n")
    assert code_of(NODE) == before


@pytest.mark.parametrize("target", ["longnn.models.LonGNN", "polybases.jacobi", "optax.adam"])
def test_the_packages_leave_an_identity_as_it_was(target):
    assert code_of({"_target_": target, "x": [{"_target_": target}]}) == {}


def test_of_an_installed_package_its_own_modules_count():
    code = code_of({"_target_": "yaml.loader.SafeLoader"})
    assert "yaml.loader" in code
    assert {name.partition(".")[0] for name in code} == {"yaml"}


@pytest.mark.parametrize("target", ["own_nowhere.Model", "builtins.eval", "", "own_broken.Model"])
def test_what_has_no_source_is_left_to_the_import(folder, target):
    Path(folder, "own_broken.py").write_text("def (:\n")
    assert set(code_of({"_target_": target})) == ({"own_broken"} if "broken" in target else set())


def test_packages_without_an_init_file_inside_one(tmp_path, monkeypatch):
    """Python knows the folders of such a package once it is imported; here nothing is."""
    inner = tmp_path / "own_outer/plain/deep"
    inner.mkdir(parents=True)
    (tmp_path / "own_outer/__init__.py").write_text("")
    (inner / "model.py").write_text("import setuptools._distutils.command\nA = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = code_of({"_target_": "own_outer.plain.deep.model.A"})
    assert set(found) == {"own_outer", "own_outer.plain.deep.model"}
    assert "own_outer" not in sys.modules


def test_an_environment_in_ones_own_folder_is_not_ones_own_code(tmp_path, monkeypatch):
    installed = tmp_path / ".venv/lib/python3.11/site-packages"
    installed.mkdir(parents=True)
    (installed / "own_installed.py").write_text("")
    (tmp_path / "own_beside.py").write_text("import own_installed, longnn.models, polybases, jax\n")
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert set(code_of({"_target_": "own_beside.Model"})) == {"own_beside"}
    assert set(code_of({"_target_": "own_installed.Model"})) == {"own_installed"}

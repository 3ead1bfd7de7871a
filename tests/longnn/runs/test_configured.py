"""Objects by the names in a config."""

from collections import Counter
from fractions import Fraction
from functools import partial

import pytest

from longnn.models import LonGNN
from longnn.runs.configured import instantiate, model_of
from polybases.modules import Jacobi


def test_nodes_are_built_inside_out():
    node = {"_target_": "fractions.Fraction", "numerator": 3, "denominator": 4}
    trust = ["fractions", "collections"]
    built = instantiate({"a": [node, 1.5], "b": "text"}, trust)
    assert built == {"a": [Fraction(3, 4), 1.5], "b": "text"}
    found = instantiate({"_target_": "collections.Counter", "_partial_": True, "x": 2}, trust)
    assert isinstance(found, partial)
    assert found() == Counter(x=2)


def test_a_target_may_be_inside_a_class():
    node = {"_target_": "fractions.Fraction.from_float", "f": 0.5}
    assert instantiate(node, ["fractions"]) == Fraction(1, 2)
    by_place = {"_target_": "fractions.Fraction", "_args_": [1], "denominator": 2}
    assert instantiate(by_place, ["fractions"]) == Fraction(1, 2)


BAD = {
    "module": ({"_target_": "longnn.forgotten.load"}, r"cannot be imported: 'longnn.forgotten"),
    "name": ({"_target_": "longnn.models.Forgotten"}, "cannot be imported: 'longnn.models.Forg"),
    "no module": ({"_target_": "fractions"}, "cannot be imported: 'fractions'; check each _targ"),
    "unknown setting": (
        {"_target_": "longnn.data.csbm.generate", "node": 9},
        "unknown setting of longnn.data.csbm.generate: 'node'; did you mean nodes",
    ),
    "missing setting": ({"_target_": "longnn.data.npz.load"}, "npz.load needs a value for path"),
    "text for a count": (
        {"_target_": "longnn.data.csbm.generate", "nodes": "abc"},
        "nodes of longnn.data.csbm.generate must be a whole number, got 'abc'",
    ),
    "a fraction for a count": (
        {"_target_": "longnn.data.csbm.generate", "nodes": 60.5},
        "must be a whole number, got 60.5",
    ),
    "a flag for a number": (
        {"_target_": "longnn.data.csbm.generate", "phi": True},
        "phi of longnn.data.csbm.generate must be a number, got True",
    ),
    "other key": ({"_target_": "fractions.Fraction", "_arg_": [1]}, "_arg_ beside _target_"),
    "one argument": ({"_target_": "fractions.Fraction", "_args_": 1}, "_args_ must be a list"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_nodes(name):
    node, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        instantiate(node, ["fractions"])


def test_a_module_that_fails_says_so_itself(tmp_path, monkeypatch):
    (tmp_path / "broken_module.py").write_text("import not_installed_anywhere\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="not_installed_anywhere"):
        instantiate({"_target_": "broken_module.load"}, ["broken_module"])


def test_whole_numbers_count_as_the_floats_that_they_stand_for():
    basis = {"_target_": "polybases.modules.Jacobi", "_partial_": True}
    node = {
        "_target_": "longnn.models.LonGNN",
        "alpha": 0,
        "order": 10,
        "coefficient_decomposition": True,
    }
    model, settings = model_of(node | {"basis": basis})
    assert model is LonGNN
    assert {k: (v, type(v)) for k, v in settings.items() if k != "basis"} == {
        "alpha": (0.0, float), "order": (10, int), "coefficient_decomposition": (True, bool)
    }  # fmt: skip
    assert settings["basis"].func is Jacobi
    assert model_of(node | {"basis": basis})[1]["basis"] is settings["basis"]

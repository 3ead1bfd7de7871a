"""What is given by mistake is refused with what came, what was expected and what to do."""

import numpy as np
import pytest

import longnn
from longnn.graphs.checks import is_whole
from longnn.models import SGC, LonGNN
from longnn.training.seeds import seeds_of
from longnn.training.settings import settings_of
from tests.longnn.models.cases import build

DATA = longnn.data.csbm.generate(nodes=60)
SPLITS = longnn.data.splits.stratified(DATA, count=1)
FEW = longnn.Optim(max_epochs=1)


def unbuilt(in_features, classes, depth, *, width=3, dtype, rngs):
    """A function in the place of a class."""
    raise TypeError("a fault inside the model")


REFUSED = {
    "a name as data": ({"data": "csbm"}, r"Dataset or a .*Problem, got 'csbm'; .*load\('csbm'\)"),
    "splits as data": ({"data": SPLITS}, r"got Splits\(.*load\(NAME\)"),
    "a number as splits": ({"splits": 3}, r"Splits, got 3; .*splits.stratified\(data\)"),
    "a number as a model": ({"model": 3}, "a name such as 'longnn' or a class, got 3"),
    "a built model": ({"model": build("mlp")}, "a name such as 'longnn' or a class, got MLP"),
    "a word as seeds": ({"seeds": "a"}, "a sequence of whole numbers, got 'a'; seeds=3 means"),
    "no seed": ({"seeds": 0}, "at least 1 as a number of seeds, got 0; seeds=3 means"),
    "fewer than no seed": ({"seeds": -2}, "at least 1 as a number of seeds, got -2"),
    "half a seed": ({"seeds": [1.5]}, r"a sequence of whole numbers, got \[1.5\]"),
    "a truth value as seeds": ({"seeds": True}, "whole number.*got True"),
    "no seed of a list": ({"seeds": []}, "seeds is empty; give at least one: seeds=3 means"),
    "a misspelt setting": ({"settings": {"ordr": 3}}, "of LonGNN: 'ordr'; did you mean order"),
    "of the class above": ({"settings": {"hiden": 3}}, "'hiden'; did you mean hidden"),
    "a setting of its own": ({"model": "mlp", "settings": {"order": 3}}, "of MLP: 'order'; known:"),
    "settings that are none": ({"settings": 3}, "mapping of names to values.*got 3"),
    "a word as settings": ({"settings": "order"}, "mapping of names to values.*got 'order'"),
    "a word as optim": ({"optim": "adam"}, r"must be a longnn.Optim.*got 'adam'; longnn.Optim\(\)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_fit_says_what_came_and_what_to_do(case):
    given, words = REFUSED[case]
    arguments = {"model": "longnn", "data": DATA, "splits": SPLITS, "optim": FEW} | given
    with pytest.raises(ValueError, match=words):
        longnn.fit(**arguments)


@pytest.mark.parametrize("protocol", ["per_class", "stratified", "random", "public", "geom_gcn"])
def test_splits_of_a_name_point_to_load(protocol):
    with pytest.raises(ValueError, match=r"Dataset, got 'csbm'; longnn.data.load\('csbm'\)"):
        getattr(longnn.data.splits, protocol)("csbm")


def test_number_of_splits_is_whole():
    with pytest.raises(ValueError, match="whole number and at least 1, got count='x'"):
        longnn.data.splits.stratified(DATA, count="x")


@pytest.mark.parametrize("value", [3, np.int64(3), True, np.True_, 3.0, "3", None])
def test_numbers_of_numpy_are_whole_numbers_and_truth_values_are_not(value):
    assert is_whole(value) == (type(value) in (int, np.int64))
    if is_whole(value):
        assert longnn.Optim(max_epochs=value, patience=value).max_epochs == 3
        assert list(seeds_of(value)) == [0, 1, 2]


def test_settings_are_those_of_the_class_and_of_the_one_that_it_hands_keywords_to():
    assert {"alpha", "order", "basis", "hidden", "dropout"} <= set(settings_of(LonGNN))
    assert {"order", "embedding"} <= set(settings_of(SGC))
    assert not {"make", "dtype", "rngs", "self"} & set(settings_of(SGC))
    assert settings_of(unbuilt) == ["depth", "width"]


def test_a_fault_inside_a_model_is_not_taken_for_a_wrong_setting():
    with pytest.raises(TypeError, match="a fault inside the model"):
        longnn.fit(unbuilt, DATA, SPLITS, settings={"width": 2, "depth": 1}, optim=FEW)

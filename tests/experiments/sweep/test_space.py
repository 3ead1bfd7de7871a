"""Search spaces from YAML and the command line."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from longnn.experiments.sweep.sampling import grid
from longnn.experiments.sweep.space import from_overrides, from_settings
from optuna.distributions import CategoricalDistribution as Choice
from optuna.distributions import FloatDistribution as Float
from optuna.distributions import IntDistribution as Int


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"low": -0.9, "high": 2}, Float(-0.9, 2.0)),
        ({"low": 1e-4, "high": 0.1, "log": True}, Float(1e-4, 0.1, log=True)),
        ({"low": 0.0, "high": 0.9, "step": 0.1}, Float(0.0, 0.9, step=0.1)),
        ({"low": 2, "high": 10}, Int(2, 10)),
        ({"low": 2, "high": 10, "step": 4}, Int(2, 10, step=4)),
        (["mlp", "linear"], Choice(["mlp", "linear"])),
    ],
)
def test_entries(entry, expected):
    assert from_settings({"a.b": entry}) == {"a.b": expected}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (0.5, r"a\.b must be a list of choices or have low and high .* got 0\.5"),
        ([], "must be a list of choices"),
        ({"low": 1}, "must be a list of choices or have low and high"),
        ({"low": 0, "high": 1, "max": 3}, r"unknown \['max'\]; known are low, high, log, step"),
        ({"low": 2.0, "high": 1.0}, r"search space of a\.b: .*low.*"),
        ({"low": -1.0, "high": 1.0, "log": True}, r"search space of a\.b: .*low"),
        ({"low": "x", "high": 1.0}, r"search space of a\.b"),
    ],
)
def test_entries_that_say_nothing(entry, message):
    with pytest.raises(ValueError, match=message):
        from_settings({"a.b": entry})


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("a=interval(0.5,2)", Float(0.5, 2.0)),
        ("a=tag(log,interval(0.001,1.0))", Float(0.001, 1.0, log=True)),
        ("a=interval(1,4)", Float(1.0, 4.0)),
        ("a=range(0,10,5)", Int(0, 5, step=5)),
        ("a=1,2.5,x", Choice([1, 2.5, "x"])),
        ("a=choice(p,q)", Choice(["p", "q"])),
    ],
)
def test_overrides(override, expected):
    parsed = OverridesParser.create().parse_overrides([override])
    assert from_overrides(parsed) == {"a": expected}


def test_grid():
    space = from_settings({"a": {"low": 0.0, "high": 0.3, "step": 0.1}, "b": ["x", "y"]})
    values = grid(space)
    assert values["a"] == pytest.approx([0, 0.1, 0.2, 0.3])
    assert values["b"] == ["x", "y"]
    with pytest.raises(ValueError, match="grid needs finitely many values, but c is an interval"):
        grid(from_settings({"c": {"low": 0.0, "high": 1.0}}))

"""Every number that says how a run is trained has a range, and the docs list it."""

import math
import re
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import longnn
from longnn.models.names import NAMES
from longnn.training.ranges import RANGES, Range, check_setting
from tests.longnn.models.cases import build

PAGE = (Path(__file__).parents[3] / "docs" / "config.md").read_text()
ROWS = re.findall(r"^\| `([\w.*]+)`[^|]*\|([^|]*)\| (an? .*?) \|$", PAGE, flags=re.MULTILINE)
DATA = longnn.data.csbm.generate(nodes=60)
SPLITS = longnn.data.splits.stratified(DATA, count=1)
FEW = longnn.Optim(max_epochs=1)


def test_the_docs_list_every_range():
    of_training = {
        name.rpartition(".")[2]: words for name, _, words in ROWS if "model." not in name
    }
    del of_training["seed"]  # that of a search is the sampler's
    assert of_training == {k: str(v) for k, v in RANGES.items() if k != "seed"}
    assert f"| `seed` | `seeds=` of `longnn.fit` | {RANGES['seed']} |" in PAGE


@pytest.mark.parametrize("name", RANGES)
def test_what_lies_outside(name):
    allowed = RANGES[name]
    beyond = [allowed.low - 1, math.nan, math.inf, "1", True, [1], 1j]
    beyond += [allowed.low] if allowed.bounds[0] == "(" else []
    beyond += [allowed.high + 1] if math.isfinite(allowed.high) else []
    beyond += [1.5, np.float32(2.0)] if allowed.whole else []
    for value in [*beyond, *([] if allowed.none else [None])]:
        with pytest.raises(ValueError, match=f"here.{name} must be a .*number in .*, got "):
            check_setting(f"here.{name}", value)
    inside = max(allowed.low, min(1, allowed.high / 2))
    inside = int(inside) if allowed.whole else inside
    for value in (inside, np.asarray(inside)[()], jnp.asarray(inside)):
        check_setting(name, value)


def test_a_range_in_words():
    assert str(Range(0, 1, "[)")) == "a number in [0, 1)"
    assert str(Range(1, 9, "[]", whole=True, none=True)) == "a whole number in [1, 9] or null"


REFUSED = {
    "lr": {"optim": ("rates", {"mlp": {"lr": -1, "weight_decay": 0}})},
    "weight_decay": {"optim": ("rates", {"mlp": {"lr": 1, "weight_decay": math.inf}})},
    "max_epochs": {"optim": ("max_epochs", 0)},
    "patience": {"optim": ("patience", -1)},
    "seed": {"seeds": [-1]},
    "chunk": {"chunk": 0},
    "memory_gb": {"memory_gb": 0},
    "self_loops": {"self_loops": -0.5},
    "degree_exponent": {"degree_exponent": 1.5},
}


@pytest.mark.parametrize("name", REFUSED)
def test_fit_refuses_before_it_trains(name):
    def fit(optim=(), **given):
        chosen = longnn.Optim(**dict([optim])) if optim else FEW
        longnn.fit("mlp", DATA, SPLITS, optim=chosen, **given)

    with pytest.raises(ValueError, match=f"{name} must be a"):
        fit(**REFUSED[name])


def test_a_rate_that_nothing_reads():
    with pytest.raises(ValueError, match=r"unknown rate of .*'mlp': 'wd'"):
        longnn.Optim(rates={"mlp": {"lr": 1.0, "weight_decay": 0.0, "wd": 1.0}})


WORDS = {title: name for name, title in NAMES.items()}
OTHERS = ["mlp", "gcn", "gat", "sage", "gat_sep", "chebnet", "acmgnn"]
SERIES = [name for name in NAMES if name not in OTHERS]


def models_of(words: str, setting: str) -> list[str]:
    """The models that a row of the docs names."""
    named = [WORDS[word] for word in re.split(r", | and ", words) if word in WORDS]
    if words.startswith("all with a filter"):
        return SERIES + named
    if words.strip() == "all":
        return [*SERIES, *OTHERS]
    return named


CASES = [
    (model, name.removeprefix("model."), words)
    for name, where, words in ROWS
    if name.startswith("model.")
    for model in models_of(where.strip(), name)
]


def test_every_model_has_a_row():
    assert {model for model, *_ in CASES} == set(NAMES)
    assert len([case for case in CASES if case[1] == "alpha"]) == 5


@pytest.mark.parametrize(("model", "setting", "words"), CASES)
def test_a_model_refuses_what_lies_outside(model, setting, words):
    kind, opening, low, high, closing = re.fullmatch(
        r"a (whole )?number in ([\[(])(\S+), (\S+)([\])])", words
    ).groups()  # type: ignore[union-attr]
    beyond: list[object] = [float(low) - 0.5, math.nan]
    beyond += [float(low)] if opening == "(" else []
    beyond += [float(high)] if closing == ")" else [float(high) + 0.5]
    beyond = [int(float(low)) - 1, 1.5, True, math.inf] if kind else beyond
    for value in beyond:
        with pytest.raises(ValueError, match=setting):
            build(model, **{setting: value})

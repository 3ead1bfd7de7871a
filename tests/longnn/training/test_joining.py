"""A run whose training loss grows is recorded as diverged, although it ends with a score."""

import numpy as np
import pytest

import longnn
from longnn.training.joining import grown

DATA = longnn.data.csbm.generate(nodes=60)
SPLITS = longnn.data.splits.stratified(DATA, count=2)


@pytest.mark.parametrize(("rate", "diverged"), [(1e6, True), (0.01, False)])
def test_a_rate_that_is_far_too_large(rate, diverged):
    rates = {"mlp": {"lr": rate, "weight_decay": 0.0}}
    run = longnn.fit("mlp", DATA, SPLITS, optim=longnn.Optim(rates=rates, max_epochs=20))
    loss, marked = run.curves["loss"], [one["diverged"] for one in run.runs]
    assert marked == (loss[:, -1] > 100 * loss[:, 0]).tolist()
    assert any(marked) == diverged == (f"{sum(marked)} diverged" in repr(run))


@pytest.mark.parametrize(
    ("loss", "expected"),
    [([1.0, 100.0], False), ([1.0, 100.1], True), ([1.0, 500.0, 2.0], False), ([0.0, 9.0], False)],
)
def test_it_is_the_end_that_counts(loss, expected):
    assert grown(np.array(loss)) is expected

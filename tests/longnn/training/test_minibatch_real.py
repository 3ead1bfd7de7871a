"""Gradients of mini-batches on real graphs, whole datasets from their files."""

from dataclasses import replace

import numpy as np
import pytest

import longnn
from tests.longnn.training.minibatch_cases import (
    OFF,
    check_gradients,
    full_gradients,
    made,
    mean_gradients,
    summed_gradients,
    trainer_of,
)

FAR = (3.0, -0.9)
"""Exponents of a basis in which terms of order 10 are too far from the models' in float32."""


def loaded(name):
    """The dataset; of Cornell5 the 40 features that most nodes have."""
    data = longnn.data.load(name)
    features = data.features
    if name == "cornell5":
        features = features[:, np.argsort(features.sum(axis=0), kind="stable")[-40:]]
    return replace(data, features=features.toarray(), feature_names=())


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "exponents", "batch"),
    [
        ("cora", (0.0, 0.0), 300),
        ("cora", FAR, 300),
        ("cornell5", (0.0, 0.0), 2500),
        ("cornell5", FAR, 2500),
    ],
    ids=["cora", "cora, re-anchored", "cornell5", "cornell5, re-anchored"],
)
def test_gradients_of_an_epoch_are_those_of_the_full_batch(tmp_path, name, exponents, batch):
    """To 1e-10 in float64; in float32 as near to float64 as the full batch, within twice."""
    data = loaded(name)
    splits = longnn.data.splits.stratified(data, count=1)
    case = made(tmp_path, data, splits, 10, exponents)
    optim = longnn.Optim(max_epochs=1, transformation=summed_gradients())
    settings, found = OFF | {"hidden": 8, "alpha": 0.2}, {}
    for dtype, tolerance in (("float64", 1e-13), ("float32", 1e-4)):
        trainer = trainer_of(case, "longnn", settings, optim, batch_nodes=batch, dtype=dtype,
                             memory=4e9, tolerance=tolerance)  # fmt: skip
        full = full_gradients(case, trainer, dtype)
        found[dtype] = full, mean_gradients(trainer)
        assert (trainer.anchor is None) == (exponents != FAR)
    check_gradients(found)

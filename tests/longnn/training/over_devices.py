"""Run by test_over_devices.py with eight simulated devices: nodes over devices beside one of them.

``python -m tests.longnn.training.over_devices`` prints differences as JSON. With a port and a
number (0 or 1) it is one of two processes that train together, on four devices each.
"""

import json
import re
import sys
from typing import Any

import jax
import numpy as np
from scipy import sparse

import longnn
from longnn import Graph, Optim
from longnn.data import Dataset
from longnn.models import LonGNN, OptBasisGNN
from longnn.training import Fit, Trial
from longnn.training.batch import make_batch
from longnn.training.executable import compiled_step
from longnn.training.problem import problem_of

SETTINGS = {"order": 2, "hidden": 4, "dropout": 0.3, "filter_dropout": 0.2}
OPTIM = Optim(max_epochs=20)


def power_law(nodes: int, width: int) -> Dataset:
    """A graph with hubs, sparse features, and classes that these tell apart."""
    rng = np.random.default_rng(0)
    ends = (nodes * rng.random((4 * nodes, 2)) ** 2).astype(int)
    graph = Graph.from_edges(rng.permutation(nodes)[ends], nodes, rng.uniform(0.5, 2, 4 * nodes))
    labels = rng.integers(3, size=nodes)
    columns = np.stack([labels, *rng.integers(3, width, size=(2, nodes))])
    place = np.tile(np.arange(nodes), 3), columns.ravel()
    features = sparse.csr_array((rng.random(3 * nodes, np.float32), place), (nodes, width))
    return Dataset("power law", graph, features, labels, classes=3)


def trained(data: Dataset, **options: Any) -> Fit:
    splits = longnn.data.splits.stratified(data, count=2)
    given: dict[str, Any] = {"optim": OPTIM, "settings": SETTINGS, "chunk": 10} | options
    return longnn.fit("longnn", data, splits, seeds=2, **given)


def differences(one: Fit, other: Fit, data: Dataset) -> dict[str, float]:
    """Of losses, relative; of outputs, scores and predictions in the order of the nodes."""
    assert one.runs == other.runs
    of = lambda x, y: float(np.nanmax(np.abs(x - y) / np.abs(y).max()))  # noqa: E731
    found = {name: of(other.curves[name], one.curves[name]) for name in ("loss", "val_loss")}
    predicted = [np.asarray(fit.predict(data)) for fit in (one, other)]
    found["outputs"] = float(np.abs(one.outputs - other.outputs).max())
    found["predicted"] = float(np.abs(predicted[0] - predicted[1]).max())
    found["score"] = float(np.abs(one.score().values - other.score().values).max())
    np.testing.assert_array_equal(other.labels, data.labels)
    return found


def collectives(data: Dataset) -> list[str]:
    """Of the compiled chunk of epochs with eight blocks of nodes."""
    problem = problem_of(data, dtype="float64", nodes_over=8, model=LonGNN)
    splits = longnn.data.splits.stratified(data, count=1)
    batch = make_batch(LonGNN, problem, splits, data.classes, [Trial(SETTINGS, OPTIM)], "accuracy")
    text = compiled_step(batch, *batch.shapes(1), 2).as_text()
    kinds = (
        r"= \S+ (all-gather|all-reduce|all-to-all|collective-permute|reduce-scatter)(?:-start)?\("
    )
    return sorted(set(re.findall(kinds, text)))


def main() -> dict[str, object]:
    """Eight blocks of a graph with hubs, and two groups of four blocks; some have empty rows."""
    data = power_law(501, 60)  # with sparse features and weights
    harder: dict[str, Any] = {
        "optim": Optim(max_epochs=20, class_weights="balanced"),
        "metric": "roc_auc",
        "degree_exponent": 1.0,
        "self_loops": 1.0,
    }
    found: dict[str, object] = {}
    for dtype, nodes, options in (("float64", 8, harder), ("float32", 4, {})):
        one = trained(data, dtype=dtype, devices=1, **options)
        many = trained(data, dtype=dtype, devices=8, nodes_over=nodes, **options)
        found[dtype] = differences(one, many, data)
    return {**found, "collectives": collectives(data), "refused": refused(data)}


def refused(data: Dataset) -> str:
    """What is said of a model that sums over all nodes."""
    splits = longnn.data.splits.stratified(data, count=1)
    try:
        longnn.fit(OptBasisGNN, data, splits, nodes_over=8, optim=OPTIM)
    except ValueError as error:
        return str(error)
    raise AssertionError("nothing was refused")


def joined(port: str, number: str) -> dict[str, list[float]]:
    """Losses, outputs and predictions of one device, and of all that this process has joined."""
    jax.distributed.initialize(f"127.0.0.1:{port}", 2, int(number))
    data = power_law(61, 20)
    found = {}
    for name, over in {
        "alone": {"devices": 1},
        "8": {"nodes_over": 8},
        "4": {"nodes_over": 4},
    }.items():
        fit = trained(data, dtype="float64", **over)
        predicted = np.asarray(fit.predict(data))
        found[name] = [*fit.curves["loss"].ravel(), *fit.outputs.ravel(), *predicted.ravel()]
    return found


if __name__ == "__main__":
    print(json.dumps(joined(*sys.argv[1:]) if sys.argv[1:] else main()))

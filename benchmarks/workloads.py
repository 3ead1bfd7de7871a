"""Graphs that training is timed on: real ones, and power-law graphs of any size."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.io
from hydra import compose, initialize_config_dir
from longnn.experiments.config.cli import CONF, register_resolvers
from longnn.experiments.jobs.loading import load as load_dataset
from scipy import sparse

from longnn.graphs.graph import Graph


class Workload(NamedTuple):
    """A graph with everything that ours and the peers are built from."""

    name: str
    graph: Graph
    features: sparse.csr_array
    labels: np.ndarray
    classes: int
    settings: dict[str, Any]
    rates: dict[str, dict[str, float]]
    train: np.ndarray  # [S, N] bool
    val: np.ndarray

    @property
    def adjacency(self) -> sparse.csr_array:
        """A [N, N] with entries 1."""
        pair = np.asarray(self.graph.receivers), np.asarray(self.graph.senders)
        shape = (self.graph.num_nodes,) * 2
        return sparse.csr_array((np.ones(len(pair[0]), np.float32), pair), shape)


SETTINGS = {"order": 10, "hidden": 64, "alpha": 0.5, "beta": -0.25, "gamma0": 0.9}
DROPOUT = {"dropout": 0.5, "filter_dropout": 0.2}


def load(name: str) -> Workload:
    """ "cora", "squirrel" (conf/dataset), "cornell5" (a file), "power-law-N", or "products-N"."""
    if name == "cornell5":
        return _cornell5()
    if name.startswith("products-"):
        return products_shape(int(float(name.removeprefix("products-"))))
    if name.startswith("power-law-"):
        return power_law(int(float(name.removeprefix("power-law-"))))
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", overrides=[f"dataset={name}"])
    data = load_dataset(config)
    return _workload(name, data.graph, sparse.csr_array(data.features), data.labels, data.classes)


def products_shape(nodes: int = 2_449_029) -> Workload:
    """A power-law graph with the degree, features and classes of ogbn-products.

    That has 2,449,029 nodes, 61,859,140 edges, 100 dense features and 47 classes (Hu et al. 2020,
    arXiv 2005.00687, Table 2 and section 4).
    """
    rng = np.random.default_rng(0)
    graph = _power_law_graph(rng, nodes, 50.5)
    features = sparse.csr_array(rng.normal(size=(nodes, 100)).astype(np.float32))
    return _workload("products' shape", graph, features, rng.integers(0, 47, nodes), 47)


def _power_law_graph(rng: np.random.Generator, nodes: int, degree: float) -> Graph:
    edges = int(nodes * degree / 2)
    ends = (nodes * rng.random((edges, 2)) ** 2).astype(np.int64)  # inverse of the weights' sum
    return Graph.from_edges(rng.permutation(nodes)[ends], nodes)


def power_law(nodes: int, degree: int = 20, seed: int = 0) -> Workload:
    """Endpoints drawn with weights i^-0.5 (Chung-Lu; degree exponent 3), about ``degree`` each."""
    rng = np.random.default_rng(seed)
    graph = _power_law_graph(rng, nodes, degree)
    entries = 10 * nodes
    place = np.repeat(np.arange(nodes), 10), rng.integers(0, 500, entries)
    features = sparse.csr_array((np.ones(entries, np.float32), place), (nodes, 500))
    return _workload(f"power-law {nodes:.0e}", graph, features, rng.integers(0, 4, nodes), 4)


def _cornell5() -> Workload:
    """facebook100: one-hot metadata as features, gender (0 unknown) as label."""
    folder = Path(os.environ["LONGNN_DATA_DIR"]).expanduser()
    content = scipy.io.loadmat(folder / "facebook100" / "Cornell5.mat")
    edges = sparse.coo_array(content["A"])
    info = content["local_info"].astype(int)
    graph = Graph.from_edges(np.stack([edges.row, edges.col], 1), len(info))
    blocks = [
        sparse.csr_array(np.unique(column)[None, :] == column[:, None], dtype=np.float32)
        for column in np.delete(info, 1, axis=1).T
    ]
    return _workload("cornell5", graph, sparse.hstack(blocks, "csr"), info[:, 1] - 1, 2)


def _workload(
    name: str, graph: Graph, features: sparse.csr_array, labels: np.ndarray, classes: int
) -> Workload:
    rng, known = np.random.default_rng(0), np.flatnonzero(labels >= 0)
    part = np.full((10, len(labels)), -1)
    for row in part:
        row[rng.permutation(known)] = np.repeat([0, 1, 2], _sizes(len(known)))
    rates = {
        group: {"lr": 0.01, "weight_decay": 5e-4}
        for group in ("mlp", "decomposition", "coefficients", "basis")
    }
    settings = SETTINGS | DROPOUT
    return Workload(
        name, graph, features, np.asarray(labels), classes, settings, rates, part == 0, part == 1
    )


def _sizes(count: int) -> list[int]:
    train, val = int(0.6 * count), int(0.2 * count)
    return [train, val, count - train - val]

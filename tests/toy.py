"""A small node classification problem, for tests of models and of training."""

import jax.numpy as jnp
import numpy as np

from longnn.data.splits import Splits
from longnn.graphs.graph import Graph
from longnn.models.features import as_features
from longnn.operators import normalized_adjacency
from longnn.training import Problem

N, F, C = 40, 6, 3
GROUPS = ("mlp", "decomposition", "coefficients", "basis")


def edges(seed: int = 0) -> np.ndarray:
    """90 edges, each once; node 39 is isolated."""
    low, high = np.triu_indices(N - 1, 1)
    chosen = np.random.default_rng(seed).choice(len(low), 90, replace=False)
    return np.stack([low, high], 1)[chosen]


def problem(dtype=jnp.float64, classes: int = C, weights=None) -> Problem:
    """Features that tell the classes apart, but not without errors."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, classes, N)
    x = np.eye(F)[labels] + 0.8 * rng.normal(size=(N, F))
    operator = normalized_adjacency(Graph.from_edges(edges(), N, weights), dtype=dtype)
    return Problem(operator, as_features(x, dtype=dtype), jnp.asarray(labels))


def splits(count: int = 3) -> Splits:
    """14 nodes train, 11 validate, 15 test."""
    rng = np.random.default_rng(2)
    return Splits("toy", np.stack([rng.permutation(np.repeat([0, 1, 2], [14, 11, 15]))
                                   for _ in range(count)]))  # fmt: skip


def rates(lr: float = 0.02, weight_decay: float = 1e-3) -> dict[str, dict[str, float]]:
    """The same for every group."""
    return {group: {"lr": lr, "weight_decay": weight_decay} for group in GROUPS}

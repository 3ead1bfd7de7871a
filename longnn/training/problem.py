"""From a dataset on the host to what training takes on the device."""

from typing import Any

import jax.numpy as jnp

from longnn.data import Dataset
from longnn.graphs.graph import Graph
from longnn.models.features import as_features
from longnn.operators.choice import Backend
from longnn.operators.normalized import normalized_adjacency
from longnn.operators.similar import similar_operator
from longnn.training.loop import Problem


def graph_of(dataset: Dataset, self_loops: float = 0.0) -> Graph:
    """The graph that is filtered on: with a loop of this weight at every node, or as it is."""
    return dataset.graph.with_self_loops(self_loops) if self_loops else dataset.graph


def problem_of(
    dataset: Dataset,
    *,
    self_loops: float = 0.0,
    degree_exponent: float = 0.5,
    backend: Backend = "auto",
    model: Any = None,
) -> Problem:
    """Operator, features and labels of a dataset.

    Args:
        dataset: N nodes.
        self_loops: weight of a loop that every node gets; 0: none.
        degree_exponent: r of P = D^-r A D^(r-1), in [0, 1]; 1/2 is S (``similar_operator``).
        backend: of the operator and of the features; see ``longnn.operators``.
        model: class that is trained: one that reads the edges (``needs_edges``, as GCN and GAT on
            jraph's layers) gets the backend "segment_sum".

    Raises:
        ValueError: for a setting out of its range.
    """
    graph = graph_of(dataset, self_loops)
    edges = getattr(model, "needs_edges", False)
    operator = normalized_adjacency(graph, backend="segment_sum" if edges else backend)
    return Problem(
        similar_operator(operator, graph, degree_exponent),
        as_features(dataset.features, backend=backend),
        jnp.asarray(dataset.labels),
    )

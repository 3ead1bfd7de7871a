"""Readouts over the nodes of each graph, compared with NumPy."""

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from longnn.graphs.graph import Graph
from longnn.models.graph_features import GraphFeatures
from longnn.models.matrices import DenseFeatures
from longnn.models.mlp import MLP
from longnn.models.readout import WithReadout
from longnn.operators.normalized import normalized_adjacency

SLOT = np.array([0, 0, 0, 2, 2, 3, 3])  # graph 1 has no row, rows of 3 are of no graph
X = np.random.default_rng(0).normal(size=(7, 4))
PATH = normalized_adjacency(Graph.from_edges(np.array([[0, 1]]), 7), backend="csr")


def numpy_pooled(h, kind, score):
    found = np.zeros((3, h.shape[1]))
    for graph in (0, 2):
        rows = h[graph == SLOT]
        if kind == "attention":
            weight = np.exp(score[graph == SLOT])
            found[graph] = (rows * (weight / weight.sum())[:, None]).sum(axis=0)
        else:
            found[graph] = {"sum": np.sum, "mean": np.mean, "max": np.max}[kind](rows, axis=0)
    return found


@pytest.mark.parametrize("kind", ["sum", "mean", "max", "attention"])
def test_readouts(kind):
    made = {"dtype": jnp.float64, "rngs": nnx.Rngs(1)}
    model = WithReadout(MLP, kind)(4, 2, hidden=5, dropout=0.0, **made)
    features = GraphFeatures(
        DenseFeatures(jnp.asarray(X), X.shape), jnp.asarray(SLOT, jnp.int32), 3
    )
    h = np.maximum(np.asarray(model.body(PATH, features)), 0)
    score = np.zeros(7)
    if kind == "attention":
        score = (h @ np.asarray(model.weight.kernel[...]) + np.asarray(model.weight.bias[...]))[
            :, 0
        ]
    head = np.asarray(model.head.kernel[...]), np.asarray(model.head.bias[...])
    wanted = numpy_pooled(h, kind, score) @ head[0] + head[1]
    np.testing.assert_allclose(model(PATH, features), wanted, atol=1e-12)


def test_what_is_refused():
    with pytest.raises(ValueError, match="unknown readout 'median'"):
        WithReadout(MLP, "median")(4, 2, rngs=nnx.Rngs(0))
    model = WithReadout(MLP, "mean")(4, 2, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match="say of which graph a row is, got DenseFeatures"):
        model(PATH, DenseFeatures(jnp.asarray(X), X.shape))
    with pytest.raises(ValueError, match="hidden"):
        WithReadout(MLP, "mean")(4, 2, hidden=0, rngs=nnx.Rngs(0))

"""Every model with small settings, and how to build and run one."""

from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from longnn import models
from longnn.graphs.graph import Graph
from longnn.operators import normalized_adjacency, similar_operator
from longnn.training import Problem
from tests.toy import C, F, N, edges, problem

SPECTRAL = {"order": 4, "hidden": 16}
BOTH = ("dropout", "filter_dropout")
STACKED = {"placement": "stacked", "layers": 2}
JACOBI = SPECTRAL | {"alpha": 0.3, "beta": -0.4, "gamma0": 1.2}
RECURRENCE = np.array([[0.1, -0.2, 0.0, 0.3], [0.6, 0.4, 0.5, 0.55]])

SERIES = {  # name -> class, settings, which of them are dropout rates
    "longnn": (models.LonGNN, JACOBI, BOTH),
    "longnn of own bases": (models.LonGNN, JACOBI | {"own_basis": True}, BOTH),
    "longnn of a recurrence": (models.LonGNN, SPECTRAL | {"recurrence": RECURRENCE}, BOTH),
    "jacobiconv": (models.JacobiConv, JACOBI, BOTH),
    "jacobiconv as published": (
        models.JacobiConv, JACOBI | {"convention": "jacobiconv", "alpha": -1.0}, BOTH
    ),
    "gprgnn": (models.GPRGNN, SPECTRAL | {"alpha": 0.2}, BOTH),
    "appnp": (models.APPNP, SPECTRAL | {"alpha": 0.2}, BOTH),
    "sgc": (models.SGC, {"order": 2}, BOTH),
    "ssgc": (models.SSGC, {"order": 4, "alpha": 0.1}, BOTH),
    "heat": (models.HeatKernel, SPECTRAL | {"t": 1.5}, BOTH),
    "chebnetii": (models.ChebNetII, SPECTRAL, BOTH),
    "bernnet": (models.BernNet, SPECTRAL, BOTH),
    "favardgnn": (models.FavardGNN, SPECTRAL, BOTH),
    "krylovgnn": (models.KrylovGNN, SPECTRAL | {"tau": 0.4}, BOTH),
    "krylovgnn fixed": (models.KrylovGNN, SPECTRAL | {"tau": 1.7, "learnable": False}, BOTH),
    "tfgnn": (models.TFGNN, SPECTRAL | {"order": 6, "waves": 2}, BOTH),
}  # fmt: skip
OTHERS = {
    "optbasisgnn": (models.OptBasisGNN, SPECTRAL, BOTH),
    "mlp": (models.MLP, {"hidden": 16}, ("dropout",)),
    "chebnet": (models.ChebNet, {"hidden": 16, "order": 2}, ("dropout",)),
    "acmgnn": (models.ACMGNN, {"hidden": 16}, ("dropout",)),
    "acmgnn of two": (models.ACMGNN, {"hidden": 16, "identity": False}, ("dropout",)),
    "gcn": (models.GCN, {"hidden": 16}, ("dropout",)),
    "gat": (models.GAT, {"hidden": 16, "heads": 4}, ("dropout",)),
    "sage": (models.SAGE, {"hidden": 16}, BOTH),
    "gat_sep": (models.GATSep, {"hidden": 16, "heads": 4}, BOTH),
    "gcn stacked": (
        models.GCN,
        STACKED
        | {
            "hidden": 16,
            "norm": "layer",
            "norm_position": "before",
            "residual": "residual",
            "input_layer": True,
            "feed_forward": 2,
            "activation": "gelu",
        },
        BOTH,
    ),
    "gat stacked": (
        models.GAT,
        STACKED | {"hidden": 16, "heads": 4, "norm": "layer", "residual": "residual"},
        BOTH,
    ),
}
PLACED = {
    "longnn linear": (models.LonGNN, JACOBI | {"embedding": "linear"}, BOTH),
    "longnn before": (models.LonGNN, JACOBI | {"placement": "before"}, BOTH),
    "longnn inside": (models.LonGNN, JACOBI | {"placement": "inside", "layer_norm": True}, BOTH),
    "longnn stacked": (models.LonGNN, JACOBI | STACKED, BOTH),
    "block of residuals": (
        models.LonGNN,
        JACOBI
        | STACKED
        | {
            "norm": "batch",
            "residual": "residual",
            "jumping": "concatenate",
            "activation": "tanh",
            "layers": 3,
        },
        BOTH,
    ),
    "block of an initial residual": (
        models.LonGNN,
        JACOBI
        | STACKED
        | {
            "norm": "graph",
            "residual": "initial",
            "residual_weight": 0.3,
            "input_layer": True,
            "activation": "elu",
            "jumping": "max",
            "shared_basis": True,
        },
        BOTH,
    ),
    "block of feed-forward layers": (
        models.GPRGNN,
        SPECTRAL
        | STACKED
        | {
            "norm": "layer",
            "norm_position": "before",
            "residual": "residual",
            "input_layer": True,
            "feed_forward": 2,
            "activation": "gelu",
        },
        BOTH,
    ),
    "block of filters in front": (
        models.ChebNetII,
        SPECTRAL
        | STACKED
        | {"norm": "layer", "input_layer": True, "feed_forward": 1, "jumping": "sum"},
        BOTH,
    ),
}
MODELS = SERIES | OTHERS | PLACED
WEIGHTS = np.random.default_rng(3).uniform(0.2, 2, len(edges()))


def build(name, dtype=jnp.float64, seed=0, **changes):
    """The model of a case, with changed settings."""
    model, settings, _ = MODELS[name]
    return model(F, C, dtype=dtype, rngs=nnx.Rngs(seed), **settings | changes)


def randomized(name, scale=0.4, **changes):
    """A model with parameters far from their initial values, so that none can hide."""
    graphdef, params, rest = nnx.split(build(name, **changes), nnx.Param, ...)
    rng = np.random.default_rng(7)
    params = jax.tree.map(lambda leaf: leaf + scale * rng.normal(size=leaf.shape), params)
    return nnx.merge(graphdef, params, rest)


def off(name, **changes) -> dict[str, float]:
    """Every dropout rate 0, but for the changes."""
    return dict.fromkeys(MODELS[name][2], 0.0) | changes


@lru_cache
def weighted(dtype=jnp.float64) -> Problem:
    """The toy problem with edge weights."""
    return problem(dtype, weights=WEIGHTS)


def operator_for(model, graph: Graph, dtype=jnp.float64):
    """S, or averages over the neighbours, on the backend that the model wants."""
    backend = "segment_sum" if getattr(model, "needs_edges", False) else "auto"
    operator = normalized_adjacency(graph, backend=backend, dtype=dtype)
    return similar_operator(operator, graph, getattr(model, "degree_exponent", 0.5), dtype)


@lru_cache
def problem_for(name, dtype=jnp.float64) -> Problem:
    """The toy problem with edge weights, for a model."""
    operator = operator_for(MODELS[name][0], Graph.from_edges(edges(), N, WEIGHTS), dtype)
    return weighted(dtype)._replace(operator=operator)


@partial(jax.jit, static_argnums=0)
def forward(graphdef, state, operator, features, key):
    """The module's output."""
    return nnx.merge(graphdef, state)(operator, features, key)


def predict(module, data: Problem, key=None) -> np.ndarray:
    """The module's output, by a program compiled once for each structure and set of shapes."""
    return np.asarray(forward(*nnx.split(module), data.operator, data.features, key))

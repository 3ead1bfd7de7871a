"""A graph, its features and labels with the nodes over the devices of a mesh."""

from dataclasses import replace

import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.typing import DTypeLike
from jaxtyping import Real

from longnn.data.preparation import Features
from longnn.graphs.checks import check_word
from longnn.graphs.device import over_devices
from longnn.graphs.graph import Graph
from longnn.models.features_by_rows import spread_features
from longnn.operators.blocks import blocks_of
from longnn.operators.choice import Backend
from longnn.operators.order import NodeOrder, near_order
from longnn.operators.parts import parts_of
from longnn.operators.precision import Precision
from longnn.operators.sharded import BY_NODES, NODES, sharded_operator
from longnn.operators.similar import SimilarOperator, similar_operator
from longnn.training.program import Problem
from longnn.training.rows import rows_of


def spread_problem(
    graph: Graph,
    features: Features,
    labels: Real[np.ndarray, "N ..."],
    mesh: Mesh,
    degree_exponent: float = 0.5,
    *,
    backend: Backend = "auto",
    order: NodeOrder = "given",
    precision: Precision = "full",
    dtype: DTypeLike = "float32",
) -> Problem:
    """The operator, features and labels of N nodes, of which each device of a mesh has a block.

    Blocks are the parts of ``longnn.operators.parts_of``, all as large as the largest; rows that
    hold no node are isolated and in no part of a split.

    Args:
        graph: N nodes.
        features: [N, F].
        labels: [N], or [N, C].
        mesh: with the axes "runs" and "nodes" (``longnn.training.rows.mesh_over``).
        degree_exponent, backend, precision, dtype: see ``longnn.training.problem_of``.
        order: of the nodes inside each block.

    Raises:
        ValueError: for an unknown word, the backend "bucketed", or features that are not finite.
    """
    check_word("order", order, NodeOrder)
    check_word("precision", precision, Precision)
    count = mesh.shape[NODES]
    within = near_order(graph) if order == "rcm" else None
    blocks = blocks_of(parts_of(graph, count), count, within)
    rows, placed = rows_of(blocks, mesh), blocks.graph(graph)
    symmetric = sharded_operator(placed, mesh, backend=backend, precision=precision, dtype=dtype)
    operator = similar_operator(symmetric, placed, degree_exponent, dtype)
    if isinstance(operator, SimilarOperator):
        by_nodes = NamedSharding(mesh, BY_NODES)
        operator = replace(operator, scale=over_devices(np.asarray(operator.scale), by_nodes))
    return Problem(
        operator,
        spread_features(features, blocks, mesh, backend=backend, dtype=dtype),
        rows.placed(labels, np.nan if labels.dtype.kind == "f" else -1),
        rows,
    )

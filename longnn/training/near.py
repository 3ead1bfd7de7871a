"""The problem of few nodes, cut out of a graph: what they depend on, and nothing else."""

from typing import NamedTuple

import numpy as np
from flax import nnx
from jaxtyping import Float32, Int64
from scipy import sparse

from longnn.graphs.balls import ball
from longnn.graphs.device import on_device
from longnn.models.features import as_features
from longnn.models.reach import hops_of
from longnn.operators.near import ball_operator, near_operator, padded_size
from longnn.training.given import Given
from longnn.training.inputs import Inputs
from longnn.training.loop import Problem

SHARE = 0.25
"""The share of the nodes up to which the neighbourhoods are taken in place of the whole graph."""


DENSE = 1 << 24
"""Features of up to so many numbers are dense, so that one program serves other nodes, too."""


class Near(NamedTuple):
    """A problem that gives the outputs of some nodes.

    Attributes:
        problem: on M nodes.
        places: [n] the rows of its outputs that belong to the nodes.
    """

    problem: Problem
    places: Int64[np.ndarray, " n"]


def near_problem(
    inputs: Inputs, given: Given, rows: Int64[np.ndarray, " n"], model: nnx.Module
) -> Near | None:
    """The union of the neighbourhoods of some nodes, as many edges far as the model looks.

    Degrees are those in the whole graph, so that outputs are, too.

    Args:
        inputs: what the model takes.
        given: the graph and its features.
        rows: [n] the nodes, also one more than once.
        model: decides how far neighbourhoods go.

    Returns:
        The problem; or None if the model does not say how far it looks, the operator is of a
        directed graph, products round signals (precision "mixed"), or the union is more than
        `SHARE` of the nodes.
    """
    hops, graphs = hops_of(model), inputs.graphs
    asked, places = np.unique(rows, return_inverse=True)
    most = int(SHARE * len(given.names))
    directed = graphs.get("operator", "symmetric") != "symmetric"
    rounded = graphs.get("precision", "full") != "full"
    if hops is None or directed or rounded or len(asked) > most:
        return None
    found = ball(given.near(), asked, hops, most)
    if found is None:
        return None
    edges = getattr(model, "needs_edges", False)
    make = ball_operator if edges else near_operator
    size = len(found.nodes) if edges else padded_size(len(found.nodes))
    scaling = graphs.get("self_loops", 0.0), graphs.get("degree_exponent", 0.5)
    dtype = graphs.get("dtype", "float32")
    values = _padded(inputs.prepared(given.take(found.nodes), given), size)
    dense = {"density_limit": 0.0} if size * values.shape[1] <= DENSE else {}
    features = as_features(values, backend=graphs.get("backend", "auto"), dtype=dtype, **dense)
    labels = on_device(np.full(size, -1))
    return Near(Problem(make(found, dtype, *scaling), features, labels), places)


def _padded(
    values: Float32[np.ndarray, "m F"] | sparse.csr_array, size: int
) -> Float32[np.ndarray, "M F"] | sparse.csr_array:
    """Rows of zeros are added."""
    more = size - values.shape[0]
    if isinstance(values, sparse.csr_array):
        ends = np.concatenate([values.indptr, np.full(more, values.indptr[-1])])
        parts = values.data, values.indices, ends
        return sparse.csr_array(parts, shape=(size, values.shape[1]))
    return np.pad(values, ((0, more), (0, 0)))

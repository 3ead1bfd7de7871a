"""All graphs of a dataset on the device, and the batches that are taken from them there."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Bool, Float, Int, Int32, Real

from longnn.data.labels import kind_of
from longnn.data.many.collection import GraphDataset, Level
from longnn.data.preparation import Preparation
from longnn.graphs.device import on_device
from longnn.models.graph_features import GraphFeatures
from longnn.models.matrices import DenseFeatures
from longnn.operators.choice import Backend
from longnn.operators.packing import Capacity, Packing, packed, packing_of
from longnn.operators.transforms import static
from longnn.training.program import Problem


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Stored:
    """G graphs of N nodes on the device; a pytree.

    Attributes:
        packing: their operators.
        features: [N+1, F], 0 in the last row.
        labels: [M+1, ...] of the nodes (M = N) or graphs (M = G); the last one is of none.
        known: [M+1] which have a label.
        level: what the labels are of.
    """

    packing: Packing
    features: Float[Array, "N1 F"]
    labels: Real[Array, "M1 ..."]
    known: Bool[Array, " M1"]
    level: Level = static()

    @property
    def graphs(self) -> int:
        """G."""
        return int(self.packing.first_row.shape[0]) - 1


class Batch(NamedTuple):
    """A batch of graphs as models take it.

    Attributes:
        problem: operator, features, and labels of the rows or graphs.
        mask: [M] which of these are there and have a label.
        owner: [M] the number of the graph of each, G where there is none.
        number: [M] the number of each among all nodes or graphs, the last one where there is none.
    """

    problem: Problem
    mask: Bool[Array, " M"]
    owner: Int32[Array, " M"]
    number: Int32[Array, " M"]


def stored_of(
    data: GraphDataset,
    *,
    self_loops: float = 0.0,
    backend: Backend = "auto",
    dtype: DTypeLike = "float32",
    preparation: Preparation | None = None,
) -> Stored:
    """Puts a dataset on the device.

    Args:
        data: G graphs.
        self_loops: weight of a loop that every node gets, >= 0.
        backend: see ``longnn.operators.packing.packing_of``.
        dtype: of operators and features.
        preparation: of the features, where it is not done yet.

    Raises:
        ValueError: see ``longnn.operators.packing.packing_of``.
    """
    graph = data.nodes.graph.with_self_loops(self_loops) if self_loops else data.nodes.graph
    packing = packing_of(graph, data.sizes, backend=backend, dtype=dtype)
    features = data.nodes.features
    features = features if preparation is None else preparation(features)
    dense = features if isinstance(features, np.ndarray) else features.toarray()
    labels = data.labels
    there = ~np.isnan(labels) if kind_of(data.metric) == "values" else labels >= 0
    known = np.asarray(there).reshape(len(labels), -1).any(axis=1)
    return Stored(
        packing,
        on_device(np.concatenate([dense, np.zeros((1, dense.shape[1]), dense.dtype)]), dtype),
        on_device(np.concatenate([labels, np.full((1, *labels.shape[1:]), -1, labels.dtype)])),
        on_device(np.append(known, False)),
        data.level,
    )


def batch_of(of: Stored, graphs: Int[Array, " g"], capacity: Capacity) -> Batch:
    """A batch of graphs, taken on the device.

    Args:
        of: all graphs.
        graphs: [g] numbers of graphs, -1 for a place that stays empty.
        capacity: room for them, which nothing checks.
    """
    pack = packed(of.packing, graphs, capacity)
    rows = of.features.at[pack.node].get(mode="promise_in_bounds")
    features = GraphFeatures(
        DenseFeatures(rows, (rows.shape[0], rows.shape[1])), pack.slot, len(graphs)
    )
    each = jnp.where(graphs < 0, of.graphs, graphs).astype(jnp.int32)
    owner, number = each, each
    if of.level == "node":
        owner = jnp.append(each, jnp.int32(of.graphs))[pack.slot]
        number = pack.node
    problem = Problem(pack.operator, features, of.labels[number])
    return Batch(problem, of.known[number], owner, number)

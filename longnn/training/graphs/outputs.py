"""Outputs of trained models for graphs, in the order of the nodes or graphs."""

import jax
import numpy as np
from flax import nnx
from jaxtyping import Float, Integer

from longnn.graphs.device import on_device
from longnn.training.graphs.plan import capacity_of, even, sizes_in
from longnn.training.graphs.step import predicted
from longnn.training.graphs.stored import Stored
from longnn.training.program import Program


def all_outputs(
    program: Program,
    params: nnx.State,
    settings: nnx.State,
    of: Stored,
    graphs: Integer[np.ndarray, " n"],
    batch: int,
) -> Float[np.ndarray, "B M C"]:
    """The outputs of B models for some graphs.

    Args:
        program: what the models have in common.
        params, settings: leaves [B, ...].
        of: all graphs.
        graphs: [n] the numbers of those that are computed.
        batch: how many of them go together.

    Returns:
        [B, M, C] for all nodes or graphs as the labels are of; NaN for those of other graphs.
    """
    sizes = sizes_in(of.packing)
    batches = even(graphs, sizes, batch)
    given = (program, *jax.tree.map(on_device, (params, settings)), of, on_device(batches))
    outputs, number = map(np.asarray, predicted(*given, capacity=capacity_of(sizes, [batches])))
    count = of.known.shape[0] - 1
    found = np.full((len(outputs), count + 1, outputs.shape[2]), np.nan, outputs.dtype)
    found[:, number] = outputs
    return found[:, :count]

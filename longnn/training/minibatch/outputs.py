"""Outputs of models on many nodes, piece by piece."""

import numpy as np
from flax import nnx
from jaxtyping import Float, Int64

from longnn.graphs.device import on_device
from longnn.models.propagated import Propagated
from longnn.training.loop import predict
from longnn.training.minibatch.reading import Terms, padded, prefetched
from longnn.training.program import Problem, Program
from polybases import Recurrence


def on_device_in(basis: Recurrence, dtype: np.dtype) -> Recurrence:
    """The coefficients of a basis on the device, in the type of the arithmetic."""
    return Recurrence(*(on_device(np.asarray(leaf), dtype) for leaf in basis[:4]))  # type: ignore[arg-type]


def all_outputs(
    program: Program,
    params: nnx.State,
    settings: nnx.State,
    terms: Terms,
    nodes: Int64[np.ndarray, " n"],
    size: int,
    dtype: np.dtype,
) -> Float[np.ndarray, "B n C"]:
    """The outputs of models, computed for one piece of the nodes after the other.

    Args:
        program: what the models have in common.
        params, settings: of B models, leaves [B, ...].
        terms: of the nodes.
        nodes: [n], at least one; ascending ones are read fastest.
        size: nodes of a piece, which the program is compiled for.
        dtype: of the arithmetic.
    """
    basis = on_device_in(terms.basis, dtype)

    def read(start: int) -> np.ndarray:
        part = np.asarray(terms.take(nodes[start : start + size]), dtype)
        return padded(part, size, axis=1)

    out = None
    starts = range(0, len(nodes), size)
    for start, part in zip(starts, prefetched(read, starts), strict=True):
        given = Propagated(on_device(part), basis)
        problem = Problem(given, given, None)  # type: ignore[arg-type]
        outputs = np.asarray(predict(program, params, settings, problem))
        if out is None:
            out = np.empty((len(outputs), len(nodes), outputs.shape[2]), outputs.dtype)
        out[:, start : start + size] = outputs[:, : len(nodes) - start]
    assert out is not None
    return out

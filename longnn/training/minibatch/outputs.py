"""Outputs of models on many nodes, piece by piece."""

from collections.abc import Iterator

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


def streamed(
    program: Program,
    params: nnx.State,
    settings: nnx.State,
    terms: Terms,
    nodes: Int64[np.ndarray, " n"],
    size: int,
    dtype: np.dtype,
) -> Iterator[tuple[slice, Float[np.ndarray, "B m C"]]]:
    """(which of the nodes, their outputs) for one piece of at most ``size`` nodes after the other.

    Args:
        program: what the models have in common.
        params, settings: of B models, leaves [B, ...].
        terms: of the nodes.
        nodes: [n]; ascending ones are read fastest.
        size: nodes of a piece, which the program is compiled for.
        dtype: of the arithmetic.
    """
    basis = on_device_in(terms.basis, dtype)

    def read(start: int) -> np.ndarray:
        part = np.asarray(terms.take(nodes[start : start + size]), dtype)
        return padded(part, size, axis=1)

    starts = range(0, len(nodes), size)
    for start, part in zip(starts, prefetched(read, starts), strict=True):
        given = Propagated(on_device(part), basis)
        problem = Problem(given, given, None)  # type: ignore[arg-type]
        stop = min(start + size, len(nodes))
        outputs = np.asarray(predict(program, params, settings, problem))
        yield slice(start, stop), outputs[:, : stop - start]


def all_outputs(
    program: Program,
    params: nnx.State,
    settings: nnx.State,
    terms: Terms,
    nodes: Int64[np.ndarray, " n"],
    size: int,
    dtype: np.dtype,
) -> Float[np.ndarray, "B n C"]:
    """The outputs of :func:`streamed` together; at least one node must be asked for."""
    out = None
    for part, outputs in streamed(program, params, settings, terms, nodes, size, dtype):
        if out is None:
            out = np.empty((len(outputs), len(nodes), outputs.shape[2]), outputs.dtype)
        out[:, part] = outputs
    assert out is not None
    return out

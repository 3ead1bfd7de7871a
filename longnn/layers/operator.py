"""What a layer takes as the operator of its graph."""

from typing import Any

from jax.typing import DTypeLike

from longnn.operators.protocol import Operator
from polybases import MatVec
from polybases.operators import as_matvec

HINT = (
    "an object with matvec, a function t -> S t, or a square matrix. Take "
    "longnn.normalized_adjacency(graph) for a longnn.Graph, longnn.layers.edge_operator("
    "graphs.senders, graphs.receivers, num_nodes) for a jraph.GraphsTuple"
)


def check_operator(operator: Any, dtype: DTypeLike) -> Operator | MatVec:
    """The operator, or the product with a matrix; a TypeError says what is one.

    Args:
        operator: a symmetric linear map: a pytree with ``matvec``, a function t -> S t, or a square
            matrix of numpy, jax, scipy.sparse or ``jax.experimental.sparse``.
        dtype: of the signals.

    Example:
        >>> check_operator([[0.0, 1.0], [1.0, 0.0]], "float32")
        Traceback (most recent call last):
        ...
        TypeError: a layer needs the operator of its graph, got a list; it is an object with ...
    """
    kind = type(operator).__name__
    message = f"a layer needs the operator of its graph, got a {kind}; it is {HINT}"
    if isinstance(operator, type):
        raise TypeError(message)
    if isinstance(operator, Operator):
        return operator
    try:
        return as_matvec(operator, dtype)
    except TypeError as error:
        raise TypeError(message) from error


def matvec_of(operator: Any, dtype: DTypeLike) -> MatVec:
    """The function t -> S t of an operator, as of :func:`check_operator`."""
    operator = check_operator(operator, dtype)
    return operator.matvec if isinstance(operator, Operator) else operator

"""What a layer takes as the operator of its graph."""

from typing import Any

from longnn.operators.protocol import Operator
from polybases import MatVec

HINT = (
    "an object with matvec, or a function t -> S t. Take longnn.normalized_adjacency(graph) for a "
    "longnn.Graph, longnn.layers.edge_operator(graphs.senders, graphs.receivers, num_nodes) for a "
    "jraph.GraphsTuple, longnn.operators.symmetric_operator(matrix) for a matrix"
)


def check_operator(operator: Any) -> Operator | MatVec:
    """Returns the operator, or raises a TypeError that says what is one.

    Args:
        operator: a symmetric linear map, as a pytree with ``matvec`` or as a function t -> S t.

    Example:
        >>> check_operator([[0.0, 1.0], [1.0, 0.0]])
        Traceback (most recent call last):
        ...
        TypeError: a layer needs the operator of its graph, got a list; it is an object with ...
    """
    if isinstance(operator, type) or not (hasattr(operator, "matvec") or callable(operator)):
        kind = type(operator).__name__
        raise TypeError(f"a layer needs the operator of its graph, got a {kind}; it is {HINT}")
    return operator


def matvec_of(operator: Operator | MatVec) -> MatVec:
    """Returns the function t -> S t of an operator."""
    operator = check_operator(operator)
    return operator.matvec if isinstance(operator, Operator) else operator

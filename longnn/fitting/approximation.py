"""g(L) x by Chebyshev interpolation, where a graph is too large to diagonalise."""

import numpy as np
from jaxtyping import Float64, Real
from numpy.polynomial import chebyshev

from longnn.fitting.expression import Response
from longnn.graphs.graph import Graph
from longnn.graphs.scaling import shift_matrix


def chebyshev_apply(
    graph: Graph,
    response: Response,
    x: Real[np.ndarray, "N *channels"],
    *,
    accuracy: float = 1e-10,
    max_degree: int = 1024,
) -> Float64[np.ndarray, "N *channels"]:
    """Returns g(L) x in float64, with g replaced by its interpolant at Chebyshev nodes.

    The degree doubles until the interpolant differs from g by at most ``accuracy`` times max |g|
    on 4,001 points of [0, 2]; the error of a signal is then at most about that times its norm,
    since S is symmetric. Source: Trefethen, Approximation Theory and Approximation Practice
    (2013), chapters 4 and 8.

    Args:
        graph: the graph of N nodes.
        response: the response g, smooth on [0, 2].
        x: [N, ...] signals.
        accuracy: largest error of the interpolant, relative to max |g|.
        max_degree: largest degree of the interpolant, which is the number of products with S.

    Returns:
        [N, ...] filtered signals.

    Raises:
        ValueError: if max_degree does not reach the accuracy, as where g has a kink or a jump.
    """
    coefficients = _interpolant(response, accuracy, max_degree)
    s = shift_matrix(graph)
    x = np.asarray(x, np.float64)
    flat = x.reshape(graph.num_nodes, -1)
    previous, current = flat, s @ flat
    result = coefficients[0] * previous + coefficients[1] * current
    for c in coefficients[2:]:
        previous, current = current, 2 * (s @ current) - previous
        result += c * current
    return result.reshape(x.shape)


def _interpolant(response: Response, accuracy: float, max_degree: int) -> np.ndarray:
    def at(x: np.ndarray) -> np.ndarray:
        return response(1 - x)

    points = np.linspace(-1, 1, 4001)
    exact = at(points)
    scale = max(np.abs(exact).max(), np.finfo(float).tiny)
    degree, error = 16, np.inf
    while degree <= max_degree:
        coefficients: np.ndarray = chebyshev.chebinterpolate(at, degree)
        error = np.abs(chebyshev.chebval(points, coefficients) - exact).max() / scale
        if error <= accuracy:
            return coefficients
        degree *= 2
    raise ValueError(
        f"a polynomial of degree {degree // 2} still misses the response by {error:.1e} of its "
        f"maximum, more than {accuracy:.0e}: it has a kink or a jump; take a smooth response, or a "
        "graph small enough to diagonalise"
    )

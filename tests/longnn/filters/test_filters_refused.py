"""What the backward rule refuses, the alternative that it names, and bad input."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from longnn.filters import filter
from longnn.graphs.graph import Graph
from polybases import jacobi, weighted_sum
from tests.backends import BACKENDS
from tests.longnn.filtering import (
    DENSE,
    EDGES,
    RNG,
    THETA,
    WEIGHTS,
    G,
    K,
    N,
    X,
    exact,
    loss,
    operator,
)
from tests.oracles import dense_adjacency

REFUSED = {
    "segment values": lambda: jax.grad(
        lambda v: loss(replace(operator("segment_sum", True), values=v), THETA, X, 0.3, -0.2)
    )(operator("segment_sum", True).values),
    "bucketed weights": lambda: jax.grad(
        lambda w: loss(replace(operator(weighted=True), weights=w), THETA, X, 0.3, -0.2)
    )(operator(weighted=True).weights),
    "bucketed scale": lambda: jax.grad(
        lambda s: loss(replace(operator(), scale=s), THETA, X, 0.3, -0.2)
    )(operator().scale),
    "matrix in a bare function": lambda: jax.grad(
        lambda M: loss(lambda t: M @ t, THETA, X, 0.3, -0.2)
    )(DENSE[False]),
    "matrix beside theta, under jit": lambda: jax.jit(
        jax.grad(lambda M, theta: loss(lambda t: M @ t, theta, X, 0.3, -0.2), (0, 1))
    )(DENSE[False], THETA),
    "matrix under vmap": lambda: jax.vmap(
        jax.grad(lambda M: loss(lambda t: M @ t, THETA, X, 0.3, -0.2))
    )(np.stack([DENSE[False]] * 2)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_derivative_in_the_operator_is_refused(name):
    with pytest.raises(ValueError, match=r"no derivative in its operator .*weighted_sum\("):
        REFUSED[name]()


@pytest.mark.parametrize("backend", ["bucketed", "segment_sum"])
def test_named_alternative_gives_the_derivative_in_edge_weights(backend):
    """Along a symmetric direction, D held fixed, against differences of the eigendecomposition."""
    built = operator(backend, weighted=True)
    field = {"bucketed": "weights", "segment_sum": "values"}[backend]
    point = getattr(built, field)
    graph = Graph.from_edges(EDGES, N, RNG.normal(size=len(EDGES)) ** 2)
    direction = np.asarray(graph.weights)

    def alternative(entries):
        S = replace(built, **{field: entries})
        return jnp.sum(G * weighted_sum(jacobi(K, 0.3, -0.2), THETA, S.matvec, X))

    got = float(jnp.sum(jax.jit(jax.grad(alternative))(point) * direction))
    change = np.zeros((N, N))
    change[graph.receivers, graph.senders] = direction
    if backend == "bucketed":
        degree = dense_adjacency(EDGES, N, WEIGHTS).sum(1)
        scale = np.where(degree > 0, np.maximum(degree, 1e-300) ** -0.5, 0)
        change = scale[:, None] * change * scale
    value = lambda S: np.sum(G * exact(S, 0.3, -0.2, THETA, X))  # noqa: E731
    h = 1e-5
    expected = (value(DENSE[True] + h * change) - value(DENSE[True] - h * change)) / (2 * h)
    assert got == pytest.approx(expected, rel=1e-6)


BASIS = jacobi(4, 0.3, -0.2)
WIDE = jacobi(4, np.ones(4), 0.5)
ERRORS = {
    "scalar x": ((jnp.ones(5), jnp.ones(())), r"x must have shape \[N, ...\], got a scalar; use"),
    "integer x": ((jnp.ones(5), jnp.ones((5, 3), int)), "x must be a real or complex floating"),
    "complex theta": ((jnp.ones(5, complex), jnp.ones((5, 3))), "complex weights theta need a"),
    "K rows": ((jnp.ones((4, 3)), jnp.ones((5, 3))), r"theta must have K\+1 = 5 rows"),
    "theta of higher rank": (
        (jnp.ones((5, 2, 3)), jnp.ones((5, 3))),
        r"the trailing shape \(2, 3\) of theta must broadcast to the shape \(3,\) of one node's",
    ),
    "theta wider than x": (
        (jnp.ones((5, 3)), jnp.ones((5, 1))),
        r"the trailing shape \(3,\) of theta must broadcast to the shape \(1,\)",
    ),
    "theta of other channels": (
        (jnp.ones((5, 4)), jnp.ones((5, 3))),
        r"the trailing shape \(4,\) of theta must broadcast to the shape \(3,\)",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    (theta, x), message = ERRORS[name]
    with pytest.raises(ValueError, match=message):
        filter(lambda t: t, BASIS, theta, x)


def test_basis_of_other_channels():
    with pytest.raises(ValueError, match=r"trailing shape \(4,\) of recurrence must broadcast"):
        filter(lambda t: t, WIDE, jnp.ones((5, 3)), jnp.ones((5, 3)))


def test_operator_that_changes_the_shape():
    with pytest.raises(ValueError, match="matvec must keep shape and dtype"):
        filter(lambda t: t[1:], BASIS, jnp.ones((5, 3)), jnp.ones((5, 3)))


@pytest.mark.parametrize("backend", BACKENDS)
def test_signal_of_another_number_of_nodes(backend):
    with pytest.raises(ValueError, match=r"a signal must have shape \[N, ...\] with N = 12"):
        filter(operator(backend), BASIS, jnp.ones((5, 3)), jnp.ones((N - 2, 3)))

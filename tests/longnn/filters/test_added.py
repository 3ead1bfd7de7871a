"""Sweeps as a GPU has them: written out, each product added to what its step has ready."""

import re
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse

from longnn.filters import added, filter
from longnn.graphs.graph import Graph
from longnn.operators import choice, normalized_adjacency, symmetric_operator
from polybases import Recurrence, jacobi, weighted_sum
from tests.longnn.filtering import (
    DENSE,
    EDGES,
    MEMBERS,
    THETA,
    WEIGHTS,
    B,
    C,
    G,
    K,
    N,
    X,
    assert_equal_slopes,
    exact,
    plain_slopes,
    run,
    slopes,
)
from tests.longnn.filters.test_filters_program import largest

pytestmark = pytest.mark.device

STEPS = [4, choice.WRITTEN_OUT]
"""A loop with a rest, and no loop."""


def operator(steps: int, weighted: bool = True, dtype=jnp.float64):
    graph = Graph.from_edges(EDGES, N, WEIGHTS if weighted else None)
    plain = normalized_adjacency(graph, backend="segment_sum", dtype=dtype)
    return replace(plain, written_out=steps)


@pytest.mark.parametrize("steps", STEPS)
def test_filter_equals_eigendecomposition(steps):
    got = run(operator(steps), THETA, X, 0.3, -0.2)
    expected = exact(DENSE[True], 0.3, -0.2, THETA, X)
    np.testing.assert_allclose(got, expected, atol=1e-11 * np.abs(expected).max())


@pytest.mark.parametrize("steps", STEPS)
def test_gradients_equal_plain_autodiff(steps):
    got = slopes(operator(steps), THETA, X, 0.3, -0.2)
    assert_equal_slopes(got, plain_slopes(DENSE[True], THETA, X, 0.3, -0.2))


@pytest.mark.parametrize("steps", STEPS)
def test_terms_of_large_graphs_are_not_kept(steps, monkeypatch):
    """The backward sweep of one gives the same, and its program holds no K terms."""
    S, basis = operator(steps), jacobi(K, 0.3, -0.2)
    wide = Recurrence(*(jnp.broadcast_to(a[..., None], (*a.shape, C)) for a in basis[:4]))
    given = tuple(map(jnp.asarray, (THETA, X, G)))
    small = added.added_adjoint(S, wide, *given)
    monkeypatch.setattr(added, "KEPT", 0)
    large = added.added_adjoint(S, wide, *given)
    for one, other in zip(small, large, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    traced = jax.make_jaxpr(lambda *a: added.added_adjoint(S, wide, *a))(*given)
    assert largest(traced.jaxpr) < K * X.size


@pytest.mark.parametrize("order", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_shortest_sweeps(order):
    given = THETA[: order + 1], X

    def value(apply, theta, x, a):
        return jnp.sum(G * apply(jacobi(order, a, 0.5), theta, x))

    ours = lambda *a: value(lambda *b: filter(operator(16), *b), *a)  # noqa: E731
    plain = lambda *a: value(  # noqa: E731
        lambda basis, theta, x: weighted_sum(basis, theta, lambda t: DENSE[True] @ t, x), *a
    )
    for got, expected in zip(*(jax.grad(f, (0, 1, 2))(*given, 0.3) for f in (ours, plain))):
        np.testing.assert_allclose(got, expected, atol=1e-11)


@pytest.mark.slow
def test_members_of_a_batch_are_those_alone():
    S = operator(choice.WRITTEN_OUT)
    one = lambda *m: (run(S, *m, 0.5), *slopes(S, *m, 0.5))  # noqa: E731
    together = jax.vmap(one)(*MEMBERS)
    for b in range(B):
        for got, expected in zip(together, one(*(m[b] for m in MEMBERS)), strict=True):
            np.testing.assert_allclose(got[b], expected, atol=1e-11 * np.abs(expected).max())


def test_a_batch_of_graphs():
    both = [operator(choice.WRITTEN_OUT), operator(choice.WRITTEN_OUT)]
    both[1] = replace(both[1], values=both[1].values / 2)
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *both)
    got = jax.vmap(lambda S: run(S, THETA, X, 0.3, -0.2))(stacked)
    for i, S in enumerate(both):
        np.testing.assert_allclose(got[i], run(S, THETA, X, 0.3, -0.2), atol=1e-12)


def test_float32():
    given = (jnp.asarray(a, jnp.float32) for a in (THETA, X, 0.3, -0.2))
    got = run(operator(choice.WRITTEN_OUT, dtype=jnp.float32), *given)
    expected = exact(DENSE[True], 0.3, -0.2, THETA, X)
    assert got.dtype == jnp.float32
    np.testing.assert_allclose(got, expected, atol=5e-6 * np.abs(expected).max())


@pytest.mark.parametrize("steps", [0, choice.WRITTEN_OUT])
@pytest.mark.parametrize("channels", [False, True])
def test_the_derivative_in_every_coefficient_of_the_basis(channels, steps):
    """Of one basis for all channels, and of one for each."""
    rng = np.random.default_rng(3)
    basis = Recurrence(*jacobi(K, 0.3, -0.2)[:4])
    if channels:
        basis = jax.tree.map(lambda a: a[..., None] * rng.uniform(0.8, 1.2, X.shape[1]), basis)
    ours = lambda b: jnp.sum(G * filter(operator(steps), b, THETA, X))  # noqa: E731
    plain = lambda b: jnp.sum(G * weighted_sum(b, THETA, lambda t: DENSE[True] @ t, X))  # noqa: E731
    for got, expected in zip(jax.grad(ours)(basis)[:4], jax.grad(plain)(basis)[:4], strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-10 * np.abs(expected).max())


def test_the_program_of_a_gpu_has_a_scatter_for_each_product_and_no_loop():
    """A loop would launch its counter, its slices and its copies, too."""
    S, basis = operator(choice.WRITTEN_OUT), jacobi(K, 0.3, -0.2)
    apply = lambda theta, x: filter(S, basis, theta, x)  # noqa: E731
    pulled = lambda theta, x, g: jax.vjp(apply, theta, x)[1](g)  # noqa: E731
    for function, given in ((apply, (THETA, X)), (pulled, (THETA, X, G))):
        traced = jax.jit(function).trace(*given)
        text = traced.lower(lowering_platforms=("cuda",)).as_text()
        assert "stablehlo.while" not in text
        assert scatters(text) == K


def scatters(text: str) -> int:
    """How often the program of this StableHLO runs one; a step may be a function that is called."""
    total = 0
    for function in re.split(r"func\.func \w+ @", text)[1:]:
        name = function.split("(")[0]
        calls = 1 if name == "main" else len(re.findall(rf"call @{name}\(", text))
        total += calls * function.count('"stablehlo.scatter"(')
    return total


def test_this_machine_decides(monkeypatch):
    graph, matrix = Graph.from_edges(EDGES, N), scipy.sparse.csr_array(DENSE[False])
    for device, steps in (("cpu", 0), ("gpu", choice.WRITTEN_OUT)):
        monkeypatch.setattr(choice.jax, "default_backend", lambda device=device: device)
        assert normalized_adjacency(graph, backend="segment_sum").written_out == steps
        assert symmetric_operator(matrix)[0].written_out == steps

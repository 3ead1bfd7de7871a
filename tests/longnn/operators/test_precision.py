"""Products that read bfloat16: what they round, how far filters and derivatives are off."""

from functools import partial

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

import longnn
from longnn.filters import lanczos_filter
from longnn.graphs.graph import Graph
from longnn.operators import normalized_adjacency, similar_operator
from polybases import jacobi, weighted_sum
from tests.backends import BACKENDS
from tests.oracles import dense_adjacency, dense_normalized

K, N, W = 6, 60, 19
SLOW = pytest.mark.slow
ROUNDED = 2.0**-8
"""The largest relative error of a number of 8 bits."""


def rounded(x: np.ndarray) -> np.ndarray:
    """The nearest bfloat16, by an implementation that is not ours."""
    with np.errstate(all="ignore"):
        return x.astype(ml_dtypes.bfloat16).astype(x.dtype)


def signals_to_round() -> np.ndarray:
    """[96, 3]: numbers of all magnitudes, ties in both directions, infinities and NaN."""
    rng = np.random.default_rng(0)
    some = rng.normal(size=(91, 3)) * 10.0 ** rng.integers(-30, 30, (91, 3))
    ties = np.float32([1 + 1 / 256, 1 + 3 / 256, -1 - 1 / 256, -1 - 3 / 256, 0, -0.0])
    special = np.float32([3.4e38, -3.4e38, np.inf, -np.inf, np.nan, 1 + 2**-8 + 2**-20])
    worst = np.uint32([0x7FFFFFFF, 0xFFFFFFFF, 0x7F800001]).view(np.float32)  # payloads of NaN
    return np.concatenate([np.float32(some), np.concatenate([ties, special, worst]).reshape(5, 3)])


def partner(nodes: int) -> np.ndarray:
    """[N] the other node of each pair."""
    return np.arange(nodes) ^ 1


def pairs(nodes: int) -> Graph:
    """A graph whose S swaps the nodes of each pair: products are what is read."""
    return Graph.from_edges(np.arange(nodes).reshape(-1, 2), nodes)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_a_product_reads(backend):
    x = signals_to_round()
    for precision, expected in (("full", x), ("mixed", rounded(x))):
        operator = normalized_adjacency(pairs(len(x)), backend=backend, precision=precision)
        got = operator.matvec(jnp.asarray(x))
        assert got.dtype == np.float32
        # a row of jaxlib's product reads zeros times the infinities of others
        finite = np.isfinite(expected[partner(len(x))])
        np.testing.assert_array_equal(np.asarray(got)[finite], expected[partner(len(x))][finite])
        if backend != "csr":
            np.testing.assert_array_equal(got, expected[partner(len(x))])


def case(backend: str, weighted: bool, order: str = "given"):
    """S in mixed precision and dense, and what a filter takes, of which each column has its own."""
    rng = np.random.default_rng(3)
    edges = np.unique(np.sort(rng.integers(0, N - 3, (150, 2)), 1), axis=0)
    edges = edges[edges[:, 0] != edges[:, 1]]
    weights = rng.uniform(0.5, 2, len(edges)) if weighted else None
    graph = Graph.from_edges(edges, N, weights)
    operator = normalized_adjacency(graph, backend=backend, order=order, precision="mixed")
    S = dense_normalized(dense_adjacency(edges, N, weights))
    alpha, beta = rng.uniform(-0.9, 2, (2, W))
    theta, x, g = (rng.normal(size=(rows, W)) for rows in (K + 1, N, N))
    return operator, graph, S, (alpha, beta, theta, x), g


def off(got, expected) -> float:
    """The norm of the difference in that of what is expected."""
    return float(np.linalg.norm(np.asarray(got) - expected) / np.linalg.norm(expected))


@pytest.mark.parametrize(
    ("weighted", "order"), [(False, "given"), pytest.param(True, "rcm", marks=SLOW)]
)
@pytest.mark.parametrize(
    "backend", [b if b in ("csr", "native") else pytest.param(b, marks=SLOW) for b in BACKENDS]
)
def test_filters_and_their_derivatives(backend, weighted, order):
    """Each term is rounded once, at random: by ROUNDED / sqrt(6) in the mean, and it enters those
    after it through polynomials of about their size. K of these add up to sqrt(K) of one, which is
    ROUNDED; twice that is allowed. In less than a 32nd of it nothing would have been rounded."""
    operator, _, S, arguments, g = case(backend, weighted, order)

    def exact(alpha, beta, theta, x):
        return weighted_sum(jacobi(K, alpha, beta), theta, lambda t: jnp.asarray(S) @ t, x)

    def found(function, *arguments):
        value, pullback = jax.vjp(function, *arguments)
        return value, *pullback(jnp.asarray(g, value.dtype))

    single = [jnp.asarray(a, jnp.float32) for a in arguments]
    got = jax.jit(partial(found, partial(mixed_filter, operator)))(*single)
    for one, other in zip(got, jax.jit(partial(found, exact))(*arguments), strict=True):
        assert one.dtype == np.float32
        assert ROUNDED / 32 < off(one, other) < 2 * ROUNDED
    assert ROUNDED / 32 < off(operator.matvec(single[3]), S @ arguments[3]) < ROUNDED


def mixed_filter(operator, alpha, beta, theta, x):
    """A filter of order K."""
    return longnn.filter(operator, jacobi(K, alpha, beta), theta, x)


@SLOW
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_batch_is_what_its_members_are(backend):
    """Up to roundings that another order of float32 sums turns: one number in 2^13."""
    operator, *_, arguments, _ = case(backend, False)
    single = [jnp.asarray(a, jnp.float32) for a in arguments]
    batch = [jnp.stack([a, 0.5 * a, -0.3 * a]) for a in single]

    function = jax.jit(partial(mixed_filter, operator))
    together = jax.jit(jax.vmap(function))(*batch)
    for member in range(3):
        alone = function(*(a[member] for a in batch))
        assert off(together[member], np.asarray(alone)) < ROUNDED / 32


@SLOW
@pytest.mark.parametrize("backend", BACKENDS)
def test_lanczos_vectors_are_in_full_precision(backend):
    operator, graph, _, (*_, theta, x), _ = case(backend, False)
    theta, x = (jnp.asarray(a, jnp.float32) for a in (theta, x))
    full = normalized_adjacency(graph, backend=backend)
    both = [(operator, full), [similar_operator(one, graph, 0.9) for one in (operator, full)]]
    for mixed, expected in both:
        exact = jax.jit(lanczos_filter)(expected, theta, x)
        np.testing.assert_array_equal(jax.jit(lanczos_filter)(mixed, theta, x), exact)


def test_half_the_bytes_are_gathered():
    """What segment_sum gathers from is an array of bfloat16."""
    operator, *_, (*_, x), _ = case("segment_sum", False)
    program = jax.jit(lambda x: operator.matvec(x)).lower(jnp.asarray(x, jnp.float32))
    gathers = [line for line in program.as_text().splitlines() if "stablehlo.gather" in line]
    assert len(gathers) == 1
    assert f"(tensor<{N}x{W}xbf16>" in gathers[0]


def test_other_words_and_types_are_refused():
    with pytest.raises(ValueError, match="unknown precision 'half'; choose one of full, mixed"):
        normalized_adjacency(pairs(4), precision="half")  # type: ignore[arg-type]
    if "native" in BACKENDS:
        operator = normalized_adjacency(pairs(4), backend="native", precision="mixed")
        with pytest.raises(ValueError, match="'mixed' are for float32, got float64"):
            operator.matvec(jnp.ones((4, 2), jnp.float64))

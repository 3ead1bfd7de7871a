"""What every basis keeps, three-term or not: operators, transforms, dtypes, derivatives, errors."""

from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import polybases as pb
from tests.oracles import symmetric_matrix
from tests.polybases.families import (
    ALL,
    DIAGONAL,
    NODES,
    UPPER,
    WEIGHTS,
    K,
    exact_slopes,
    exact_values,
    jit_without_norms,
    quick_jit,
)

N, C = 8, 3
S = symmetric_matrix(N)
EIGENVALUES, VECTORS = np.linalg.eigh(S)
POINTS = EIGENVALUES[::2]
RNG = np.random.default_rng(1)
X, Y, GAMMA = RNG.normal(size=(3, N, C))
FIXED = [name for name in ALL if name != "optbasis"]
AT = [(name, p) for name in FIXED for p in ALL[name].parameters]
LEARNED = [name for name in FIXED if ALL[name].parameters[0]]
DTYPES = (jnp.float32, jnp.float64, jnp.bfloat16)


@cache
def built(name, p=None):
    """The basis of order K at the first parameters, or at those given; no jit."""
    return ALL[name].build(K, *(ALL[name].parameters[0] if p is None else p))


@cache
def exact(name, p) -> np.ndarray:
    """[R, N] values at the eigenvalues."""
    return exact_values(name, p, EIGENVALUES)


def plain_terms(basis, matrix, x):
    return basis.expand(lambda t: matrix @ t, x)


@jit_without_norms
def total(basis, gamma, matrix, x):
    """By the three-term basis of a combination, or by solves."""
    if isinstance(basis, pb.Rational):
        return basis.weighted_sum(gamma, lambda t: matrix @ t, x)
    if isinstance(basis, pb.Combination):
        gamma, basis = basis.coefficients(gamma), basis.recurrence
    return pb.weighted_sum(basis, gamma, lambda t: matrix @ t, x)


def plain_values(basis, points):
    return basis.expand(lambda t: points * t, jnp.ones_like(points))


# The bases are arguments: one compiled program serves all that have the same leaves
terms, values, evaluated = map(jit_without_norms, (plain_terms, plain_values, pb.evaluate))
slope = jit_without_norms(lambda b, db: jax.jvp(lambda b: plain_values(b, POINTS), (b,), (db,))[1])


def size(array) -> float:
    return max(1.0, np.abs(np.asarray(array, np.float64)).max())


@pytest.mark.slow
@pytest.mark.parametrize(("name", "p"), AT)
def test_agrees_with_the_eigendecomposition(name, p):
    basis = built(name, p)
    answer = np.einsum("in,kn,nc->kic", VECTORS, exact(name, p), VECTORS.T @ X)
    np.testing.assert_allclose(terms(basis, S, X), answer, atol=1e-11 * size(answer))
    gamma = GAMMA[: len(answer)]
    summed = np.einsum("kc,kic->ic", gamma, answer)
    np.testing.assert_allclose(total(basis, gamma, S, X), summed, atol=1e-11 * size(answer))


@pytest.mark.parametrize("name", FIXED)
def test_is_linear_in_x(name):
    got = terms(built(name), S, 2 * X - 3 * Y)
    answer = 2 * terms(built(name), S, X) - 3 * terms(built(name), S, Y)
    np.testing.assert_allclose(got, answer, atol=1e-12 * size(answer))


@pytest.mark.parametrize(("name", "p"), AT)
def test_scalars_are_the_diagonal_operator(name, p):
    basis, atol = built(name, p), 1e-12 * size(exact(name, p))
    np.testing.assert_allclose(values(basis, EIGENVALUES), exact(name, p), atol=atol)
    columns = terms(basis, np.diag(EIGENVALUES), np.ones((N, C)))
    np.testing.assert_allclose(columns, exact(name, p)[..., None].repeat(C, -1), atol=atol)
    if isinstance(basis, pb.Recurrence):
        np.testing.assert_allclose(evaluated(basis, EIGENVALUES), exact(name, p), atol=atol)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", DTYPES)
def test_shape_and_dtype_are_those_of_x(name, dtype):
    """The coefficients are double; bfloat16 has 8 bits: within 0.1 of the largest."""
    got = terms(built(name), jnp.asarray(S, dtype), jnp.asarray(X, dtype))
    assert got.dtype == dtype
    assert got.shape == (ALL[name].terms or K + 1, N, C)
    double = terms(built(name), S, X)
    bound = {jnp.float32: 1e-5, jnp.float64: 0, jnp.bfloat16: 0.1}[dtype]
    np.testing.assert_allclose(np.asarray(got, np.float64), double, atol=bound * size(double))


def _numbers(values, dtype):
    return np.asarray(values, np.float64).astype(dtype)


DTYPED = {
    "jacobi": lambda d: pb.jacobi(K, _numbers(0.3, d), _numbers(-0.2, d)),
    "jacobi standard": lambda d: pb.jacobi(K, _numbers(2.0, d), _numbers(-0.25, d), "standard"),
    "gegenbauer": lambda d: pb.gegenbauer(K, _numbers(0.7, d), "standard"),
    "legendre": lambda d: pb.legendre(K, dtype=d),
    "chebyshev": lambda d: pb.chebyshev(K, "V", "standard", dtype=d),
    "monomial": lambda d: pb.monomial(K, dtype=d),
    "krylov": lambda d: pb.krylov(K, _numbers(0.3, d)),
    "hermite": lambda d: pb.hermite(K, dtype=d),
    "laguerre": lambda d: pb.laguerre(K, _numbers(0.3, d), "standard"),
    "krawtchouk": lambda d: pb.krawtchouk(K, _numbers(0.3, d), 12, "standard"),
    "meixner": lambda d: pb.meixner(K, _numbers(1.7, d), _numbers(0.25, d)),
    "charlier": lambda d: pb.charlier(K, _numbers(2.5, d)),
    "hahn": lambda d: pb.hahn(K, _numbers(0.4, d), _numbers(-0.5, d), 15, "standard"),
    "favard": lambda d: pb.favard(_numbers(DIAGONAL[:K], d), _numbers(UPPER[:K], d)),
    "from_nodes": lambda d: pb.from_nodes(K, _numbers(NODES[::3], d), _numbers(WEIGHTS[::3], d)),
    "from_weight": lambda d: pb.from_weight(K, jnp.exp, dtype=d),
    "on_interval": lambda d: pb.on_interval(pb.legendre(K, "standard", dtype=d), -1.5, 2.0),
    "rational": lambda d: pb.rational(_numbers([-1.5, 3.0], d), np.array([0.25 + 0.5j])),
    "bernstein": lambda d: pb.bernstein(K, dtype=d),
    "chebyshev_interpolation": lambda d: pb.chebyshev_interpolation(K, dtype=d),
    "trigonometric": lambda d: pb.trigonometric(2, 0.5, degree=8, dtype=d),
}


@cache
def in_all_dtypes(name) -> dict:
    return dict(zip(DTYPES, quick_jit(lambda: [DTYPED[name](d) for d in DTYPES])(), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", DTYPED)
@pytest.mark.parametrize(("dtype", "bound"), [(jnp.float32, 1e-6), (jnp.bfloat16, 4 * 2.0**-8)])
def test_coefficients_have_the_dtype_asked_for(name, dtype, bound):
    """And differ from the double ones by rounding only."""
    bases = in_all_dtypes(name)
    for a, b in zip(*map(jax.tree.leaves, (bases[dtype], bases[jnp.float64])), strict=True):
        assert (a.dtype, b.dtype) == (dtype, jnp.float64)
        np.testing.assert_allclose(np.asarray(a, np.float64), b, rtol=bound, atol=bound)


@pytest.mark.parametrize("name", DTYPED)
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_values_of_bfloat16_coefficients(name, dtype):
    """Rounding by 2^-9 is like another x as far away, and slopes reach K^2 times the size."""
    bases = in_all_dtypes(name)
    got = values(bases[jnp.bfloat16], jnp.asarray(EIGENVALUES, dtype))
    assert got.dtype == dtype
    double = values(bases[jnp.float64], EIGENVALUES)
    atol = K**2 * 2.0**-9 * size(double)
    np.testing.assert_allclose(np.asarray(got, np.float64), double, atol=atol)


@pytest.mark.parametrize("name", ALL)
def test_jit_equals_no_jit(name):
    jitted = quick_jit(lambda p: ALL[name].build(K, *p))(ALL[name].parameters[0])
    for a, b in zip(*map(jax.tree.leaves, (jitted, built(name))), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["jacobi standard", "bernstein", "optbasis"])
def test_terms_by_jit_equal_those_without(name):
    """One basis of each kind."""
    got = terms(built(name), S, X)
    np.testing.assert_allclose(got, plain_terms(built(name), S, X), atol=1e-12 * size(got))


@cache
def learned(name):
    """Jitted: parameters [P, n] -> bases, their slopes forward and reverse; and its traces."""
    traces = []

    def build(p):
        return ALL[name].build(K, *p)

    def run(p):
        traces.append(None)
        return build(p), jax.jacfwd(build)(p), jax.jacrev(build)(p)

    return quick_jit(jax.vmap(run)), traces


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNED)
def test_vmap_over_parameters_and_one_trace_for_all(name):
    run, traces = learned(name)
    several = np.array(ALL[name].parameters)
    for rows in (several, several[::-1]):
        bases = jax.tree.map(np.asarray, run(rows)[0])
        for i, p in enumerate(rows):
            got = values(jax.tree.map(lambda leaf, i=i: leaf[i], bases), EIGENVALUES)
            answer = exact(name, tuple(p))
            np.testing.assert_allclose(got, answer, atol=1e-11 * size(answer))
    assert len(traces) == 1


@pytest.mark.parametrize("name", LEARNED)
def test_derivatives_in_the_parameters(name):
    """Of the values, by the chain rule through the coefficients."""
    several = ALL[name].parameters
    bases, *both = jax.tree.map(np.asarray, learned(name)[0](np.array(several)))
    for i, p in enumerate(several):
        basis = jax.tree.map(lambda leaf, i=i: leaf[i], bases)
        for j, answer in enumerate(exact_slopes(name, p, POINTS)):
            for slopes in both:
                got = slope(basis, jax.tree.map(lambda leaf, i=i, j=j: leaf[i, ..., j], slopes))
                np.testing.assert_allclose(got, answer, atol=1e-9 * size(answer), err_msg=str(p))


# Explicit formulas


@pytest.mark.parametrize("order", [0, 1, 20])
def test_bernstein_terms_are_binomial_probabilities(order):
    x = np.linspace(-1, 1, 9)
    got = np.asarray(quick_jit(lambda: plain_values(pb.bernstein(order), x))())
    answer = stats.binom.pmf(np.arange(order + 1)[:, None], order, (1 - x) / 2)
    np.testing.assert_allclose(got, answer, atol=1e-13)
    np.testing.assert_allclose(got.sum(0), 1, atol=1e-13)


@pytest.mark.parametrize("order", [0, 1, 20])
def test_chebyshev_interpolation_is_cardinal_and_numpys(order):
    nodes = pb.chebyshev_nodes(order + 1)
    np.testing.assert_allclose(
        np.sort(nodes), np.polynomial.chebyshev.chebpts1(order + 1), atol=1e-15
    )
    assert (np.diff(nodes) < 0).all()
    function = lambda x: np.exp(x) * np.cos(3 * x)  # noqa: E731

    @quick_jit
    def run(samples):
        basis = pb.chebyshev_interpolation(order)
        return plain_values(basis, nodes), basis.coefficients(samples)

    cardinal, coefficients = run(function(nodes))
    np.testing.assert_allclose(cardinal, np.eye(order + 1), atol=1e-13)
    answer = np.polynomial.chebyshev.chebinterpolate(function, order)
    np.testing.assert_allclose(coefficients, answer, atol=1e-14)


@pytest.mark.parametrize("order", [0, 1, 6])
def test_trigonometric_degree_by_default_is_enough_in_float32(order):
    x, k = np.linspace(-1, 1, 33), np.arange(1, order + 1)[:, None]
    run = quick_jit(lambda omega: plain_values(pb.trigonometric(order, omega), x))
    for omega in (1.0, 0.5):
        got = np.asarray(run(omega))
        assert got.shape == (2 * order + 1, 33)
        np.testing.assert_allclose(got[0], 1, atol=1e-13)
        np.testing.assert_allclose(got[1::2], np.cos(k * omega * x), atol=1e-7)
        np.testing.assert_allclose(got[2::2], np.sin(k * omega * x), atol=1e-7)


# The basis that adapts to the signal


def krylov_basis(x, order=K) -> np.ndarray:
    """[order+1, N, C] numpy's QR of (x, Sx, ...), with signs as in Gram-Schmidt."""
    powers = [x]
    for _ in range(order):
        powers.append(S @ powers[-1])
    q, r = np.linalg.qr(np.moveaxis(np.stack(powers), (0, 2), (2, 0)))
    signs = np.sign(np.einsum("ckk->ck", r))
    return np.moveaxis(q * signs[:, None], (0, 2), (2, 0))


def test_optbasis_is_the_orthonormal_basis_of_the_krylov_space():
    got = np.asarray(terms(built("optbasis"), S, X))
    np.testing.assert_allclose(got, krylov_basis(X), atol=1e-8)
    gram = np.einsum("jnc,knc->cjk", got, got)
    np.testing.assert_allclose(gram, np.broadcast_to(np.eye(K + 1), gram.shape), atol=1e-8)


@pytest.mark.parametrize("factor", [3.0, 1e-4, 1e6])
def test_optbasis_does_not_see_the_length_of_x(factor):
    basis = built("optbasis")
    np.testing.assert_allclose(terms(basis, S, factor * X), terms(basis, S, X), atol=1e-8)


optbasis_slope = quick_jit(
    jax.grad(lambda x, matrix, g: jnp.sum(g * plain_terms(pb.OptBasis(3), matrix, x)))
)


def test_optbasis_derivative():
    """Against differences of numpy's QR."""
    cotangent = RNG.normal(size=(4, N, C))
    h = 1e-6
    answer = np.zeros((N, C))
    for index in np.ndindex(N, C):
        shift = np.zeros((N, C))
        shift[index] = h
        up, down = (np.sum(cotangent * krylov_basis(X + s * shift, 3)) for s in (1, -1))
        answer[index] = (up - down) / (2 * h)
    got = optbasis_slope(X, S, cotangent)
    np.testing.assert_allclose(got, answer, atol=1e-7 * size(answer))


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_optbasis_of_a_zero_or_exhausted_channel(dtype):
    """Channel 0 is zero, channel 1 holds one eigenvector, channel 2 two of them."""
    x = np.stack([np.zeros(N), 2 * VECTORS[:, 1], VECTORS[:, 2:4].sum(1)], 1)
    got = terms(built("optbasis"), jnp.asarray(S, dtype), jnp.asarray(x, dtype))
    lengths = np.linalg.norm(got, axis=1)
    answer = np.zeros((K + 1, 3))
    answer[0, 1] = answer[:2, 2] = 1
    np.testing.assert_allclose(lengths, answer, atol=1e-5)
    assert (lengths[answer == 0] == 0).all()


def test_optbasis_gradient_is_finite_without_a_next_vector():
    """Channels of 0, 1 and 2 frequencies; a diagonal operator, where exhaustion is exact."""
    x = np.zeros((N, C))
    x[1, 1:], x[3, 2] = 3.0, 4.0
    matrix = np.diag(np.linspace(-0.875, 0.875, N))
    assert np.isfinite(optbasis_slope(x, matrix, RNG.normal(size=(4, N, C)))).all()


# Bad input

X3, REC = np.ones(3), pb.jacobi(K, 0.3, -0.2)
ORDERS = {
    "jacobi": lambda K: pb.jacobi(K, 0.0, 0.0),
    "gegenbauer": lambda K: pb.gegenbauer(K, 0.5),
    "legendre": pb.legendre,
    "chebyshev": pb.chebyshev,
    "monomial": pb.monomial,
    "hermite": pb.hermite,
    "laguerre": pb.laguerre,
    "krawtchouk": lambda K: pb.krawtchouk(K, 0.5, 9),
    "meixner": lambda K: pb.meixner(K, 1.0, 0.5),
    "charlier": lambda K: pb.charlier(K, 1.0),
    "hahn": lambda K: pb.hahn(K, 0.0, 0.0, 9),
    "bernstein": pb.bernstein,
    "chebyshev_interpolation": pb.chebyshev_interpolation,
    "trigonometric": lambda K: pb.trigonometric(K, 1.0),
    "from_nodes": lambda K: pb.from_nodes(K, X3, X3),
    "from_weight": lambda K: pb.from_weight(K, jnp.exp),
    "optbasis": lambda K: pb.OptBasis(K).expand(lambda t: t, X3),
}


@pytest.mark.parametrize("order", [-1, 1.5])
@pytest.mark.parametrize("name", ORDERS)
def test_bad_order(name, order):
    with pytest.raises(ValueError, match=rf"order must be an integer >= 0 .*got {order}"):
        ORDERS[name](order)


def short(*shape):
    return pb.favard(np.zeros(shape), np.ones(shape))


ERRORS = {
    "unknown scale of jacobi": (lambda: pb.jacobi(3, 0.0, 0.0, "unit"), "unknown scale 'unit'"),
    "unknown scale of legendre": (lambda: pb.legendre(3, "p"), "unknown scale 'p'; choose one of"),
    "unknown scale of gegenbauer": (lambda: pb.gegenbauer(3, 1.0, "C"), "unknown scale 'C'"),
    "unknown scale of chebyshev": (lambda: pb.chebyshev(3, "T", "C"), "unknown scale 'C'"),
    "unknown scale of vander": (lambda: pb.vander(X3, 3, scale=""), "unknown scale ''"),
    "unknown kind": (lambda: pb.chebyshev(3, "X"), "unknown kind 'X'; choose one of T, U, V, W"),
    "lambda = -1/2": (lambda: pb.gegenbauer(3, -0.5), "lambda must be finite and > -1/2, got -0.5"),
    "lambda is nan": (lambda: pb.gegenbauer(3, np.nan), "lambda must be finite and > -1/2"),
    "one lambda = 0": (
        lambda: pb.gegenbauer(3, np.array([0.0, 1.0]), "standard"),
        "lambda = 0 has no standard scale",
    ),
    "favard zero": (lambda: pb.favard(np.zeros(2), np.array([1.0, 0.0])), "upper must be positive"),
    "favard nan": (lambda: pb.favard(np.zeros(1), np.array([np.nan])), "upper must be positive"),
    "favard shapes": (lambda: pb.favard(np.zeros(3), np.ones(2)), r"one shape \[K, ...\], got"),
    "favard scalar": (lambda: pb.favard(0.0, 1.0), r"one shape \[K, ...\], got"),
    "too few nodes": (lambda: pb.from_nodes(3, np.arange(3.0), np.ones(3)), "needs 4 different"),
    "nodes repeated": (lambda: pb.from_nodes(1, np.ones(3), np.ones(3)), "needs 2 .* got 1"),
    "no weight": (
        lambda: pb.from_nodes(1, np.arange(3.0), np.array([1.0, 0.0, 0.0])),
        "needs 2 different nodes of positive weight, got 1",
    ),
    "nan node": (lambda: pb.from_nodes(1, np.array([0.0, np.nan, 1.0]), np.ones(3)), "be finite"),
    "nan weight": (lambda: pb.from_nodes(1, np.arange(2.0), np.array([1, np.nan])), "be finite"),
    "negative weight": (lambda: pb.from_nodes(1, np.arange(3.0), -np.ones(3)), "weights >= 0"),
    "shapes of nodes": (lambda: pb.from_nodes(1, np.arange(3.0), np.ones(2)), r"one shape \[M\]"),
    "matrix of nodes": (lambda: pb.from_nodes(1, np.eye(2), np.eye(2)), r"one shape \[M\]"),
    "negative weight function": (lambda: pb.from_weight(2, lambda x: x), "weights >= 0"),
    "empty weight interval": (lambda: pb.from_weight(2, jnp.exp, 1.0, 1.0), "left < right, got 1"),
    "few points": (lambda: pb.from_weight(4, jnp.exp, points=4), "needs 5 different"),
    "reversed interval": (lambda: pb.on_interval(REC, 1.0, -1.0), "left < right, got 1.0, -1.0"),
    "infinite interval": (lambda: pb.on_interval(REC, 0.0, np.inf), "needs finite ends"),
    "gauss order 0": (lambda: pb.gauss(short(0)), "needs a basis of order >= 1"),
    "radau order 0": (lambda: pb.gauss_radau(short(0), 1.0), "needs a basis of order >= 1"),
    "lobatto order 1": (lambda: pb.gauss_lobatto(short(1), -1, 1), "order >= 2 .*, got 1"),
    "project order": (lambda: pb.project(jnp.exp, REC, 6), r"in \[0, 5\] .* order 6, got 6"),
    "project negative": (lambda: pb.project(jnp.exp, REC, -1), r"in \[0, 5\] .*, got -1"),
    "truncate": (lambda: pb.truncate(REC, 7), r"in \[0, 6\], got 7"),
    "derivative rows": (lambda: pb.derivative(REC, np.ones(4)), r"K\+1 = 7 rows"),
    "derivative members": (
        lambda: pb.derivative(short(K, 2), np.ones(K + 1)), "use jax.vmap",
    ),
    "norm rows": (lambda: pb.norm(REC, np.ones(4)), r"K\+1 = 7 rows"),
    "gamma rows": (lambda: pb.bernstein(K).coefficients(np.ones(4)), "R = 7 rows, got shape"),
    "gamma scalar": (lambda: pb.bernstein(K).coefficients(1.0), "R = 7 rows, got shape"),
    "degree below the order": (
        lambda: pb.trigonometric(4, 1.0, degree=3), "degree must be at least the order 4, got 3",
    ),
    "unknown kind of hermite": (lambda: pb.hermite(3, "h"), "unknown kind 'h'; choose one of H"),
    "unknown scale of hahn": (lambda: pb.hahn(3, 0.0, 0.0, 9, "Q"), "unknown scale 'Q'"),
    "alpha of laguerre": (lambda: pb.laguerre(3, -1.0), "alpha must be finite and > -1, got -1.0"),
    "laguerre underflows": (
        lambda: pb.laguerre(3, np.float32(200)), "laguerre with alpha = 200.0 .* range of float32",
    ),
    "hermite overflows": (
        lambda: pb.hermite(200, "H", "standard"), "hermite H of order 200 .* range of float64",
    ),
    "a of charlier": (lambda: pb.charlier(3, 0.0), "a must be finite and > 0, got 0.0"),
    "a of charlier is a word": (lambda: pb.charlier(3, "a"), "a must be a real number or array"),
    "beta of meixner": (lambda: pb.meixner(3, np.nan, 0.5), "beta must be finite and > 0, got nan"),
    "c of meixner": (lambda: pb.meixner(3, 1.0, 1.0), r"c must be .* inside \(0, 1\), got 1.0"),
    "p of krawtchouk": (
        lambda: pb.krawtchouk(3, np.array([0.5, 1.5]), 9), r"p must be .* inside \(0, 1\), got",
    ),
    "N of krawtchouk": (lambda: pb.krawtchouk(3, 0.5, 2), ">= the order 3 .*, got 2"),
    "N of hahn": (lambda: pb.hahn(3, 0.0, 0.0, 9.5), "N must be an integer >= .*, got 9.5"),
    "alpha of hahn": (lambda: pb.hahn(3, -1.0, 0.0, 9), "alpha must be finite and > -1, got -1"),
    "beta of hahn": (lambda: pb.hahn(3, 0.0, np.inf, 9), "beta must be finite and > -1, got inf"),
    "pole inside": (
        lambda: pb.rational(np.array([2.0, 0.5])), r"outside \[-1.0, 1.0\], .* got 0.5; move",
    ),
    "pole at an end": (
        lambda: pb.rational([2.0], interval=(0.0, 2.0)), r"outside \[0.0, 2.0\], .* got 2.0",
    ),
    "pole is nan": (lambda: pb.rational(np.array([np.nan])), "must be finite .* got nan"),
    "lower half-plane": (lambda: pb.rational((), np.array([1 - 1j])), r"positive .* got \(1-1j\)"),
    "real pair": (lambda: pb.rational((), np.array([2.0])), "positive imaginary .* into poles"),
    "matrix of poles": (lambda: pb.rational(2 * np.ones((2, 2))), r"vectors, got \(2, 2\)"),
    "complex poles": (lambda: pb.rational(np.array([2j])), "poles must be real, .* into pairs"),
    "interval of poles": (lambda: pb.rational([2.0], interval=(1, 0)), "left < right, got 1, 0"),
    "gamma of poles": (
        lambda: pb.rational([2.0]).weighted_sum(np.ones(3), lambda t: t, X3), "R = 2 rows, got",
    ),
    "eval_jacobi exponent": (lambda: pb.eval_jacobi(2, -1.0, 0.0, X3), "alpha must be finite"),
    "vander exponent": (lambda: pb.vander(X3, 2, 0.0, -1.5), "beta must be finite"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, message = ERRORS[name]
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("dtype", [jnp.int32, jnp.bool_])
@pytest.mark.parametrize("name", ALL)
def test_x_that_is_not_floating_point(name, dtype):
    message = "x must be a real .*floating-point array, got dtype"
    with pytest.raises(ValueError, match=message):
        built(name).expand(lambda t: t, np.ones(3, dtype))


@pytest.mark.parametrize("name", FIXED)
def test_a_complex_signal_is_two_real_ones(name):
    rng = np.random.default_rng(5)
    x = rng.normal(size=3) + 1j * rng.normal(size=3)
    scale = np.array([0.3, -0.2, 0.9])
    real, imaginary, both = (
        built(name).expand(lambda t: scale * t, part) for part in (x.real, x.imag, x)
    )
    np.testing.assert_allclose(both, real + 1j * imaginary, rtol=1e-12, atol=1e-12)


# Integers are numbers: they must not turn the coefficients into integers


def test_integer_coefficients_of_a_combination():
    basis = built("bernstein")
    got = basis.coefficients(np.arange(K + 1))
    assert got.shape == (K + 1,)
    np.testing.assert_allclose(got, basis.coefficients(np.arange(K + 1.0)), atol=1e-14)


def test_a_combination_is_multiplied_in_its_own_precision():
    """A GPU's default would round float32 to ten bits."""
    basis = built("bernstein")
    with jax.default_matmul_precision("default"):
        programs = (
            jax.make_jaxpr(basis.coefficients)(jnp.ones(K + 1)),
            jax.make_jaxpr(lambda x: basis.expand(lambda t: t, x))(jnp.ones(3)),
        )
    assert all("HIGHEST" in str(program) for program in programs)


@pytest.mark.parametrize(
    ("build", "arguments"),
    [
        (pb.favard, (np.arange(3), np.array([1, 2, 1]))),
        (quick_jit(partial(pb.from_nodes, 2)), (np.arange(4), np.ones(4, int))),
    ],
)
def test_integer_arguments(build, arguments):
    floating = build(*(a.astype(float) for a in arguments))
    for a, b in zip(build(*arguments)[:4], floating[:4], strict=True):
        assert a.dtype == jnp.float64
        np.testing.assert_allclose(a, b, atol=1e-13)

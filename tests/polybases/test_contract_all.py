"""What every basis keeps, three-term or not: operators, transforms, dtypes, derivatives, errors."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import polybases as pb
from tests.oracles import symmetric_matrix
from tests.polybases.families import ALL, K, exact_slopes, exact_values

N, C = 8, 3
S = symmetric_matrix(N)
EIGENVALUES, VECTORS = np.linalg.eigh(S)
RNG = np.random.default_rng(1)
X, Y = RNG.normal(size=(2, N, C))
POINTS = np.array([-0.97, -0.31, 0.2, 0.85])
FIXED = [name for name in ALL if name != "optbasis"]
AT = [(name, p) for name in FIXED for p in ALL[name].parameters]
LEARNED = [(name, p) for name, p in AT if p]
NAMES = sorted({name for name, _ in LEARNED})


def plain_terms(name, parameters, x, matrix=S):
    return ALL[name].build(K, *parameters).expand(lambda t: matrix @ t, x)


def plain_values(name, parameters, x):
    return ALL[name].build(K, *parameters).expand(lambda t: x * t, jnp.ones_like(x))


@cache
def compiled(function, name):
    return jax.jit(lambda p, x: function(name, p, x))


def terms(name, p, x):
    return compiled(plain_terms, name)(p, x)


def size(exact) -> float:
    return max(1.0, np.abs(exact).max())


def of_operator(values: np.ndarray, x=X) -> np.ndarray:
    """[R, N, C] from the values [R, N] at the eigenvalues."""
    return np.einsum("in,kn,nc->kic", VECTORS, values, VECTORS.T @ x)


@pytest.mark.parametrize(("name", "p"), AT)
def test_agrees_with_the_eigendecomposition(name, p):
    exact = of_operator(exact_values(name, p, EIGENVALUES))
    np.testing.assert_allclose(terms(name, p, X), exact, atol=1e-11 * size(exact))


@pytest.mark.parametrize("name", FIXED)
def test_is_linear_in_x(name):
    p = ALL[name].parameters[0]
    got = terms(name, p, 2 * X - 3 * Y)
    exact = 2 * terms(name, p, X) - 3 * terms(name, p, Y)
    np.testing.assert_allclose(got, exact, atol=1e-12 * size(exact))


@pytest.mark.parametrize(("name", "p"), AT)
def test_scalars_are_the_diagonal_operator(name, p):
    exact = exact_values(name, p, POINTS)
    np.testing.assert_allclose(
        compiled(plain_values, name)(p, POINTS), exact, atol=1e-12 * size(exact)
    )
    basis = ALL[name].build(K, *p)
    if isinstance(basis, pb.Recurrence):
        got = jax.jit(pb.evaluate)(basis, POINTS)
        np.testing.assert_allclose(got, exact, atol=1e-12 * size(exact))


@cache
def in_double(name) -> np.ndarray:
    basis = ALL[name].build(4, *ALL[name].parameters[0])
    return np.asarray(basis.expand(lambda t: S @ t, jnp.asarray(X)))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64, jnp.bfloat16])
def test_shape_and_dtype_are_those_of_x(name, dtype):
    """At order 4; bfloat16 has 8 bits: close to the double result within 0.1 of the largest."""
    case = ALL[name]
    basis = case.build(4, *case.parameters[0])
    got = basis.expand(lambda t: jnp.asarray(S, dtype) @ t, jnp.asarray(X, dtype))
    assert got.dtype == dtype
    assert got.shape == (case.terms or 5, N, C)
    double = in_double(name)
    bound = {jnp.float32: 1e-5, jnp.float64: 1e-13, jnp.bfloat16: 0.1}[dtype]
    np.testing.assert_allclose(np.asarray(got, np.float64), double, atol=bound * size(double))


DTYPED = {
    "jacobi": lambda d: pb.jacobi(4, jnp.asarray(0.3, d), jnp.asarray(-0.2, d)),
    "gegenbauer": lambda d: pb.gegenbauer(4, jnp.asarray(0.7, d), "standard"),
    "legendre": lambda d: pb.legendre(4, dtype=d),
    "chebyshev": lambda d: pb.chebyshev(4, "V", "standard", dtype=d),
    "monomial": lambda d: pb.monomial(4, dtype=d),
    "favard": lambda d: pb.favard(jnp.zeros(4, d), jnp.ones(4, d)),
    "from_nodes": lambda d: pb.from_nodes(4, jnp.linspace(-1, 1, 6, dtype=d), jnp.ones(6, d)),
    "from_weight": lambda d: pb.from_weight(4, jnp.exp, dtype=d),
    "on_interval": lambda d: pb.on_interval(pb.legendre(4, "standard", dtype=d), 0.0, 2.0),
    "bernstein": lambda d: pb.bernstein(4, dtype=d),
    "chebyshev_interpolation": lambda d: pb.chebyshev_interpolation(4, dtype=d),
    "trigonometric": lambda d: pb.trigonometric(2, 0.5, dtype=d),
}


@pytest.mark.parametrize("name", DTYPED)
def test_coefficients_have_the_dtype_asked_for(name):
    """And differ from the double ones by rounding only."""
    single, double = DTYPED[name](jnp.float32), DTYPED[name](jnp.float64)
    for a, b in zip(jax.tree.leaves(single), jax.tree.leaves(double), strict=True):
        assert (a.dtype, b.dtype) == (jnp.float32, jnp.float64)
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ALL)
def test_jit_equals_no_jit(name):
    p = ALL[name].parameters[0]
    plain = plain_terms(name, p, jnp.asarray(X))
    np.testing.assert_allclose(terms(name, p, X), plain, atol=1e-12 * size(plain))


@pytest.mark.parametrize("name", NAMES)
def test_vmap_over_parameters_and_one_trace_for_all(name):
    traces = []

    @jax.jit
    @jax.vmap
    def run(p):
        traces.append(None)
        return plain_values(name, p, jnp.asarray(POINTS))

    several = np.array(ALL[name].parameters)
    for rows in (several, several[::-1]):
        for got, p in zip(run(tuple(rows.T)), rows, strict=True):
            exact = exact_values(name, p, POINTS)
            np.testing.assert_allclose(got, exact, atol=1e-11 * size(exact))
    assert len(traces) == 1


@cache
def slopes_of(name):
    """Jitted: [R, n] per parameter, forward and reverse."""
    values = lambda p: plain_values(name, p, jnp.asarray(POINTS))  # noqa: E731
    return jax.jit(lambda p: (jax.jacfwd(values)(p), jax.jacrev(values)(p)))


@pytest.mark.parametrize(("name", "p"), LEARNED)
def test_derivatives_in_the_parameters(name, p):
    exact = exact_slopes(name, p, POINTS)
    forward, reverse = slopes_of(name)(p)
    for f, r, e in zip(forward, reverse, exact, strict=True):
        np.testing.assert_allclose(f, e, atol=1e-9 * size(e))
        np.testing.assert_allclose(r, e, atol=1e-9 * size(e))


# Explicit formulas


@pytest.mark.parametrize("order", [0, 1, 4, 20])
def test_bernstein_terms_are_binomial_probabilities(order):
    x = np.linspace(-1, 1, 9)
    got = np.asarray(pb.bernstein(order).expand(lambda t: x * t, jnp.ones(9)))
    exact = stats.binom.pmf(np.arange(order + 1)[:, None], order, (1 - x) / 2)
    np.testing.assert_allclose(got, exact, atol=1e-13)
    np.testing.assert_allclose(got.sum(0), 1, atol=1e-13)


@pytest.mark.parametrize("order", [0, 1, 5, 20])
def test_chebyshev_interpolation_is_cardinal_and_numpys(order):
    nodes = pb.chebyshev_nodes(order + 1)
    np.testing.assert_allclose(
        np.sort(nodes), np.polynomial.chebyshev.chebpts1(order + 1), atol=1e-15
    )
    assert (np.diff(nodes) < 0).all()
    basis = pb.chebyshev_interpolation(order)
    got = basis.expand(lambda t: nodes * t, jnp.ones(order + 1))
    np.testing.assert_allclose(got, np.eye(order + 1), atol=1e-13)
    function = lambda x: np.exp(x) * np.cos(3 * x)  # noqa: E731
    exact = np.polynomial.chebyshev.chebinterpolate(function, order)
    np.testing.assert_allclose(basis.coefficients(function(nodes)), exact, atol=1e-14)


@pytest.mark.parametrize(("order", "omega"), [(0, 1.0), (1, 1.0), (4, 1.0), (4, 0.5), (6, 1.0)])
def test_trigonometric_degree_by_default_is_enough_in_float32(order, omega):
    x = np.linspace(-1, 1, 33)
    got = pb.trigonometric(order, omega).expand(lambda t: x * t, jnp.ones(33))
    assert got.shape == (2 * order + 1, 33)
    np.testing.assert_allclose(got[0], 1, atol=1e-13)
    for k in range(1, order + 1):
        np.testing.assert_allclose(got[2 * k - 1], np.cos(k * omega * x), atol=1e-7)
        np.testing.assert_allclose(got[2 * k], np.sin(k * omega * x), atol=1e-7)


@pytest.mark.parametrize("name", ["bernstein", "chebyshev_interpolation", "trigonometric"])
@pytest.mark.parametrize("channels", [(), (C,)])
def test_combination_is_a_series_of_its_three_term_basis(name, channels):
    basis = ALL[name].build(K, *ALL[name].parameters[0])
    gamma = RNG.normal(size=(ALL[name].terms or K + 1, *channels))
    exact = np.einsum("k...,kn...->n...", gamma, exact_values(name, ALL[name].parameters[0], POINTS)
                      .reshape(-1, len(POINTS), *(1,) * len(channels)))  # fmt: skip
    x = jnp.asarray(POINTS).reshape(-1, *(1,) * len(channels))
    ones = jnp.ones((len(POINTS), *channels))
    got = pb.weighted_sum(basis.recurrence, basis.coefficients(gamma), lambda t: x * t, ones)
    np.testing.assert_allclose(got, exact, atol=1e-12)
    contracted = jnp.einsum("k...,kn...->n...", gamma, basis.expand(lambda t: x * t, ones))
    np.testing.assert_allclose(got, contracted, atol=1e-12)


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
    got = np.asarray(terms("optbasis", (), X))
    np.testing.assert_allclose(got, krylov_basis(X), atol=1e-8)
    gram = np.einsum("jnc,knc->cjk", got, got)
    np.testing.assert_allclose(gram, np.broadcast_to(np.eye(K + 1), gram.shape), atol=1e-8)


@pytest.mark.parametrize("factor", [3.0, 1e-4, 1e6])
def test_optbasis_does_not_see_the_length_of_x(factor):
    np.testing.assert_allclose(
        terms("optbasis", (), factor * X), terms("optbasis", (), X), atol=1e-8
    )


optbasis_slope = jax.jit(
    jax.value_and_grad(lambda x, g: jnp.sum(g * pb.OptBasis(3).expand(lambda t: S @ t, x)))
)


def test_optbasis_derivative():
    """Against differences of numpy's QR."""
    cotangent = RNG.normal(size=(4, N, C))
    _, got = optbasis_slope(X, cotangent)
    h = 1e-6
    exact = np.zeros((N, C))
    for index in np.ndindex(N, C):
        shift = np.zeros((N, C))
        shift[index] = h
        up, down = (np.sum(cotangent * krylov_basis(X + s * shift, 3)) for s in (1, -1))
        exact[index] = (up - down) / (2 * h)
    np.testing.assert_allclose(got, exact, atol=1e-7 * size(exact))


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_optbasis_of_a_zero_or_exhausted_channel(dtype):
    """Channel 0 is zero, channel 1 holds one eigenvector, channel 2 two of them."""
    x = jnp.asarray(np.stack([np.zeros(N), 2 * VECTORS[:, 1], VECTORS[:, 2:4].sum(1)], 1), dtype)
    matrix = jnp.asarray(S, dtype)
    got = np.asarray(pb.OptBasis(K).expand(lambda t: matrix @ t, x))
    lengths = np.linalg.norm(got, axis=1)
    exact = np.zeros((K + 1, 3))
    exact[0, 1] = exact[:2, 2] = 1
    np.testing.assert_allclose(lengths, exact, atol=1e-5)
    assert (lengths[exact == 0] == 0).all()


@pytest.mark.parametrize("signal", ["zero", "exhausted"])
def test_optbasis_gradient_is_finite_without_a_next_vector(signal):
    """A diagonal operator, where exhaustion is exact."""
    points = jnp.linspace(-0.75, 0.75, 4)
    x = jnp.zeros(4) if signal == "zero" else jnp.asarray([0.0, 3.0, 0.0, 4.0])
    loss = lambda x: jnp.sum(pb.OptBasis(3).expand(lambda t: points * t, x) ** 2)  # noqa: E731
    assert np.isfinite(jax.grad(loss)(x)).all()
    assert np.isfinite(pb.OptBasis(3).expand(lambda t: points * t, x)).all()


# Bad input

X3, REC = jnp.ones(3), pb.jacobi(4, 0.3, -0.2)
ORDERS = {
    "jacobi": lambda K: pb.jacobi(K, 0.0, 0.0),
    "gegenbauer": lambda K: pb.gegenbauer(K, 0.5),
    "legendre": pb.legendre,
    "chebyshev": pb.chebyshev,
    "monomial": pb.monomial,
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
    "gauss order 0": (lambda: pb.gauss(pb.legendre(0)), "needs a basis of order >= 1"),
    "radau order 0": (lambda: pb.gauss_radau(pb.legendre(0), 1.0), "needs a basis of order >= 1"),
    "lobatto order 1": (lambda: pb.gauss_lobatto(pb.legendre(1), -1, 1), "order >= 2 .*, got 1"),
    "project order": (lambda: pb.project(jnp.exp, REC, 4), r"in \[0, 3\] .* order 4, got 4"),
    "project negative": (lambda: pb.project(jnp.exp, REC, -1), r"in \[0, 3\] .*, got -1"),
    "truncate": (lambda: pb.truncate(REC, 5), r"in \[0, 4\], got 5"),
    "derivative rows": (lambda: pb.derivative(REC, jnp.ones(4)), r"K\+1 = 5 rows"),
    "derivative members": (
        lambda: pb.derivative(pb.jacobi(4, np.zeros(2), 0.0), jnp.ones(5)), "use jax.vmap",
    ),
    "norm rows": (lambda: pb.norm(REC, jnp.ones(4)), r"K\+1 = 5 rows"),
    "gamma rows": (lambda: pb.bernstein(4).coefficients(jnp.ones(4)), "R = 5 rows, got shape"),
    "gamma scalar": (lambda: pb.bernstein(4).coefficients(1.0), "R = 5 rows, got shape"),
    "degree below the order": (
        lambda: pb.trigonometric(4, 1.0, degree=3), "degree must be at least the order 4, got 3",
    ),
    "eval_jacobi exponent": (lambda: pb.eval_jacobi(2, -1.0, 0.0, X3), "alpha must be finite"),
    "vander exponent": (lambda: pb.vander(X3, 2, 0.0, -1.5), "beta must be finite"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, message = ERRORS[name]
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("dtype", [jnp.int32, jnp.complex128, jnp.bool_])
@pytest.mark.parametrize("name", ALL)
def test_x_that_is_not_real_floating_point(name, dtype):
    basis = ALL[name].build(K, *ALL[name].parameters[0])
    message = "x must be a real floating-point array, got dtype"
    with pytest.raises(ValueError, match=message):
        basis.expand(lambda t: t, jnp.ones(3, dtype))


# Integers are numbers: they must not turn the coefficients into integers


def test_integer_coefficients_of_a_combination():
    got = pb.bernstein(4).coefficients(jnp.arange(5))
    np.testing.assert_allclose(got, pb.bernstein(4).coefficients(jnp.arange(5.0)), atol=1e-14)


def test_integer_nodes():
    got = pb.from_nodes(2, np.arange(4), np.ones(4, int))
    for a, b in zip(got[:4], pb.from_nodes(2, np.arange(4.0), np.ones(4))[:4]):
        np.testing.assert_allclose(a, b, atol=1e-13)


def test_integer_favard_coefficients():
    got = pb.favard(np.zeros(3, int), np.ones(3, int))
    exact = pb.gauss(pb.favard(np.zeros(3), np.ones(3)))
    np.testing.assert_allclose(np.stack(pb.gauss(got)), np.stack(exact), atol=1e-13)

"""Series as values: numpy's classes are the oracle where there is one, values elsewhere."""

import itertools
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy import polynomial
from scipy import special

import polybases as pb
from polybases import Series
from polybases.family import as_family
from polybases.numpy_series import STANDARD
from tests.polybases.families import quick_jit

RNG = np.random.default_rng(5)
A, B = RNG.normal(size=5), RNG.normal(size=4)
X = np.linspace(-0.9, 0.9, 7)
JACOBI = partial(pb.jacobi, alpha=0.5, beta=-0.3)

KINDS = (polynomial.Polynomial, polynomial.Chebyshev, polynomial.Legendre, polynomial.Hermite,
         polynomial.HermiteE, polynomial.Laguerre)  # fmt: skip
MAPS = {"identity": ((-1, 1), (-1, 1)), "moved": ((1, 4), (-0.5, 1))}
OPERATIONS = {
    "sum": lambda p, q: p + q,
    "sum of the shorter": lambda p, q: q + p,
    "difference": lambda p, q: q - p,
    "product": lambda p, q: p * q,
    "square": lambda p, q: p * p,
    "power": lambda p, q: q**5,
    "power 0": lambda p, q: q**0,
    "power 1": lambda p, q: q**1,
    "numbers": lambda p, q: 2 - 3 * p / 4 + np.float64(0.5) + -q - 1,
    "plus": lambda p, q: +p,
    "first derivative": lambda p, q: p.deriv(),
    "third derivative": lambda p, q: p.deriv(3),
    "no derivative": lambda p, q: p.deriv(0),
    "derivative to nothing": lambda p, q: p.deriv(7),
    "integral": lambda p, q: p.integ(),
    "integral of a product": lambda p, q: (p * q).integ(1, 3.0, lbnd=2.5),
    "second integral": lambda p, q: p.integ(2, [1.0, -2.0], lbnd=0.3),
    "one constant of two": lambda p, q: p.integ(2, [1.0]),
    "cutdeg": lambda p, q: p.cutdeg(2),
    "truncate": lambda p, q: p.truncate(2),
    "truncate to more": lambda p, q: p.truncate(9),
    "trim": lambda p, q: (1e-9 * p + q).trim(1e-8),
    "trim nothing": lambda p, q: p.trim(),
    "trim zeros": lambda p, q: (p - p).trim(),
}


def plain(basis):
    """A Recurrence in which only the coefficients are left, so that one program serves all."""
    return basis._replace(norms=None, ends=None)


@cache
def compiled(name):
    """Operation on two series of one basis and place; those that look at values are not jitted."""

    def run(basis, a, b, domain, window):
        return OPERATIONS[name](*(Series(coef, basis, domain, window) for coef in (a, b)))

    return run if "trim" in name else quick_jit(run)


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_are_numpys(name):
    for kind, place in itertools.product(KINDS, MAPS.values()):
        basis, ends = as_family(STANDARD[kind])(16), np.array(place, float)
        got = compiled(name)(plain(basis), A, B, *ends)
        want = OPERATIONS[name](kind(A, *place), kind(B, *place))
        size = np.abs(want.coef).max() + 1
        assert got.degree() == want.degree()
        np.testing.assert_allclose(got.coef, want.coef, atol=1e-12 * size, rtol=1e-12)
        np.testing.assert_array_equal((got.domain, got.window), (want.domain, want.window))
        assert isinstance(got, Series)


@pytest.mark.slow
@pytest.mark.parametrize("place", MAPS)
@pytest.mark.parametrize("kind", KINDS)
def test_values_roots_and_conversions_are_numpys(kind, place):
    want = kind(A, *MAPS[place])
    p = pb.from_numpy(want)
    x = np.linspace(-2, 5, 12).reshape(3, 4)
    np.testing.assert_allclose(p(x), want(x), rtol=1e-12, atol=1e-12 * np.abs(want(x)).max())
    np.testing.assert_allclose(p.mapparms(), want.mapparms(), rtol=1e-15)
    np.testing.assert_allclose(p.roots(), np.sort(want.roots().astype(complex)), atol=1e-9)
    for other in KINDS:
        converted = want.convert(want.domain, other, want.window)
        got = pb.to_numpy(p, other)
        size = np.abs(converted.coef).max()
        np.testing.assert_allclose(got.coef, converted.coef, atol=1e-12 * size)
        assert got.has_samedomain(converted)
        assert got.has_samewindow(converted)


# Bases that numpy does not have: what is done to the series is done to their values

BASES = {
    "jacobi": pb.jacobi(16, 0.5, -0.3),
    "chebyshev V": pb.chebyshev(16, "V", "monic"),
    "laguerre": pb.laguerre(16, 1.5),
    "hahn": pb.hahn(16, 0.5, 0.0, 40),
    "on_interval": pb.on_interval(pb.legendre(16), 0.0, 2.0),
    "favard": pb.favard(np.linspace(-0.2, 0.3, 16), np.linspace(0.4, 0.6, 16)),
    "krylov": pb.krylov(16, 0.3),
}


@quick_jit
def of_one_basis(basis, coef_p, coef_q, domain):
    """Pairs of values that should agree."""
    p, q = Series(coef_p, basis, domain), Series(coef_q, basis, domain)
    a, b, whole = p(X), q(X), p.integ(k=2.0, lbnd=0.4)
    pairs = (
        ((p + q)(X), a + b),
        ((p * q - 2)(X), a * b - 2),
        ((q**3)(X), b**3),
        ((-p / 2)(X), -a / 2),
    )
    return (*pairs, (whole.deriv()(X), a), (whole(0.4), 2.0)), p.roots(), a


@quick_jit
def of_two_bases(basis, coef_p, coef_q):
    p = Series(coef_p, basis, (-1.0, 2.0))
    q = Series(coef_q, pb.monomial, (0.0, 3.0), (0.0, 1.0))
    a, b = p(X), q(X)
    kept = [(p + q).domain - p.domain, (q + p).domain - q.domain, (q * p).window - q.window]
    pairs = (((p + q)(X), a + b), ((q + p)(X), a + b), ((p - q)(X), a - b), ((p * q)(X), a * b),
             ((q * p)(X), a * b), (p.convert(pb.legendre, (-3.0, 1.0))(X), a))  # fmt: skip
    return pairs, kept


def check_pairs(pairs):
    for got, want in pairs:
        np.testing.assert_allclose(got, want, atol=1e-11 * (1 + np.abs(want).max()))


@pytest.mark.parametrize("name", BASES)
def test_what_is_done_to_series_is_done_to_their_values(name):
    pairs, roots, values = of_one_basis(plain(BASES[name]), A, B, (-1.0, 2.0))
    check_pairs(pairs)
    powers = polynomial.Polynomial.fit(X, values, 4)
    np.testing.assert_allclose(roots, np.sort(powers.roots().astype(complex)), atol=1e-7)


@pytest.mark.parametrize("name", BASES)
def test_series_of_two_bases_and_domains(name):
    """The left one keeps its basis, domain and window."""
    pairs, kept = of_two_bases(plain(BASES[name]), A, B)
    check_pairs(pairs)
    np.testing.assert_array_equal(kept, 0)


def test_the_left_basis_stays():
    p, q = Series(A, JACOBI), Series(B, pb.laguerre)
    for left, result in ((p, p + q), (q, q + p), (p, p * q)):
        assert jax.tree.structure(result.basis) == jax.tree.structure(left.basis)
    np.testing.assert_allclose((p + q)(X), p(X) + q(X), atol=1e-13)


def test_bases_of_one_family_and_two_lengths_serve_each_other():
    short, long = Series(A, pb.legendre(4)), Series(B, pb.legendre(9))
    for product in (short * long, long * short):
        assert product.basis.order == 9
        np.testing.assert_allclose(product(X), short(X) * long(X), atol=1e-13)


@pytest.mark.slow
def test_channels_come_last_and_broadcast():
    coef = RNG.normal(size=(4, 2, 3))
    p, q, r = Series(coef, JACOBI), Series(A, JACOBI), Series(RNG.normal(size=(3, 3)), JACOBI)
    values = np.asarray(p(X.reshape(7, 1)))
    assert values.shape == (7, 1, 2, 3)
    for i, j in np.ndindex(2, 3):
        one, other = Series(coef[:, i, j], JACOBI), Series(r.coef[:, j], JACOBI)
        np.testing.assert_allclose(values[:, 0, i, j], one(X), atol=1e-13)
        np.testing.assert_allclose((p * q)(X)[:, i, j], (one * q)(X), atol=1e-12)
        np.testing.assert_allclose((r + p)(X)[:, i, j], one(X) + other(X), atol=1e-12)
        np.testing.assert_allclose(p.roots()[:, i, j], one.roots(), atol=1e-10)
        np.testing.assert_allclose(p.integ().deriv()(X)[:, i, j], one(X), atol=1e-12)
    assert (p**0)(X).shape == (7, 2, 3)


# Roots


@pytest.mark.parametrize("degree", [1, 2, 5, 40])
def test_roots_of_a_member_of_the_basis(degree):
    unit = np.zeros(degree + 1)
    unit[-1] = 3.0
    got = np.asarray(Series(unit, pb.legendre).roots())
    np.testing.assert_allclose(got.real, special.roots_legendre(degree)[0], atol=1e-14)
    np.testing.assert_allclose(got.imag, 0, atol=1e-14)


def test_a_series_is_zero_at_its_roots():
    standard = partial(pb.legendre, scale="standard")
    p = Series([3.0, 0.1, 0.3, 0.5], standard, domain=(0.0, 4.0))
    assert np.abs(p.roots().imag).max() > 0.1
    np.testing.assert_allclose(p(p.roots()), 0, atol=1e-13)
    at = 0.3 + 0.7j
    want = polynomial.Legendre([3.0, 0.1, 0.3, 0.5], domain=(0.0, 4.0))(at)
    np.testing.assert_allclose(p(at), want, rtol=1e-14)


def test_a_constant_has_no_root():
    assert Series([2.0], pb.legendre).roots().shape == (0,)
    assert Series(np.ones((1, 3)), pb.legendre).roots().shape == (0, 3)


@pytest.mark.slow
def test_derivative_of_a_root():
    """dr / d coef_k = -p_k(r) / p'(r)."""
    unit = np.array([-0.3, 0.1, 0.0, 1.0])
    jacobian = jax.jacobian(lambda c: Series(c, pb.legendre).roots().real)(unit)
    p = Series(unit, pb.legendre)
    for row, root in zip(np.asarray(jacobian), np.asarray(p.roots())):
        if abs(root.imag) < 1e-12:
            values = pb.evaluate(pb.legendre(3), root.real)
            np.testing.assert_allclose(row, -values / p.deriv()(root.real), atol=1e-10)


# Fits


def test_fit_is_numpys():
    x, y = np.sort(RNG.uniform(3, 7, 30)), RNG.normal(size=(30, 2))
    weights = RNG.uniform(size=30)
    p = Series.fit(x, y, pb.legendre, 6, weights=weights, domain=(x.min(), x.max()))
    for c in range(2):
        want = polynomial.Legendre.fit(x, y[:, c], 6, w=np.sqrt(weights))
        np.testing.assert_allclose(p(x)[:, c], want(x), atol=1e-11)


def test_fit_of_an_ill_conditioned_basis():
    """Powers of degree 12, condition 10^6: what QR gives, normal equations would not."""
    x = np.linspace(0, 1, 40)
    coef = RNG.normal(size=13)
    got = Series.fit(x, polynomial.polynomial.polyval(x, coef), pb.monomial, 12)
    np.testing.assert_allclose(got.coef, coef, atol=1e-6)


def test_fit_by_a_recurrence_has_its_order_unless_told():
    assert Series.fit(X, X**2, pb.legendre(3)).degree() == 3
    assert Series.fit(X, X**2, pb.legendre(3), deg=2).degree() == 2


def plain_fit(x, y, w):
    p = np.polynomial.legendre.legvander(x, 3) * np.sqrt(np.arange(4) + 0.5)
    return np.linalg.solve(p.T * w @ p, p.T @ (w * y))


@pytest.mark.slow
def test_derivatives_of_a_fit_also_where_a_weight_is_zero():
    """Against differences of the normal equations."""
    data = [X, np.exp(X), np.r_[0.0, RNG.uniform(0.5, 1, 6)]]
    fit = lambda x, y, w: pb.least_squares(pb.legendre(3), x, y, w)  # noqa: E731
    h = 1e-6
    for mode in (jax.jacfwd, jax.jacrev):
        jacobians = quick_jit(mode(fit, (0, 1, 2)))(*data)
        for i, jacobian in enumerate(jacobians):
            for j in range(7):
                shifted = [[a + s * h * (np.arange(7) == j) if k == i else a
                            for k, a in enumerate(data)] for s in (1, -1)]  # fmt: skip
                want = (plain_fit(*shifted[0]) - plain_fit(*shifted[1])) / (2 * h)
                np.testing.assert_allclose(jacobian[:, j], want, atol=1e-7)
    second = quick_jit(jax.jacfwd(jax.jacrev(fit, 2), 2))(*data)
    up, down = (quick_jit(jax.jacrev(fit, 2))(data[0], data[1], data[2] + s * h * np.eye(7)[2])
                for s in (1, -1))  # fmt: skip
    np.testing.assert_allclose(second[:, :, 2], (up - down) / (2 * h), atol=1e-6)


# Transformations


@pytest.mark.slow
def test_third_derivatives_by_forward_mode_are_those_of_deriv():
    p = Series(A, JACOBI, (-2.0, 1.0))
    third = jax.jit(jax.vmap(jax.jacfwd(jax.jacfwd(jax.jacfwd(lambda x: p(x))))))
    for x in (X, np.array([-2.0, 1.0, -0.5])):  # the ends, and the middle between them
        np.testing.assert_allclose(third(x), p.deriv(3)(x), atol=1e-9)


@pytest.mark.slow
def test_jit_of_arguments_and_one_trace():
    traces = []

    @jax.jit
    def run(p, q):
        traces.append(None)
        return (p * q + p).deriv().integ(1, 2.0) ** 2

    for scale in (1.0, 3.0):
        p, q = Series(scale * A, JACOBI), Series(B, JACOBI)
        want = (p * q + p).deriv().integ(1, 2.0) ** 2
        np.testing.assert_allclose(run(p, q)(X), want(X), rtol=1e-9)
    assert len(traces) == 1


def test_gradient_in_the_coefficients_and_in_a_learned_exponent():
    p = Series(A, JACOBI)
    slope = quick_jit(jax.grad(lambda p: p(0.3)))(p)
    np.testing.assert_allclose(slope.coef, pb.evaluate(pb.jacobi(4, 0.5, -0.3), 0.3), atol=1e-13)
    h = 1e-6
    up, down = (A @ pb.evaluate(pb.jacobi(4, 0.5 + s * h, -0.3), 0.3) for s in (1, -1))
    want = float(up - down) / (2 * h)
    assert float(slope.basis.parameters["alpha"]) == pytest.approx(want, abs=1e-8)
    assert slope.domain.shape == (2,)


def test_hessian_of_a_loss():
    def loss(coef):
        return jnp.mean((Series(coef, pb.legendre) ** 2)(X))

    coef = RNG.normal(size=3)
    p = np.asarray(pb.evaluate(pb.legendre(2), X))
    want = np.einsum("kn,jn->kj", p, p) * 2 / len(X)
    np.testing.assert_allclose(quick_jit(jax.hessian(loss))(coef), want, atol=1e-12)


@pytest.mark.slow
def test_vmap_gives_a_series_of_each_member_and_takes_it():
    y = RNG.normal(size=(5, 7))
    fits = jax.vmap(lambda y: Series.fit(X, y, pb.legendre, 3))(y)
    values = jax.vmap(lambda p: p(X))(fits)
    for i in range(5):
        want = Series.fit(X, y[i], pb.legendre, 3)(X)
        np.testing.assert_allclose(values[i], want, atol=1e-12)


@pytest.mark.parametrize("name", [n for n in OPERATIONS if not n.startswith("trim")])
def test_float32_stays_and_is_accurate(name):
    """Beside coefficients of the basis in double."""
    basis, place = plain(pb.jacobi(16, 0.5, -0.3)), ((-2.0, 1.0), (-1.0, 1.0))
    a, b = np.float32(A), np.float32(B)
    got = compiled(name)(basis, a, b, *place)
    want = compiled(name)(basis, a.astype(float), b.astype(float), *place)
    assert got.coef.dtype == (np.float64 if name == "numbers" else np.float32)  # np.float64(0.5)
    size = np.abs(np.asarray(want.coef)).max()
    np.testing.assert_allclose(got.coef, want.coef, atol=2e-6 * size)


def test_float32_values_and_roots():
    p = Series(np.float32(A), JACOBI)
    assert p(np.float32(0.3)).dtype == np.float32
    assert p.roots().dtype == np.complex64
    np.testing.assert_allclose(p(np.float32(X)), Series(A, JACOBI)(X), atol=1e-6)
    np.testing.assert_allclose(p.roots(), Series(A, JACOBI).roots(), atol=1e-5)


def test_integers_become_floats():
    p = Series([1, 2, 3], pb.monomial)
    assert p.coef.dtype == jnp.float64
    np.testing.assert_array_equal(p(np.array([0, 1, 2])), [1, 6, 17])


def test_numpys_and_jaxs_numbers_on_both_sides():
    p = Series(A, JACOBI)
    for number in (2, 2.0, np.float64(2), np.int64(2), np.array(2.0), jnp.array(2.0)):
        for got in (number * p, p * number, number + p - number + p, p / (1 / number)):
            np.testing.assert_allclose(got(X), 2 * p(X), atol=1e-13)


def test_repr_says_what_it_is():
    text = repr(Series([1.0, 2.0], pb.legendre, (0.0, 2.0)))
    assert text == "Series([1. 2.], legendre, domain=[0. 2.], window=[-1.  1.])"
    assert "Recurrence" in repr(Series([1.0], pb.legendre(2)))


# Bad input

P = Series(A, pb.legendre(4))
ERRORS = {
    "no coefficients": (lambda: Series([], pb.legendre), ValueError, r"rows, .* got shape \(0,\)"),
    "a scalar": (lambda: Series(1.0, pb.legendre), ValueError, r"got shape \(\)"),
    "complex": (lambda: Series([1j], pb.legendre), ValueError, "must be real .* complex128"),
    "too many": (lambda: Series(A, pb.legendre(2)), ValueError, "order 2 takes at most 3"),
    "a name": (lambda: Series(A, "legendre"), TypeError, "such as polybases.legendre, got str"),
    "a combination": (lambda: Series(A, pb.bernstein(4)), TypeError, "got Combination"),
    "several bases": (
        lambda: Series(A, pb.jacobi(4, np.ones(2), 0.0)), ValueError, r"dimensions \(2,\); use",
    ),
    "several exponents": (
        lambda: Series(A, partial(pb.jacobi, alpha=np.ones(2), beta=0.0)), ValueError,
        r"dimensions \(2,\); use",
    ),
    "an exponent out of range": (
        lambda: Series(A, partial(pb.jacobi, alpha=-2.0, beta=0.0)), ValueError, "alpha must be",
    ),
    "a function of another kind": (
        lambda: Series(A, pb.bernstein), TypeError, "returned Combination",
    ),
    "a partial by position": (
        lambda: Series(A, partial(pb.jacobi, 4)), ValueError, "must name the others",
    ),
    "reversed domain": (lambda: Series(A, JACOBI, (1, 0)), ValueError, "domain needs .* 1.0, 0.0"),
    "three ends": (lambda: Series(A, JACOBI, None, (1, 0, 2)), ValueError, "window must be a pair"),
    "product too long": (lambda: P * P, ValueError, "degree 8 does not fit .* of order 4; build"),
    "power too long": (lambda: P**3, ValueError, "degree 8 does not fit"),
    "integral too long": (lambda: P.integ(), ValueError, "degree 5 does not fit"),
    "conversion too long": (lambda: P.convert(pb.legendre(3)), ValueError, "at most 4 coef"),
    "negative power": (lambda: P**-1, ValueError, "integer >= 0"),
    "half a power": (lambda: P**0.5, ValueError, "integer >= 0"),
    "negative derivative": (lambda: P.deriv(-1), ValueError, "integer >= 0"),
    "truncate to nothing": (lambda: P.truncate(0), ValueError, "integer >= 0"),
    "constants": (lambda: P.integ(1, [1.0, 2.0]), ValueError, "at most m = 1 constants, got 2"),
    "array": (lambda: P + np.ones(5), TypeError, r"real numbers .* shape \(5,\)"),
    "array first": (lambda: np.ones(5) * P, TypeError, r"real numbers .* shape \(5,\)"),
    "complex number": (lambda: P * np.complex128(1j), TypeError, "dtype complex128"),
    "a word": (lambda: P + "1", TypeError, "unsupported operand"),
    "quotient": (lambda: P / P, TypeError, "unsupported operand"),
    "leading zero": (lambda: (P - P).roots(), ValueError, "degree 4 is 0, .*trim"),
    "nan": (lambda: (P * np.nan).roots(), ValueError, "finite coefficients"),
    "trim under jit": (lambda: jax.jit(lambda p: p.trim())(P), ValueError, r"truncate\(size\)"),
    "degree of a fit": (lambda: Series.fit(X, X, pb.legendre), ValueError, "deg is needed"),
    "few points": (lambda: Series.fit(X, X, pb.legendre, 7), ValueError, "at least 8 .* got 7"),
    "equal points": (
        lambda: Series.fit(np.r_[1.0, 1, 1], np.ones(3), pb.monomial, 1), ValueError, "got 1",
    ),
    "zero weights": (
        lambda: Series.fit(X, X, pb.legendre, 2, weights=np.r_[1.0, 1, 0, 0, 0, 0, 0]), ValueError,
        "needs 3 different points .* got 2",
    ),
    "negative weights": (
        lambda: Series.fit(X, X, pb.legendre, 2, weights=-X), ValueError, "weights must be >= 0",
    ),
    "nan in y": (lambda: Series.fit(X, X * np.nan, pb.legendre, 2), ValueError, "y must be real"),
    "shapes": (lambda: Series.fit(X, X[1:], pb.legendre, 2), ValueError, "one shape"),
    "points outside": (
        lambda: Series.fit(3 * X, X, pb.legendre, 2), ValueError, "lives on .* domain=",
    ),
    "no class of numpy": (lambda: pb.from_numpy(P), TypeError, "has the classes .* got Series"),
    "to no class of numpy": (lambda: pb.to_numpy(P, int), TypeError, "has the classes .* got int"),
    "channels to numpy": (
        lambda: pb.to_numpy(Series(np.ones((2, 2)), JACOBI), polynomial.Legendre), ValueError,
        r"got coefficients of shape \(2, 2\)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        call()

"""What every orthogonal basis keeps: Gram matrix, scale, quadrature, series, change of basis."""

from functools import cache, partial

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from numpy.polynomial import Chebyshev, polynomial
from numpy.polynomial import legendre as numpy_legendre
from scipy import special

from polybases import (
    connection,
    derivative,
    eval_jacobi,
    evaluate,
    from_nodes,
    from_weight,
    gauss,
    gauss_lobatto,
    gauss_radau,
    jacobi,
    mass,
    norm,
    project,
    truncate,
    vander,
)
from tests.oracles import gauss_jacobi
from tests.polybases.families import (
    NODES,
    ORTHOGONAL,
    WEIGHTS,
    K,
    jit_without_norms,
    quick_jit,
    stieltjes,
)

N = 30
IN_SCALE = [(name, scale) for name, family in ORTHOGONAL.items() for scale in family.scales]
THETA = np.random.default_rng(0).normal(size=(K + 1, 2))

values, connect, differentiate = map(jit_without_norms, (evaluate, connection, derivative))
gauss_jit, radau_jit, lobatto_jit = map(quick_jit, (gauss, gauss_radau, gauss_lobatto))


@cache
def built(name: str, scale: str = "orthonormal"):
    return ORTHOGONAL[name].build(K, scale)


def series(recurrence, theta, x) -> np.ndarray:
    """[n, ...] sum_k theta_k p_k(x)."""
    return np.einsum("kn,k...->n...", values(recurrence, x), theta)


def squared_norms(recurrence) -> np.ndarray:
    return np.ones(K + 1) if recurrence.norms is None else np.asarray(recurrence.norms)


def points(name: str) -> np.ndarray:
    """Thirty points inside the interval, away from its ends."""
    left, right = ORTHOGONAL[name].interval
    return (left + right) / 2 + 0.98 * (right - left) / 2 * np.cos(np.arange(N) * np.pi / (N - 1))


@pytest.mark.parametrize(("name", "scale"), IN_SCALE)
def test_gram_matrix_is_the_diagonal_of_the_norms(name, scale):
    family = ORTHOGONAL[name]
    recurrence = built(name, scale)
    nodes, weights = family.rule(N)
    p = np.asarray(values(recurrence, nodes))
    length = np.sqrt(squared_norms(recurrence))
    gram = (p * weights) @ p.T / np.outer(length, length)
    np.testing.assert_allclose(gram, np.eye(K + 1), atol=1e-11)
    assert (recurrence.norms is None) == (scale == "orthonormal")


@pytest.mark.parametrize(("name", "scale"), IN_SCALE)
def test_multiplication_by_x_is_tridiagonal(name, scale):
    """The coefficients are <x p_k, p_j> / <p_j, p_j>, compared for p_k of length 1."""
    family = ORTHOGONAL[name]
    recurrence = built(name, scale)
    nodes, weights = family.rule(N)
    p = np.asarray(values(recurrence, nodes))
    length = np.sqrt(weights @ p.T**2)
    exact = (p * weights * nodes) @ p.T / np.outer(length, length)
    got = np.zeros((K + 1, K + 1))
    step = np.arange(K)
    got[step, step + 1], got[step, step] = recurrence.upper, recurrence.diagonal
    got[step[1:], step[:-1]] = recurrence.lower[1:]
    got *= length / length[:, None]
    np.testing.assert_allclose(got[:-1], exact[:-1], atol=1e-11)
    assert float(recurrence.lower[0]) == 0


@pytest.mark.parametrize("name", [n for n, f in ORTHOGONAL.items() if "standard" in f.scales])
def test_standard_values(name):
    family, x = ORTHOGONAL[name], points(name)
    exact = np.stack([family.standard(k, x) for k in range(K + 1)])
    got = values(built(name, "standard"), x)
    np.testing.assert_allclose(got, exact, atol=1e-12 * np.abs(exact).max())


@pytest.mark.parametrize("name", [n for n, f in ORTHOGONAL.items() if "monic" in f.scales])
def test_monic_leading_coefficient(name):
    x = points(name)
    size = np.abs(x).max()  # p_k(size t) / size^k is monic in t
    monic = np.asarray(values(built(name, "monic"), x)).T / size ** np.arange(K + 1)
    powers = polynomial.polyfit(x / size, monic, K)
    np.testing.assert_allclose(powers.diagonal(), 1, rtol=1e-11)
    np.testing.assert_allclose(np.tril(powers, -1), 0, atol=1e-11)


# except where the standard one has another sign: C_1^(lambda) = 2 lambda x with lambda < 0
POSITIVE = [case for case in IN_SCALE if case != ("gegenbauer -0.25", "standard")]


@pytest.mark.parametrize(("name", "scale"), POSITIVE)
def test_scales_differ_by_a_positive_factor(name, scale):
    """Or by one of the sign (-1)^k, where the table says so."""
    recurrence, x = built(name, scale), points(name)
    plain = values(built(name), x)
    length = np.sqrt(squared_norms(recurrence))[:, None]
    if ORTHOGONAL[name].alternating and scale == "standard":
        length = length * (-1.0) ** np.arange(K + 1)[:, None]
    atol = 1e-11 * np.abs(plain).max()
    np.testing.assert_allclose(values(recurrence, x) / length, plain, atol=atol)


NEIGHBOURS = list(zip(IN_SCALE, IN_SCALE[5:] + IN_SCALE[:5]))


@pytest.mark.parametrize(("target", "anchor"), NEIGHBOURS)
def test_connection_there_and_back(target, anchor):
    p, q = built(*target), built(*anchor)
    there, back = np.asarray(connect(p, q)), np.asarray(connect(q, p))
    size = np.abs(there) @ np.abs(back)
    np.testing.assert_allclose((there @ back - np.eye(K + 1)) / (1 + size), 0, atol=1e-11)
    x = points("legendre")
    size = np.abs(there) @ np.abs(values(q, x))
    np.testing.assert_allclose((there @ values(q, x) - values(p, x)) / size, 0, atol=1e-11)


@pytest.mark.parametrize(("name", "scale"), IN_SCALE)
def test_gauss_rule(name, scale):
    family = ORTHOGONAL[name]
    nodes, weights = gauss_jit(built(name, scale))
    check_exactness(family, nodes, weights, 2 * K - 1)
    if family.gaussian:
        exact_nodes, exact_weights = family.rule(K)
        np.testing.assert_allclose(nodes, exact_nodes, atol=1e-12)
        np.testing.assert_allclose(weights, exact_weights, rtol=1e-10)


@pytest.mark.parametrize(("name", "scale"), IN_SCALE)
def test_radau_and_lobatto_rules(name, scale):
    family = ORTHOGONAL[name]
    left, right = family.interval
    recurrence = built(name, scale)
    recurrence = recurrence._replace(norms=squared_norms(recurrence))  # one program for all
    for end, place in ((left, 0), (right, -1)):
        nodes, weights = radau_jit(recurrence, end)
        assert float(nodes[place]) == pytest.approx(end, abs=1e-12)
        check_exactness(family, nodes, weights, 2 * K - 2)
    nodes, weights = lobatto_jit(recurrence, left, right)
    np.testing.assert_allclose([nodes[0], nodes[-1]], [left, right], atol=1e-12)
    check_exactness(family, nodes, weights, 2 * K - 3)


def check_exactness(family, nodes, weights, degree):
    """Exact for T_0 .. T_degree of the interval, not beyond; positive weights, nodes inside."""
    left, right = family.interval
    assert (np.asarray(weights) > 0).all()
    assert (np.diff(nodes) > 0).all()
    assert nodes[0] > left - 1e-12
    assert nodes[-1] < right + 1e-12
    x, w = family.rule(N)
    tests = [Chebyshev.basis(k, domain=family.interval) for k in range(degree + 2)]
    got = np.array([np.sum(weights * f(nodes)) for f in tests])
    exact = np.array([np.sum(w * f(x)) for f in tests])
    np.testing.assert_allclose(got[:-1], exact[:-1], atol=2e-12 * w.sum())
    assert abs(got[-1] - exact[-1]) > 1e-9 * w.sum()


@pytest.mark.parametrize("order", [1, 2])
def test_rules_of_few_nodes(order):
    @quick_jit
    def rules():
        r = jacobi(order, 1.0, 0.0)
        lobatto = [gauss_lobatto(r, -1.0, 1.0)] if order == 2 else []
        return [gauss(r), gauss_radau(r, -1.0), gauss_radau(r, 1.0), *lobatto]

    degrees = [2 * order - 1, 2 * order - 2, 2 * order - 2, 2 * order - 3]
    for rule, degree in zip(rules(), degrees, strict=order == 2):
        check_exactness(ORTHOGONAL["jacobi (1.0, 0.0)"], *rule, degree)


def moments(count: int, a: float, b: float) -> np.ndarray:
    """[3, count] of ((1+x)/2)^j: the Beta integral and its derivatives in alpha and beta."""
    j = np.arange(count)
    value = 2 ** (a + b + 1) * special.beta(a + 1, b + 1 + j)
    common = np.log(2) - special.digamma(a + b + 2 + j)
    by_alpha, by_beta = special.digamma(a + 1) + common, special.digamma(b + 1 + j) + common
    return np.stack([value, value * by_alpha, value * by_beta])


RULES = {
    "gauss": (gauss, (), []),
    "radau left": (gauss_radau, (-1.0,), [0]),
    "radau right": (gauss_radau, (1.0,), [-1]),
    "lobatto": (gauss_lobatto, (-1.0, 1.0), [0, -1]),
}
"""Rule, its prescribed nodes and their places."""


@quick_jit
def four_terms(pair):
    return jacobi(4, *pair), jax.jacfwd(lambda pair: jacobi(4, *pair))(pair)


@cache
def slopes_of(rule):
    """Jitted: the rule with its tangent, and the pullback of a cotangent."""

    def run(recurrence, tangent, cotangent, *ends):
        of = lambda recurrence: rule(recurrence, *ends)  # noqa: E731
        return jax.jvp(of, (recurrence,), (tangent,)), jax.vjp(of, recurrence)[1](cotangent)[0]

    return quick_jit(run)


PAIRS = [(0.3, -0.2), (-0.75, -0.75), (-0.9, -0.6), (-0.5, -0.5), (0.5, -0.5), (0.0, 0.0),
         (1.0, 0.0), (0.0, 1.0), (2.0, -0.25), (-0.99, 3.0), (10.0, -0.5)]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
@pytest.mark.parametrize("name", RULES)
def test_derivative_of_a_rule_in_alpha_and_beta(name, alpha, beta):
    """The moments differentiated determine d nodes and d weights (the prescribed ones stay)."""
    rule, ends, places = RULES[name]
    recurrence, jacobian = jax.tree.map(np.asarray, four_terms(np.array([alpha, beta])))
    count = 8 - len(ends)
    value, *slopes = moments(count, alpha, beta)
    j = np.arange(count)[:, None]
    cotangent = (np.array([1.0, -2.0, 0.5, 3.0]), np.array([2.0, 1.0, -3.0, 0.5]))
    for i, exact in enumerate(slopes):
        tangent = jax.tree.map(lambda leaf, i=i: leaf[..., i], jacobian)
        forward, pullback = slopes_of(rule)(recurrence, tangent, cotangent, *ends)
        (x, w), (dx, dw) = jax.tree.map(np.asarray, forward)
        f = ((1 + x) / 2) ** j
        slope = j / 2 * ((1 + x) / 2) ** np.maximum(j - 1, 0)
        np.testing.assert_allclose(f @ w, value, rtol=1e-10)
        got = f @ dw + slope @ (w * dx)
        np.testing.assert_allclose(got, exact, atol=1e-9 * np.abs(exact).max())
        np.testing.assert_allclose(dx[places], 0, atol=1e-10)
        leaves = zip(jax.tree.leaves(pullback), jax.tree.leaves(tangent), strict=True)
        terms = [np.sum(a * b) for a, b in leaves]
        transposed = cotangent[0] @ dx + cotangent[1] @ dw
        np.testing.assert_allclose(sum(terms), transposed, atol=1e-9 * np.abs(terms).max())


@pytest.mark.parametrize(("name", "scale"), IN_SCALE)
def test_mass_is_the_integral_of_the_weight(name, scale):
    family = ORTHOGONAL[name]
    total = family.rule(N)[1].sum()
    assert float(mass(built(name, scale))) == pytest.approx(total, rel=1e-11)


@pytest.mark.parametrize(("name", "scale"), IN_SCALE)
def test_derivative_of_a_series(name, scale):
    recurrence, x = built(name, scale), points(name)
    theta = np.asarray(differentiate(recurrence, THETA))
    assert theta.shape == THETA.shape
    assert (theta[-1] == 0).all()
    for c in range(2):
        whole = Chebyshev.fit(x, series(recurrence, THETA[:, c], x), K)
        exact = whole.deriv()(x)
        got = series(recurrence, theta[:, c], x)
        np.testing.assert_allclose(got, exact, atol=1e-10 * np.abs(exact).max())


@pytest.mark.parametrize(("name", "scale"), IN_SCALE)
def test_norm_is_the_root_of_the_integral(name, scale):
    family = ORTHOGONAL[name]
    recurrence, (nodes, weights) = built(name, scale), family.rule(N)
    exact = np.sqrt(weights @ series(recurrence, THETA, nodes) ** 2)
    np.testing.assert_allclose(norm(recurrence, THETA), exact, rtol=1e-11)


@pytest.mark.parametrize(("name", "scale"), IN_SCALE)
def test_truncate_keeps_the_first_terms(name, scale):
    whole, x = built(name, scale), points(name)
    part = truncate(whole, 3)
    assert part.order == 3
    np.testing.assert_allclose(values(part, x), values(whole, x)[:4], rtol=1e-13)
    if scale == "orthonormal":
        assert part.norms is None
    else:
        np.testing.assert_array_equal(part.norms, whole.norms[:4])


def polynomials(x):
    """[n, 2] two of degree K, of size 1 on all the intervals."""
    return ((x / 3)[:, None] - np.array([0.2, -0.4])) ** K


project_jit = quick_jit(lambda r: project(polynomials, r, K - 1))


@pytest.mark.parametrize(("name", "scale"), IN_SCALE)
def test_project_is_the_weighted_least_squares_optimum(name, scale):
    """At the limit of what K nodes can do: f of degree K, the result of degree K - 1."""
    recurrence, (nodes, weights) = built(name, scale), ORTHOGONAL[name].rule(N)
    root = np.sqrt(weights)[:, None]
    p = np.asarray(values(recurrence, nodes))[:-1].T
    exact = np.linalg.lstsq(p * root, polynomials(nodes) * root)[0]
    got = project_jit(recurrence)
    np.testing.assert_allclose(got, exact, atol=1e-11 * np.abs(exact).max())


# Weights given by points or by a function


def test_as_many_nodes_as_terms_and_four_of_them_together():
    """Orthogonalised once only, two vectors are parallel and upper is wrong by a factor."""
    nodes, weights = np.append(-1 + 1e-6 * np.arange(4), np.linspace(0.5, 1, 6)), np.ones(10)
    got = quick_jit(partial(from_nodes, 9))(nodes, weights)
    with mpmath.workdps(60):
        diagonal, upper = (a.astype(float) for a in stieltjes(9, nodes, weights))
    np.testing.assert_allclose(got.diagonal, diagonal, atol=1e-10)
    np.testing.assert_allclose(got.upper, upper, rtol=1e-9)


def test_nodes_of_no_weight_and_repeated_nodes_do_not_count():
    nodes, weights = np.append(NODES[:8], [0.3, NODES[0]]), np.append(WEIGHTS[:8], [0, 0.5])
    build = quick_jit(partial(from_nodes, 4))
    exact = build(NODES[:8], WEIGHTS[:8] + 0.5 * np.eye(8)[0])
    for got, leaf in zip(build(nodes, weights)[:4], exact[:4], strict=True):
        np.testing.assert_allclose(got, leaf, atol=1e-12)


def coefficients(nodes, weights):
    return from_nodes(4, nodes, weights)[1:3]


def test_derivative_in_nodes_and_weights():
    nodes, weights = NODES[::4], WEIGHTS[::4]
    modes = [mode(coefficients, argnums=(0, 1)) for mode in (jax.jacfwd, jax.jacrev)]
    forward, reverse = quick_jit(lambda *a: [mode(*a) for mode in modes])(nodes, weights)
    with mpmath.workdps(40):
        h = mpmath.mpf(10) ** -12
        for leaf in range(2):  # diagonal, upper
            for argument in range(2):  # nodes, weights
                columns = []
                for i in range(len(nodes)):
                    up, down = ([list(map(mpmath.mpf, a)) for a in (nodes, weights)]
                                for _ in range(2))  # fmt: skip
                    up[argument][i] += h
                    down[argument][i] -= h
                    slope = (stieltjes(4, *up)[leaf] - stieltjes(4, *down)[leaf]) / (2 * h)
                    columns.append(slope.astype(float))
                exact = np.stack(columns, 1)
                np.testing.assert_allclose(forward[leaf][argument], exact, atol=1e-9)
                np.testing.assert_allclose(reverse[leaf][argument], exact, atol=1e-9)


WEIGHT_FUNCTIONS = {
    "exp": (jnp.exp, -1.0, 1.0, 0, 0, np.exp),
    "exp on [0, 3]": (jnp.exp, 0.0, 3.0, 0, 0, np.exp),
    "chebyshev T": (lambda x: 1 / jnp.sqrt(1 - x**2), -1.0, 1.0, -0.5, -0.5, np.ones_like),
    "cos times V": (
        lambda x: jnp.cos(x) * jnp.sqrt((1 + x) / (1 - x)), -1.0, 1.0, -0.5, 0.5, np.cos,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WEIGHT_FUNCTIONS)
def test_from_weight_against_quadrature(name):
    function, left, right, alpha, beta, smooth = WEIGHT_FUNCTIONS[name]
    nodes, weights = gauss_jacobi(40, alpha, beta)
    half, middle = (right - left) / 2, (right + left) / 2
    nodes = middle + half * nodes
    weights = half * weights * smooth(nodes)
    got = quick_jit(lambda: from_weight(K, function, left, right))()
    with mpmath.workdps(30):
        diagonal, upper = (a.astype(float) for a in stieltjes(K, nodes, weights))
    np.testing.assert_allclose(got.diagonal, diagonal, atol=1e-12)
    np.testing.assert_allclose(got.upper, upper, atol=1e-12)
    assert float(got.first) == pytest.approx(weights.sum() ** -0.5, rel=1e-12)


# Argument orders of scipy and numpy


@cache
def eval_jit(n):
    return quick_jit(partial(eval_jacobi, n))


@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
@pytest.mark.parametrize("n", [0, 1, 5])
def test_eval_jacobi_is_scipys(n, alpha, beta):
    x = points("legendre")
    exact = special.eval_jacobi(n, alpha, beta, x)
    got = eval_jit(n)(alpha, beta, x)
    np.testing.assert_allclose(got, exact, atol=1e-12 * np.abs(exact).max())


def test_eval_jacobi_broadcasts_and_takes_integers():
    alpha, x = np.array([[1.0], [0.0]]), np.array([-1, 0, 1])
    got = eval_jit(3)(alpha, 0, x)
    np.testing.assert_allclose(got, special.eval_jacobi(3, alpha, 0.0, x), atol=1e-14)
    assert jax.eval_shape(lambda x: eval_jacobi(3, 1, 0, x), np.float32(0.5)).dtype == jnp.float32


def test_vander_is_numpys():
    x = points("legendre").reshape(5, 6)
    exact = numpy_legendre.legvander(x, K)
    np.testing.assert_allclose(vander(x, K, scale="standard"), exact, atol=1e-14)
    np.testing.assert_allclose(vander(x, K), exact * np.sqrt(np.arange(K + 1) + 0.5), atol=1e-13)
    monic = vander(x, K, 1.0, 0.0, "monic")
    factor = 2.0 ** np.arange(K + 1) / special.binom(2 * np.arange(K + 1) + 1, np.arange(K + 1))
    jacobi_values = special.eval_jacobi(np.arange(K + 1), 1.0, 0.0, x[..., None])
    np.testing.assert_allclose(monic, jacobi_values * factor, atol=1e-13)

"""The families that the contract tests run over; a new basis joins by one line in a table.

``ORTHOGONAL`` serves test_contract_orthogonal.py, ``ALL`` serves test_contract_all.py. Weights,
quadrature rules and exact values are scipy's, mpmath's or explicit formulas.
"""

from collections.abc import Callable
from functools import cache, partial
from math import pi
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
from scipy import special, stats

from polybases import (
    OptBasis,
    Recurrence,
    bernstein,
    charlier,
    chebyshev,
    chebyshev_interpolation,
    favard,
    from_nodes,
    from_weight,
    gegenbauer,
    hahn,
    hermite,
    jacobi,
    krawtchouk,
    krylov,
    laguerre,
    legendre,
    meixner,
    monomial,
    on_interval,
    rational,
    trigonometric,
)
from tests.oracles import gauss_jacobi, mp_orthonormal_jacobi

Rule = tuple[np.ndarray, np.ndarray]
SCALES = ("orthonormal", "monic", "standard")
PLAIN = ("orthonormal",)


class Orthogonal(NamedTuple):
    """A three-term basis with its weight.

    build: order, scale -> Recurrence. rule: count -> nodes and weights of a rule that is exact for
    its weight up to degree 2 count - 1. standard: k, x -> values in the standard scale.
    gaussian: whether ``rule`` is the Gauss rule itself. alternating: whether the leading
    coefficients of the standard scale have the sign (-1)^k. interval: where the tests look, for a
    weight on a half-line or a line what matters of it.
    """

    build: Callable[[int, str], Any]
    rule: Callable[[int], Rule]
    standard: Callable[[int, np.ndarray], np.ndarray] | None = None
    scales: tuple[str, ...] = SCALES
    interval: tuple[float, float] = (-1.0, 1.0)
    gaussian: bool = True
    alternating: bool = False


def _jacobi(a: float, b: float) -> Orthogonal:
    values = lambda k, x: special.eval_jacobi(k, a, b, x)  # noqa: E731
    return Orthogonal(lambda K, s: jacobi(K, a, b, s), lambda n: gauss_jacobi(n, a, b), values)


def _gegenbauer(lam: float) -> Orthogonal:
    rule = lambda n: gauss_jacobi(n, lam - 0.5, lam - 0.5)  # noqa: E731  scipy's has no lambda = 0
    values = lambda k, x: special.eval_gegenbauer(k, lam, x)  # noqa: E731
    scales = SCALES if lam else SCALES[:2]
    return Orthogonal(lambda K, s: gegenbauer(K, lam, s), rule, values, scales)


def _mapped(base: Orthogonal, left: float, right: float) -> Orthogonal:
    """The image of a family on [left, right]; monic polynomials do not stay monic."""
    half, middle = (right - left) / 2, (right + left) / 2

    def rule(count: int) -> Rule:
        nodes, weights = base.rule(count)
        return middle + half * nodes, half * weights

    return Orthogonal(
        lambda K, s: on_interval(base.build(K, s), left, right),
        rule,
        lambda k, x: base.standard(k, (x - middle) / half),
        ("orthonormal", "standard"),
        (left, right),
    )


_DEGREES = np.arange(64)
DIAGONAL = 0.3 * (-1.0) ** _DEGREES / (1 + _DEGREES)
UPPER = 0.45 + 0.3 / (1 + _DEGREES)
NODES = np.cos((np.arange(30) + 0.4) * pi / 30.2)[::-1].copy()
WEIGHTS = 0.1 + np.random.default_rng(3).uniform(size=30)


def _favard_rule(count: int) -> Rule:
    """Nodes and weights from numpy's eigenvectors of the Jacobi matrix; the mass is 1."""
    matrix = np.diag(DIAGONAL[:count])
    matrix += np.diag(UPPER[: count - 1], 1) + np.diag(UPPER[: count - 1], -1)
    nodes, vectors = np.linalg.eigh(matrix)
    return nodes, vectors[0] ** 2


def _exponential_rule(count: int) -> Rule:
    nodes, weights = special.roots_legendre(count + 20)
    return nodes, weights * np.exp(nodes)


def _v(k, x):
    phi = np.arccos(x)
    return np.cos((k + 0.5) * phi) / np.cos(phi / 2)


def _w(k, x):
    phi = np.arccos(x)
    return np.sin((k + 0.5) * phi) / np.sin(phi / 2)


def _chebyshev(kind: str, rule: Callable, values: Callable) -> Orthogonal:
    return Orthogonal(lambda K, s: chebyshev(K, kind, s), rule, values)


def _laguerre(alpha: float) -> Orthogonal:
    return Orthogonal(lambda K, s: laguerre(K, alpha, s),
                      lambda n: special.roots_genlaguerre(n, alpha),
                      lambda k, x: special.eval_genlaguerre(k, alpha, x),
                      interval=(0.0, 40.0), alternating=True)  # fmt: skip


def _of_distribution(
    build: Callable[[int, str], Any], distribution: Any, standard: Callable, last: int
) -> Orthogonal:
    """A family under the weights of a distribution of 0, 1, 2, ..., cut off after ``last``."""
    support, interval = np.arange(last + 1.0), (0.0, min(last, 25.0))
    return Orthogonal(build, lambda _: (support, distribution.pmf(support)), standard,
                      interval=interval, gaussian=False, alternating=True)  # fmt: skip


def hypergeometric(k, tops, bottoms, z):
    """The sum of the terms 0 .. k of pFq(tops; bottoms; z), in numbers of any kind."""
    term = total = 1 + 0 * (z + sum(tops))
    for j in range(k):
        for top in tops:
            term = term * (top + j)
        for bottom in bottoms:
            term = term / (bottom + j)
        term = term * z / (j + 1)
        total = total + term
    return total


def _krawtchouk(k, x, p, N):
    return hypergeometric(k, (-k, -x), (-N,), 1 / p)


def _meixner(k, x, beta, c):
    return hypergeometric(k, (-k, -x), (beta,), 1 - 1 / c)


def _charlier(k, x, a):
    return hypergeometric(k, (-k, -x), (), -1 / a)


def _hahn(k, x, alpha, beta, N):
    return hypergeometric(k, (-k, k + alpha + beta + 1, -x), (alpha + 1, -N), 1)


_LEGENDRE = Orthogonal(legendre, special.roots_legendre, special.eval_legendre)

# fmt: off
ORTHOGONAL: dict[str, Orthogonal] = {
    **{f"jacobi {pair}": _jacobi(*pair) for pair in
       [(0.3, -0.2), (-0.2, 0.3), (1.0, 0.0), (0.0, 1.0), (-0.5, -0.5), (-0.9, -0.6), (0.5, -0.5),
        (2.0, -0.25), (-0.99, 3.0), (10.0, -0.5)]},
    **{f"gegenbauer {lam}": _gegenbauer(lam) for lam in (-0.25, 0.0, 0.7, 1.0, 2.5)},
    "legendre": _LEGENDRE,
    "chebyshev T": _chebyshev("T", special.roots_chebyt, special.eval_chebyt),
    "chebyshev U": _chebyshev("U", special.roots_chebyu, special.eval_chebyu),
    "chebyshev V": _chebyshev("V", lambda n: gauss_jacobi(n, -0.5, 0.5), _v),
    "chebyshev W": _chebyshev("W", lambda n: gauss_jacobi(n, 0.5, -0.5), _w),
    "favard": Orthogonal(lambda K, _: favard(DIAGONAL[:K], UPPER[:K]), _favard_rule, scales=PLAIN,
                         interval=(-2.0, 2.0)),
    "from_nodes": Orthogonal(lambda K, _: from_nodes(K, NODES, WEIGHTS), lambda _: (NODES, WEIGHTS),
                             scales=PLAIN, gaussian=False),
    "from_weight": Orthogonal(lambda K, _: from_weight(K, jnp.exp), _exponential_rule, scales=PLAIN,
                              gaussian=False),
    "legendre on [0, 2]": _mapped(_LEGENDRE, 0.0, 2.0),
    "jacobi on [-0.5, 3]": _mapped(_jacobi(2.0, -0.25), -0.5, 3.0),
    "hermite H": Orthogonal(lambda K, s: hermite(K, "H", s), special.roots_hermite,
                            special.eval_hermite, interval=(-8.0, 8.0)),
    "hermite He": Orthogonal(lambda K, s: hermite(K, "He", s), special.roots_hermitenorm,
                             special.eval_hermitenorm, interval=(-11.0, 11.0)),
    **{f"laguerre {alpha}": _laguerre(alpha) for alpha in (0.0, -0.9, 2.5)},
    "krawtchouk": _of_distribution(lambda K, s: krawtchouk(K, 0.3, 12, s), stats.binom(12, 0.3),
                                   lambda k, x: _krawtchouk(k, x, 0.3, 12), 12),
    "krawtchouk of all degrees": _of_distribution(
        lambda K, s: krawtchouk(K, 0.6, 6, s), stats.binom(6, 0.6),
        lambda k, x: _krawtchouk(k, x, 0.6, 6), 6),
    "meixner": _of_distribution(lambda K, s: meixner(K, 1.7, 0.25, s), stats.nbinom(1.7, 0.75),
                                lambda k, x: _meixner(k, x, 1.7, 0.25), 60),
    "charlier": _of_distribution(lambda K, s: charlier(K, 2.5, s), stats.poisson(2.5),
                                 lambda k, x: _charlier(k, x, 2.5), 50),
    "hahn": _of_distribution(lambda K, s: hahn(K, 0.4, -0.5, 15, s),
                             stats.betabinom(15, 1.4, 0.5),
                             lambda k, x: _hahn(k, x, 0.4, -0.5, 15), 15),
    "hahn -0.5, -0.5": _of_distribution(lambda K, s: hahn(K, -0.5, -0.5, 9, s),
                                        stats.betabinom(9, 0.5, 0.5),
                                        lambda k, x: _hahn(k, x, -0.5, -0.5, 9), 9),
}
# fmt: on


class Case(NamedTuple):
    """Any basis with ``expand``, at order K.

    build: K, *parameters -> the basis. exact: k, x, *parameters -> term k at x, in mpmath
    numbers. parameters: the points tested. terms: how many terms, K + 1 unless given.
    """

    build: Callable[..., Any]
    exact: Callable[..., Any]
    parameters: tuple[tuple[float, ...], ...] = ((),)
    terms: int | None = None


K = 6
"""The order of both contract files: what is compiled for one basis serves the next."""

quick_jit = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})
"""For programs on a few numbers: most of their time is spent in the compiler."""


def jit_without_norms(function: Callable) -> Callable:
    """Where the norms of a basis take no part, one program serves every scale."""
    jitted = quick_jit(function)
    bare = lambda a: a._replace(norms=None) if isinstance(a, Recurrence) else a  # noqa: E731
    return lambda *arguments: jitted(*map(bare, arguments))


GRID = ((0.3, -0.2), (-0.75, -0.75), (-0.9, -0.6), (-0.2, -0.8), (-0.5, -0.5), (0.5, -0.5),
        (0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (2.0, -0.25), (-0.99, 3.0), (10.0, -0.5))  # fmt: skip
"""(alpha, beta): alpha + beta in {-1.5, -1, 0}, asymmetric pairs, and the edges of the domain."""


def _mp_chebyshev(kind: str) -> Callable:
    """Orthonormal values by the trigonometric formulas."""

    def exact(k, x):
        phi = mpmath.acos(x)
        if kind == "T":
            return mpmath.cos(k * phi) * mpmath.sqrt((2 if k else 1) / mpmath.pi)
        if kind == "U":
            return mpmath.sin((k + 1) * phi) / mpmath.sin(phi) * mpmath.sqrt(2 / mpmath.pi)
        wave = mpmath.cos if kind == "V" else mpmath.sin
        return wave((k + mpmath.mpf(1) / 2) * phi) / wave(phi / 2) / mpmath.sqrt(mpmath.pi)

    return exact


def _mp_favard(k, x, d, u):
    """Determinant of x - J_k over the product of upper."""
    if k == 0:
        return mpmath.mpf(1)
    matrix = mpmath.matrix(k, k)
    for i in range(k):
        matrix[i, i] = x - d * float(DIAGONAL[i])
        if i:
            matrix[i, i - 1] = matrix[i - 1, i] = -u * float(UPPER[i - 1])
    return mpmath.det(matrix) / mpmath.fprod(u * float(UPPER[i]) for i in range(k))


def stieltjes(order: int, nodes, weights) -> tuple[np.ndarray, np.ndarray]:
    """Diagonal and upper coefficients of the basis under a discrete weight (Gautschi 2.2.3.1).

    The textbook procedure in mpmath numbers, where its instability does not matter.
    """
    nodes, weights = (np.array([mpmath.mpf(v) for v in a], object) for a in (nodes, weights))
    before, current = 0 * nodes, 0 * nodes + 1
    norm, diagonal, squared = weights.sum(), [], []
    for _ in range(order):
        a = (weights * nodes * current**2).sum() / norm
        following = (nodes - a) * current - (squared[-1] if squared else 0) * before
        before, current = current, following
        norm, old = (weights * current**2).sum(), norm
        diagonal.append(a)
        squared.append(norm / old)
    return np.array(diagonal), np.array([mpmath.sqrt(b) for b in squared])


@cache
def _discrete(name: str, parameter) -> tuple:
    if name == "nodes":
        nodes, weights = [parameter * float(x) for x in NODES[::4]], WEIGHTS[::4]
    else:
        nodes, weights = special.roots_legendre(40)
        weights = [float(w) * mpmath.exp(parameter * float(x)) for x, w in zip(nodes, weights)]
    return (*stieltjes(K, nodes, weights), mpmath.fsum(float(w) if name == "nodes" else w
                                                       for w in weights))  # fmt: skip


def _mp_discrete(name: str) -> Callable:
    def exact(k, x, parameter):
        diagonal, upper, total = _discrete(name, parameter)
        before, current = mpmath.mpf(0), 1 / mpmath.sqrt(total)
        for j in range(k):
            low = upper[j - 1] * before if j else 0
            before, current = current, ((x - diagonal[j]) * current - low) / upper[j]
        return current

    return exact


def _mp_interval(k, x, left, right):
    half, middle = (right - left) / 2, (right + left) / 2
    return mp_orthonormal_jacobi(k, 0.3, -0.2, (x - middle) / half) / mpmath.sqrt(half)


def _mp_interpolation(k, x):
    nodes = [mpmath.cos((j + mpmath.mpf(1) / 2) * mpmath.pi / (K + 1)) for j in range(K + 1)]
    return mpmath.fprod((x - t) / (nodes[k] - t) for j, t in enumerate(nodes) if j != k)


def _mp_bernstein(k, x):
    return mpmath.binomial(K, k) * ((1 + x) / 2) ** (K - k) * ((1 - x) / 2) ** k


def _mp_trigonometric(k, x, omega):
    wave = mpmath.sin if k and k % 2 == 0 else mpmath.cos
    return wave((k + 1) // 2 * omega * x)


def _rational(_, pole, centre, width):
    return rational(jnp.stack([pole, -1.4]), jnp.stack([jax.lax.complex(centre, width)]))


def _mp_rational(k, x, pole, centre, width):
    square = (x - centre) ** 2 + width**2
    return (1 + 0 * x, 1 / (x - pole), 1 / (x + mpmath.mpf(1.4)), width / square,
            (x - centre) / square)[k]  # fmt: skip


def _mp_standard(k, x, a, b):
    choose = lambda top, m: mpmath.rf(top - m + 1, m) / mpmath.factorial(m)  # noqa: E731
    return mpmath.fsum(choose(k + a, k - s) * choose(k + b, s) * ((x - 1) / 2) ** s
                       * ((x + 1) / 2) ** (k - s) for s in range(k + 1))  # fmt: skip


def _mp_hermite(k, x):
    norm = mpmath.sqrt(mpmath.pi) * 2**k * mpmath.factorial(k)
    return mpmath.hermite(k, x) / mpmath.sqrt(norm)


def _mp_laguerre(k, x, alpha):
    norm = mpmath.gamma(k + alpha + 1) / mpmath.factorial(k)
    return (-1) ** k * mpmath.laguerre(k, alpha, x) / mpmath.sqrt(norm)


def _mp_krawtchouk(k, x, p):
    """Eqs. 1.10.1 and 1.10.2 of Koekoek and Swarttouw, N = 12."""
    norm = mpmath.factorial(k) / mpmath.rf(-12, k) * ((p - 1) / p) ** k
    return (-1) ** k * _krawtchouk(k, x, p, 12) / mpmath.sqrt(norm)


def _mp_meixner(k, x, beta, c):
    """Eqs. 1.9.1 and 1.9.2."""
    norm = mpmath.factorial(k) / mpmath.rf(beta, k) / c**k
    return (-1) ** k * _meixner(k, x, beta, c) / mpmath.sqrt(norm)


def _mp_charlier(k, x, a):
    """Eqs. 1.12.1 and 1.12.2."""
    return (-1) ** k * _charlier(k, x, a) / mpmath.sqrt(mpmath.factorial(k) / a**k)


def _mp_hahn(k, x, alpha, beta):
    """Eqs. 1.5.1 and 1.5.2, N = 15; there is a limit at k = 0 and alpha + beta = -1."""
    if k == 0:
        return 1 + 0 * x
    rf, total = mpmath.rf, alpha + beta
    norm = (-1) ** k * rf(k + total + 1, 16) * rf(beta + 1, k) * mpmath.factorial(k)
    norm /= (2 * k + total + 1) * rf(alpha + 1, k) * rf(-15, k) * rf(total + 2, 15)
    return (-1) ** k * _hahn(k, x, alpha, beta, 15) / mpmath.sqrt(norm)


# fmt: off
ALL: dict[str, Case] = {
    "jacobi": Case(jacobi, lambda k, x, a, b: mp_orthonormal_jacobi(k, a, b, x), GRID),
    "jacobi standard": Case(lambda K, a, b: jacobi(K, a, b, "standard"), _mp_standard, GRID),
    "gegenbauer": Case(gegenbauer, lambda k, x, m: mp_orthonormal_jacobi(k, m - 0.5, m - 0.5, x),
                       ((0.7,), (-0.25,), (0.0,), (0.5,), (1.0,))),
    "gegenbauer standard": Case(lambda K, m: gegenbauer(K, m, "standard"),
                                lambda k, x, m: mpmath.gegenbauer(k, m, x),
                                ((0.7,), (-0.25,), (2.5,))),
    "legendre": Case(legendre, lambda k, x: mpmath.legendre(k, x) * mpmath.sqrt(2 * k + 1)
                                            / mpmath.sqrt(2)),
    **{f"chebyshev {kind}": Case(lambda K, kind=kind: chebyshev(K, kind), _mp_chebyshev(kind))
       for kind in "TUVW"},
    "favard": Case(lambda K, d, u: favard(d * DIAGONAL[:K], u * UPPER[:K]), _mp_favard,
                   ((0.8, 0.9), (0.0, 1.1))),
    "from_nodes": Case(lambda K, s: from_nodes(K, s * NODES[::4], jnp.asarray(WEIGHTS[::4])),
                       _mp_discrete("nodes"), ((0.9,), (1.3,))),
    "from_weight": Case(lambda K, c: from_weight(K, lambda x: jnp.exp(c * x)), _mp_discrete("exp"),
                        ((0.0,), (1.0,))),
    "on_interval": Case(lambda K, a, b: on_interval(jacobi(K, 0.3, -0.2), a, b), _mp_interval,
                        ((-1.5, 2.0), (-1.0, 1.0))),
    "hermite": Case(hermite, _mp_hermite),
    "laguerre": Case(laguerre, _mp_laguerre, ((0.3,), (-0.9,), (0.0,), (2.5,))),
    "krawtchouk": Case(lambda K, p: krawtchouk(K, p, 12), _mp_krawtchouk, ((0.3,), (0.8,))),
    "meixner": Case(meixner, _mp_meixner, ((1.7, 0.25), (0.4, 0.7))),
    "charlier": Case(charlier, _mp_charlier, ((2.5,), (0.3,))),
    "hahn": Case(lambda K, a, b: hahn(K, a, b, 15), _mp_hahn,
                 ((0.4, -0.5), (-0.5, 0.4), (-0.5, -0.5), (0.0, 0.0), (-0.9, 3.0))),
    "krylov": Case(krylov, lambda k, x, tau: (tau * x + 1 - tau) ** k, ((0.3,), (1.0,))),
    "monomial": Case(monomial, lambda k, x: x**k),
    "bernstein": Case(bernstein, _mp_bernstein),
    "chebyshev_interpolation": Case(chebyshev_interpolation, _mp_interpolation),
    "trigonometric": Case(lambda K, w: trigonometric(2, w, degree=20), _mp_trigonometric,
                          ((0.9,), (0.0,), (2.0,)), 5),
    "rational": Case(_rational, _mp_rational, ((1.6, 0.3, 0.4), (-2.5, -0.7, 1.0)), 5),
    "optbasis": Case(OptBasis, None),
}
# fmt: on


def exact_values(name: str, parameters, x) -> np.ndarray:
    """[R, n] terms of a family of ``ALL`` at the points x, by mpmath."""
    case = ALL[name]
    with mpmath.workdps(40):
        p, points = [mpmath.mpf(float(v)) for v in parameters], [mpmath.mpf(float(t)) for t in x]
        rows = [[case.exact(k, t, *p) for t in points] for k in range(case.terms or K + 1)]
        return np.array(rows, np.float64)


def exact_slopes(name: str, parameters, x) -> list[np.ndarray]:
    """One [R, n] per parameter: central differences at 40 digits."""
    case, slopes = ALL[name], []
    with mpmath.workdps(40):
        h, points = mpmath.mpf(10) ** -12, [mpmath.mpf(float(t)) for t in x]
        for i in range(len(parameters)):
            up, down = ([mpmath.mpf(v) + sign * h * (i == j) for j, v in enumerate(parameters)]
                        for sign in (1, -1))  # fmt: skip
            rows = [[(case.exact(k, t, *up) - case.exact(k, t, *down)) / (2 * h) for t in points]
                    for k in range(case.terms or K + 1)]  # fmt: skip
            slopes.append(np.array(rows, np.float64))
    return slopes

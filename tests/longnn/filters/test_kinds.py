"""Operators of every kind, complex signals and pytrees, against dense products and eigh."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse
from jax.experimental.sparse import BCOO, BCSR

import polybases
from longnn.filters import filter
from polybases import check_symmetric, combine, expand, legendre, weighted_sum
from tests.oracles import symmetric_matrix

N, K = 6, 3
RNG = np.random.default_rng(0)
S = symmetric_matrix(N)
H = S + 0.3j * np.triu(np.ones((N, N)), 1) - 0.3j * np.tril(np.ones((N, N)), -1)
X = RNG.normal(size=(N, 2, 2))
THETA = RNG.normal(size=K + 1)
BASIS = legendre(K)


class Named:
    """An object with a product under one name."""

    def __init__(self, name):
        setattr(self, name, lambda t: jnp.tensordot(S, t, 1))


KINDS = {
    "function": lambda: lambda t: jnp.tensordot(S, t, 1),
    "numpy": lambda: S,
    "jax": lambda: jnp.asarray(S),
    "float32 matrix": lambda: S.astype(np.float32),
    "scipy csr": lambda: scipy.sparse.csr_array(S),
    "scipy coo matrix": lambda: scipy.sparse.coo_matrix(S),
    "BCOO": lambda: BCOO.fromdense(S),
    "padded BCOO": lambda: BCOO.fromdense(S, nse=N * N + 5),
    "BCSR": lambda: BCSR.fromdense(S),
    "matvec": lambda: Named("matvec"),
    "mv, as of lineax": lambda: Named("mv"),
}


def response(values, theta=THETA):
    """g at eigenvalues, by numpy's Legendre polynomials."""
    return np.polynomial.legendre.legvander(values, K) * np.sqrt(np.arange(K + 1) + 0.5) @ theta


def exact(matrix, x, theta=THETA):
    values, vectors = np.linalg.eigh(matrix)
    g = (vectors * response(values, theta)) @ vectors.conj().T
    return np.tensordot(g, x, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_operator(kind):
    operator, tolerance = KINDS[kind](), 1e-5 if "float32" in kind else 1e-12
    for got in (
        weighted_sum(BASIS, THETA, operator, X),
        combine(BASIS, operator, THETA[:, None, None, None] * X),
        jnp.tensordot(THETA, expand(BASIS, operator, X), 1),
        filter(operator, BASIS, THETA, X),
    ):
        assert got.dtype == jnp.float64
        np.testing.assert_allclose(got, exact(S, X), atol=tolerance)


@pytest.mark.parametrize(
    ("operator", "error", "message"),
    [
        ("S", TypeError, r"an operator must be a function t -> S t, an object with matvec or mv"),
        (None, TypeError, "got NoneType"),
        (S[:3], ValueError, r"a matrix of shape \(3, 6\)"),
        (S.astype(str), ValueError, "must hold numbers, got dtype <U"),
        (H, ValueError, "a complex matrix needs a complex signal, got one of float64"),
        (BCOO.fromdense(np.stack([S, S]), n_batch=1), TypeError, "batch or dense dimensions"),
    ],
)
def test_what_is_no_operator(operator, error, message):
    for apply in (expand, lambda *rest: combine(*rest[:2], jnp.stack([X] * (K + 1)))):
        with pytest.raises(error, match=message):
            apply(BASIS, operator, X)


Z = X + 1j * RNG.normal(size=X.shape)


@pytest.mark.parametrize("matrix", [S, H], ids=["symmetric", "Hermitian"])
@pytest.mark.parametrize("theta", [THETA, THETA * (1 - 0.5j)], ids=["real", "complex"])
def test_complex_signals_equal_eigh(matrix, theta):
    rows = theta[:, None, None, None]
    for got in (
        weighted_sum(BASIS, theta, matrix, Z),
        combine(BASIS, matrix, rows * Z),
        jnp.tensordot(theta, expand(BASIS, matrix, Z), 1),
        filter(matrix, BASIS, theta, Z),
        jax.jit(lambda t, z: filter(lambda s: jnp.tensordot(matrix, s, 1), BASIS, t, z))(theta, Z),
    ):
        np.testing.assert_allclose(got, exact(matrix, Z, theta), atol=1e-12)


@pytest.mark.slow
def test_derivatives_of_complex_filters_equal_plain_autodiff():
    matrix = jnp.asarray(H)
    energy = lambda apply: lambda t, z: jnp.sum(jnp.abs(apply(t, z)) ** 4)  # noqa: E731
    ours = energy(lambda t, z: filter(matrix, BASIS, t, z))
    plain = energy(lambda t, z: weighted_sum(BASIS, t, matrix, z))
    for derive in (
        lambda f: jax.jit(jax.grad(f, (0, 1)))(THETA, Z),
        lambda f: jax.jit(jax.grad(lambda t, z: jnp.sum(jax.grad(f)(t, z) ** 2), (0, 1)))(THETA, Z),
        lambda f: jax.jit(lambda t, d: jax.jvp(lambda t: f(t, Z), (t,), (d,)))(THETA, THETA[::-1]),
    ):
        for one, other in zip(
            *(jax.tree.leaves(jax.jit(derive, static_argnums=0)(f)) for f in (ours, plain)),
            strict=True,
        ):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9 * np.abs(other).max())


def test_complex_weights_of_real_signals_are_refused():
    for apply in (lambda t: weighted_sum(BASIS, t, S, X), lambda t: filter(S, BASIS, t, X)):
        with pytest.raises(ValueError, match="complex weights theta need a complex signal"):
            apply(THETA * 1j)


TREE = {"a": X[:2, 0, 0], "b": [X[2:, 0, 0].reshape(2, 2)]}


def on_tree(matrix):
    """The matrix on the six numbers of such a tree."""

    def matvec(tree):
        flat = matrix @ jnp.concatenate([tree["a"], tree["b"][0].ravel()])
        return {"a": flat[:2], "b": [flat[2:].reshape(2, 2)]}

    return matvec


def test_signals_that_are_pytrees():
    matvec, flat = on_tree(S), X[:, 0, 0]
    rows = jax.tree.map(lambda leaf: THETA.reshape(-1, *[1] * leaf.ndim) * leaf, TREE)
    terms = expand(BASIS, matvec, TREE)
    assert terms["b"][0].shape == (K + 1, 2, 2)
    for got in (
        weighted_sum(BASIS, THETA, matvec, TREE),
        combine(BASIS, matvec, rows),
        jax.tree.map(lambda leaf: jnp.tensordot(THETA, leaf, 1), terms),
        filter(matvec, BASIS, THETA, TREE),
    ):
        assert jax.tree.structure(got) == jax.tree.structure(TREE)
        np.testing.assert_allclose(got["a"], exact(S, flat)[:2], atol=1e-12)
        np.testing.assert_allclose(got["b"][0].ravel(), exact(S, flat)[2:], atol=1e-12)
    slopes = jax.grad(lambda t, x: filter(matvec, BASIS, t, x)["a"].sum(), (0, 1))(THETA, TREE)
    unit = np.array([1.0, 1, 0, 0, 0, 0])
    np.testing.assert_allclose(slopes[1]["a"], exact(S, unit)[:2], atol=1e-12)
    for k, one in enumerate(np.eye(K + 1)):
        assert float(slopes[0][k]) == pytest.approx(exact(S, flat, one)[:2].sum(), abs=1e-12)


PYTREE_ERRORS = {
    "two dtypes": (
        lambda: expand(BASIS, on_tree(S), {**TREE, "a": jnp.ones(2, jnp.float32)}),
        "must share one dtype, got float32, float64",
    ),
    "nothing": (lambda: expand(BASIS, lambda t: t, {}), "must share one dtype, got no leaves"),
    "another structure": (
        lambda: filter(lambda tree: tree["a"], BASIS, THETA, TREE),
        "matvec must keep the structure, shapes and dtypes",
    ),
    "weights of channels": (
        lambda: weighted_sum(BASIS, jnp.ones((K + 1, 2)), on_tree(S), TREE),
        r"one weight for each degree, and a basis whose parameters are numbers; got .*\(2,\)",
    ),
}


@pytest.mark.parametrize("name", PYTREE_ERRORS)
def test_pytrees_that_do_not_fit(name):
    call, message = PYTREE_ERRORS[name]
    with pytest.raises(ValueError, match=message):
        call()


SKEW = np.triu(S)


def test_what_is_not_symmetric_is_refused_unless_told():
    for given in (SKEW, lambda t: jnp.tensordot(SKEW, t, 1), scipy.sparse.csr_array(SKEW)):
        with pytest.raises(ValueError, match=r"not symmetric: <u, S v> = .*adjoint=lambda t"):
            filter(given, BASIS, THETA, X)
    with pytest.raises(ValueError, match="not symmetric"):  # under jit, where S is a constant
        jax.jit(lambda x: filter(lambda t: jnp.tensordot(SKEW, t, 1), BASIS, THETA, x))(X)
    with pytest.raises(ValueError, match="not symmetric"):
        check_symmetric(H.T @ np.diag(np.arange(6)), Z)
    with pytest.raises(ValueError, match="is not finite"):
        check_symmetric(S * np.nan, X)
    told = filter(SKEW, BASIS, THETA, X, check=False)
    np.testing.assert_allclose(told, weighted_sum(BASIS, THETA, SKEW, X), atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_symmetric_operators_pass(dtype):
    like = np.ones((N, 3), dtype)
    check_symmetric(H if np.iscomplexobj(like) else S, like)
    check_symmetric(0 * S, like)
    check_symmetric(on_tree(S), TREE)
    check_symmetric(lambda t: jnp.tensordot(SKEW, t, 1), X, lambda t: jnp.tensordot(SKEW.T, t, 1))


def test_traced_operators_are_not_compared():
    got = jax.jit(lambda M: filter(lambda t: jnp.tensordot(M, t, 1), BASIS, THETA, X))(SKEW)
    np.testing.assert_allclose(got, weighted_sum(BASIS, THETA, SKEW, X), atol=1e-12)


@pytest.mark.parametrize("dtype", [float, complex])
def test_gradients_with_an_adjoint_equal_plain_autodiff(dtype):
    matrix, x = (SKEW, X) if dtype is float else (SKEW + 0.2j * SKEW.T, Z)
    forward = lambda t: jnp.tensordot(matrix, t, 1)  # noqa: E731
    adjoint = lambda t: jnp.tensordot(matrix.conj().T, t, 1)  # noqa: E731
    ours = lambda t, x: filter(forward, BASIS, t, x, adjoint=adjoint)  # noqa: E731
    plain = lambda t, x: weighted_sum(BASIS, t, matrix, x)  # noqa: E731
    energy = lambda f: lambda t, x: jnp.sum(jnp.abs(f(t, x)) ** 4)  # noqa: E731
    penalty = lambda f: lambda t, x: jnp.sum(jnp.abs(jax.grad(energy(f))(t, x)) ** 2)  # noqa: E731
    for loss in (energy, penalty):
        got, expected = (jax.jit(jax.grad(loss(f), (0, 1)))(THETA, x) for f in (ours, plain))
        for one, other in zip(got, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9 * np.abs(other).max())
    with pytest.raises(ValueError, match="adjoint is not that of the operator"):
        filter(forward, BASIS, THETA, x, adjoint=forward)


def test_optbasis_takes_a_matrix():
    basis = polybases.OptBasis(2)
    np.testing.assert_allclose(
        basis.expand(S, X), basis.expand(lambda t: jnp.tensordot(S, t, 1), X), atol=1e-12
    )

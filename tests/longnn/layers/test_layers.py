"""The layers against PyTorch Geometric's numbers, dense eigenvectors, and what they refuse."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy.special import eval_jacobi

import longnn
from longnn.layers import APPNP, ChebConv, EdgeOperator, JacobiConv, LonConv, SGConv, edge_operator
from tests.backends import BACKENDS
from tests.longnn.layers import pyg
from tests.oracles import orthonormal_jacobi
from tests.spectra import random_graph

N = pyg.NODES
STORED = np.load(pyg.FILE)


def stored(name: str) -> dict[str, np.ndarray]:
    """The arrays of a case."""
    start = f"{name}/"
    return {key.removeprefix(start): STORED[key] for key in STORED if key.startswith(start)}


def layer_of(name: str, arrays: dict[str, np.ndarray], mark: str = "") -> nnx.Module:
    """Our layer with PyTorch Geometric's weights, or their gradients with the mark "d "."""
    kind, settings, _ = pyg.CASES[name]
    if kind == "APPNP":
        return APPNP(order=settings["K"], alpha=settings["alpha"], dtype=jnp.float64)
    sizes = settings["in_channels"], settings["out_channels"]
    made = {"use_bias": settings.get("bias", True), "dtype": jnp.float64, "rngs": nnx.Rngs(0)}
    if kind == "ChebConv":
        extra = {"lambda_max": pyg.LAMBDA_MAX[name]} if name in pyg.LAMBDA_MAX else {}
        layer = ChebConv(*sizes, order=settings["K"] - 1, **extra, **made)
        kernels = [arrays[f"{mark}lins.{k}.weight"].T for k in range(settings["K"])]
        layer.linear.kernel[...] = jnp.stack(kernels)
    else:
        layer = SGConv(*sizes, order=settings["K"], **made)
        layer.linear.kernel[...] = jnp.asarray(arrays[mark + "lin.weight"].T)
    if made["use_bias"]:
        place = "bias" if kind == "ChebConv" else "lin.bias"
        layer.linear.bias[...] = jnp.asarray(arrays[mark + place])
    return layer


def operator_of(name: str, form: str):
    """S of the graph of a case, with the loops that PyTorch Geometric adds itself."""
    kind, _, weighted = pyg.CASES[name]
    edges, weights = pyg.graph()
    loops = float(kind != "ChebConv")
    weights = weights if weighted else None
    if form == "edges":
        low, high = edges.T
        twice = None if weights is None else jnp.concatenate([weights, weights])[:, None]
        both = jnp.concatenate([low, high]), jnp.concatenate([high, low])
        return edge_operator(*both, N, twice, self_loops=loops)
    graph = longnn.Graph.from_edges(edges, N, weights)
    graph = graph.with_self_loops() if loops else graph
    matrix = longnn.graphs.shift_matrix(graph)
    if form == "scipy matrix":
        return matrix
    if form == "function":
        dense = jnp.asarray(matrix.toarray())
        return lambda t: dense @ t
    return longnn.normalized_adjacency(graph, backend=form, dtype=jnp.float64)


@pytest.mark.parametrize(
    ("name", "form"),
    [(name, "edges") for name in pyg.CASES]
    + [(name, form) for name in ("cheb narrow", "appnp weighted", "sg wide")
       for form in (*BACKENDS, "function", "scipy matrix")],
)  # fmt: skip
def test_equals_pytorch_geometric(name, form):
    arrays = stored(name)
    operator, layer = operator_of(name, form), layer_of(name, arrays)

    @nnx.jit
    @partial(nnx.value_and_grad, argnums=(0, 1), has_aux=True)
    def total(layer, x):
        y = layer(operator, x)
        return jnp.sum(y * arrays["g"]), y

    (_, y), (found, dx) = total(layer, jnp.asarray(arrays["x"]))
    np.testing.assert_allclose(y, arrays["y"], rtol=0, atol=1e-11)
    np.testing.assert_allclose(dx, arrays["dx"], rtol=0, atol=1e-11)
    expected = nnx.state(layer_of(name, arrays, "d "), nnx.Param)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=0, atol=1e-10), found, expected)


def jacobi_values(order, alpha, beta, x):
    return np.stack([eval_jacobi(k, alpha, beta, x) for k in range(order + 1)])


SPECTRAL = {"jacobi": (JacobiConv, jacobi_values), "lon": (LonConv, orthonormal_jacobi)}


def spectral(name, dtype=jnp.float64, **settings):
    """A layer whose parameters are far from where they start."""
    pair = {"alpha": 0.3, "beta": -0.4, "gamma0": 1.2}
    layer = SPECTRAL[name][0](
        5, 3, order=4, dtype=dtype, rngs=nnx.Rngs(1), **pair | settings
    )  # fmt: skip
    rng = np.random.default_rng(2)
    state = nnx.state(layer, nnx.Param)
    moved = jax.tree.map(lambda a: a + 0.3 * rng.normal(size=a.shape).astype(a.dtype), state)
    nnx.update(layer, moved)
    return layer


@pytest.mark.parametrize("name", SPECTRAL)
def test_equals_the_dense_filter(name):
    graph, S = random_graph(20, 45, weighted=True)
    layer, x = spectral(name), np.random.default_rng(3).normal(size=(20, 5))
    lam, U = np.linalg.eigh(S)
    basis = layer.filter.basis
    eta, w = (
        np.asarray(a[...]) for a in (layer.filter.coefficients.eta, layer.filter.coefficients.w)
    )
    theta = w * np.concatenate([[1], np.cumprod(1.2 * np.tanh(eta))])[:, None]
    values = SPECTRAL[name][1](4, float(basis.alpha[...]), float(basis.beta[...]), lam)
    h = x @ np.asarray(layer.linear.kernel[...]) + np.asarray(layer.linear.bias[...])
    expected = U @ ((theta.T @ values).T * (U.T @ h))
    operator = longnn.normalized_adjacency(graph, dtype=jnp.float64)
    np.testing.assert_allclose(layer(operator, x), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        layer.filter.response(jnp.asarray(lam)), (theta.T @ values).T, atol=1e-12
    )  # fmt: skip


def test_exponents_of_lonconv_are_learned_and_those_of_jacobiconv_are_not():
    ring = lambda t: (jnp.roll(t, 1, axis=0) + jnp.roll(t, -1, axis=0)) / 2  # noqa: E731
    x = jnp.asarray(np.random.default_rng(4).normal(size=(12, 5)))
    for name, learned in (("lon", {"raw_alpha", "raw_beta"}), ("jacobi", set())):
        layer = spectral(name)
        found = nnx.jit(nnx.grad(lambda layer: jnp.sum(layer(ring, x) ** 2)))(layer)
        paths = {str(path[-1]): g for path, g in nnx.to_flat_state(found)}
        assert {p for p in paths if p.startswith("raw_")} == learned
        assert all(np.abs(g[...]).max() > 1e-6 for g in paths.values())


LAYERS = {
    "cheb narrow": lambda **made: ChebConv(5, 3, **made),
    "cheb wide": lambda **made: ChebConv(3, 5, **made),
    "sg narrow": lambda **made: SGConv(5, 3, order=2, **made),
    "sg wide": lambda **made: SGConv(3, 5, order=2, **made),
    "jacobi": lambda **made: JacobiConv(5, 3, order=4, **made),
    "lon": lambda **made: LonConv(5, 3, order=4, **made),
    "appnp": lambda rngs, dtype=jnp.float32: APPNP(order=4, dtype=dtype),
}


@pytest.mark.parametrize(
    ("name", "dtype", "bound"),
    [(name, jnp.float32, 2e-6) for name in LAYERS]
    + [(name, jnp.bfloat16, 0.05) for name in ("cheb wide", "lon")],
)
def test_result_has_the_dtype_of_the_signal_without_any_promotion(name, dtype, bound):
    layer = LAYERS[name](rngs=nnx.Rngs(0))
    edges, _ = pyg.graph()
    operator = edge_operator(*np.concatenate([edges, edges[:, ::-1]]).T, N)
    x = jnp.asarray(np.random.default_rng(6).normal(size=(N, 3 if "wide" in name else 5)), dtype)
    apply = nnx.jit(lambda layer, x: layer(operator, x))
    with jax.numpy_dtype_promotion("strict"):
        y = apply(layer, x)
    assert y.dtype == dtype
    exact = apply(layer, x.astype(jnp.float64))
    scale = float(jnp.abs(exact).max())
    np.testing.assert_allclose(y.astype(jnp.float64), exact, rtol=0, atol=bound * scale)


@pytest.mark.parametrize("name", ["cheb wide", "sg narrow", "lon", "appnp"])
def test_jit_and_vmap_give_the_same(name):
    layer = LAYERS[name](rngs=nnx.Rngs(0), dtype=jnp.float64)
    operator = operator_of("appnp", "csr")
    x = jnp.asarray(np.random.default_rng(7).normal(size=(2, N, 3 if "wide" in name else 5)))
    apply = nnx.jit(lambda layer, x: layer(operator, x))
    expected = jnp.stack([apply(layer, one) for one in x])
    together = nnx.jit(lambda layer, x: jax.vmap(lambda one: layer(operator, one))(x))(layer, x)
    np.testing.assert_allclose(together, expected, rtol=0, atol=1e-12)


def test_initial_values_are_those_of_the_initializer_for_each_degree():
    layer = ChebConv(40, 60, order=3, rngs=nnx.Rngs(0))
    kernel = np.asarray(layer.linear.kernel[...])
    bound = np.sqrt(6 / (40 + 60))  # Glorot and Bengio 2010, eq. 16
    assert 0.98 * bound < np.abs(kernel).max(axis=(1, 2)).min() <= np.abs(kernel).max() <= bound
    assert len(np.unique(kernel)) > 0.99 * kernel.size
    assert not np.any(layer.linear.bias[...])
    ones = SGConv(4, 2, kernel_init=nnx.initializers.ones, rngs=nnx.Rngs(0))
    assert np.all(ones.linear.kernel[...] == 1)
    single, double = (
        LonConv(4, 2, dtype=dtype, rngs=nnx.Rngs(3)).linear.kernel[...]
        for dtype in (jnp.float32, jnp.float64)
    )
    np.testing.assert_array_equal(single, double.astype(jnp.float32))


MADE = {"rngs": nnx.Rngs(0)}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ChebConv(5, 3, order=-1, **MADE), "order must be an integer >= 0"),
        (lambda: ChebConv(5, 3, lambda_max=0.0, **MADE), "lambda_max must lie in"),
        (lambda: ChebConv(0, 3, **MADE), "in_features must be an integer >= 1"),
        (lambda: SGConv(5, 3, order=0, **MADE), "must be an integer >= 1, got 0"),
        (lambda: SGConv(5, 0, **MADE), "out_features must be an integer >= 1"),
        (lambda: APPNP(alpha=1.0), "teleport"),
        (lambda: APPNP(order=0), "must be an integer >= 1, got 0"),
        (lambda: JacobiConv(5, 3, alpha=-1.0, **MADE), "alpha must"),
        (lambda: JacobiConv(5, 3, order=0, **MADE), "order must be an integer >= 1"),
        (lambda: LonConv(5, 3, beta=-2.0, **MADE), "beta must"),
        (lambda: LonConv(5, 3, gamma0=0.0, **MADE), "gamma0 must"),
    ],
)
def test_settings_outside_their_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


WRONG = {
    "features": (lambda layer, s: layer(s, jnp.ones((N, 4))), ValueError, "takes x of shape"),
    "batch": (lambda layer, s: layer(s, jnp.ones((2, N, 5))), ValueError, "jax.vmap"),
    "integers": (lambda layer, s: layer(s, jnp.ones((N, 5), int)), ValueError, "floating-point"),
    "nodes": (lambda layer, s: layer(s, jnp.ones((N + 1, 5))), ValueError, f"N = {N}"),
    "a graph": (
        lambda layer, s: layer(longnn.Graph.from_edges(pyg.graph()[0], N), jnp.ones((N, 5))),
        TypeError, "got a Graph; .*normalized_adjacency",
    ),
    "a list": (lambda layer, s: layer(np.eye(N).tolist(), jnp.ones((N, 5))), TypeError, "a list"),
    "no square": (lambda layer, s: layer(np.eye(N, 4), jnp.ones((N, 5))), ValueError, "of shape"),
    "nothing": (lambda layer, s: layer(None, jnp.ones((N, 5))), TypeError, "NoneType"),
    "a class": (lambda layer, s: layer(EdgeOperator, jnp.ones((N, 5))), TypeError, "got a type"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("name", ["cheb narrow", "sg narrow", "jacobi", "lon"])
def test_wrong_arguments_are_refused(name, case):
    call, error, message = WRONG[case]
    layer = LAYERS[name](rngs=nnx.Rngs(0))
    with pytest.raises(error, match=message):
        call(layer, operator_of("cheb narrow", "segment_sum"))


@pytest.mark.parametrize("case", [c for c in WRONG if c not in ("features", "batch")])
def test_appnp_refuses_them_too(case):
    call, error, message = WRONG[case]
    with pytest.raises(error, match=message):
        call(APPNP(), operator_of("cheb narrow", "segment_sum"))

"""Models that are no series in a basis of lambda, against dense numpy."""

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from longnn.models import APPNP, GCN, GPRGNN, ChebNet, LonGNN, OptBasisGNN
from tests.longnn.models.cases import SERIES, WEIGHTS, predict, problem_for, randomized, weighted
from tests.oracles import attention, dense_adjacency, dense_normalized
from tests.toy import C, F, N, edges, problem

S = dense_normalized(dense_adjacency(edges(), N, WEIGHTS))
X = np.asarray(weighted().features.matrix)
value = lambda p: np.asarray(p[...])  # noqa: E731
relu = lambda a: np.maximum(a, 0)  # noqa: E731


def layers(module, convolution, activation=relu) -> np.ndarray:
    h = X
    for number, one in enumerate(module.convolutions, start=1):
        h = convolution(one, h)
        h = h if number == len(module.convolutions) else activation(h)
    return h


def chebyshev(one, h):
    width = len(one.bias[...])
    blocks = np.split(value(one.kernel), one.order + 1, axis=1)
    assert blocks[0].shape[1] == width
    terms = [np.eye(N), S, 2 * S @ S - np.eye(N)]
    return sum(t @ h @ w for t, w in zip(terms, blocks, strict=True)) + value(one.bias)


def mixture(one, h):
    channels, _ = one.score.shape
    low, high, *own = np.split(value(one.kernel), channels, axis=1)
    parts = [relu(S @ h @ low), relu((np.eye(N) - S) @ h @ high), *(relu(h @ w) for w in own)]
    scores = np.stack([part @ v for part, v in zip(parts, value(one.score), strict=True)], 1)
    mixed = 1 / (1 + np.exp(-scores)) @ value(one.mix) / channels
    weights = np.exp(mixed) / np.exp(mixed).sum(1, keepdims=True)
    return channels * sum(weights[:, [i]] * part for i, part in enumerate(parts))


def heads(one, h):
    w = (h @ value(one.kernel)).reshape(N, *one.sender.shape)
    out = attention(w, value(one.sender), value(one.receiver), S != 0)
    return out.mean(1) if one.average else out.reshape(N, -1)


def elu(a):
    return np.where(a > 0, a, np.expm1(np.minimum(a, 0)))


STACKS = {
    "chebnet": (chebyshev, relu),
    "acmgnn": (mixture, relu),
    "acmgnn of two": (mixture, relu),
    "gcn": (lambda one, h: S @ h @ value(one.kernel) + value(one.bias), relu),
    "gat": (heads, elu),
}


@pytest.mark.parametrize("name", STACKS)
def test_equals_dense_layers(name):
    module = randomized(name)
    np.testing.assert_allclose(
        predict(module, problem_for(name)), layers(module, *STACKS[name]), atol=1e-10
    )


@pytest.mark.parametrize("name", ["gcn", "gat", "gat_sep"])
def test_message_passing_needs_edges(name):
    with pytest.raises(ValueError, match="backend='segment_sum'"):
        predict(randomized(name), problem())


def orthonormal_krylov(x: np.ndarray, order: int) -> np.ndarray:
    """[K+1, N] by QR of x, S x, ..., each with a positive part along its own power."""
    powers = np.stack([np.linalg.matrix_power(S, k) @ x for k in range(order + 1)], 1)
    q, r = np.linalg.qr(powers)
    return (q * np.sign(np.diag(r))).T


def test_optbasis_equals_orthogonalised_powers():
    module = randomized("optbasisgnn")
    spectral, theta = module.filters[0], value(module.filters[0].coefficients.w)
    h = np.random.default_rng(0).normal(size=(N, theta.shape[1]))
    h[-1] = 0  # the isolated node
    terms = np.stack([orthonormal_krylov(column, 4) for column in h.T], 2)
    got = spectral(weighted().operator, jnp.asarray(h))
    np.testing.assert_allclose(got, np.einsum("kc,knc->nc", theta, terms), atol=1e-9)
    # the same filter as a function of lambda
    eigenvalues, vectors = np.linalg.eigh(S)
    found = spectral.response_to(weighted().operator, jnp.asarray(h), jnp.asarray(eigenvalues))
    gain = np.asarray(found)
    np.testing.assert_allclose(vectors @ (gain * (vectors.T @ h)), got, atol=1e-9)


def test_optbasis_has_no_response_of_lambda_alone():
    module = randomized("optbasisgnn")
    assert not hasattr(module, "response")
    assert not hasattr(module, "theta"), "so decay=theta is refused"
    with pytest.raises(AttributeError, match="response_to"):
        module.response(jnp.linspace(-1, 1, 3))


ORDERED = [*dict.fromkeys(case[0] for case in SERIES.values()), ChebNet, OptBasisGNN]
BAD = [  # model, settings, what the message names
    *((model, {"order": 0}, "order .* must be an integer >= 1, got 0") for model in ORDERED),
    (GPRGNN, {"alpha": 1.5}, r"alpha .* must lie in \[0, 1\], got 1.5"),
    (APPNP, {"alpha": 1.0}, r"alpha .* must lie in \(0, 1\), got 1.0"),
    (GCN, {"layers": 0}, "layers must"),
    (GCN, {"hidden": 0}, "hidden must"),
    (GCN, {"dropout": 1.0}, "dropout must"),
    (LonGNN, {"placement": "between"}, "unknown placement 'between'; choose one of after, before"),
    (LonGNN, {"layers": 2}, "placement='stacked'"),
    (LonGNN, {"placement": "inside", "embedding": "linear"}, "placement='after'"),
    (LonGNN, {"initial_coefficients": "zero"}, "unknown initial_coefficients 'zero'"),
]


@pytest.mark.parametrize(("model", "settings", "message"), BAD)
def test_bad_setting(model, settings, message):
    with pytest.raises(ValueError, match=message):
        model(F, C, rngs=nnx.Rngs(0), **settings)

"""LonGNN and the MLP against plain numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from longnn.filters import filter
from longnn.models import MLP, LonGNN
from longnn.models.series import Tridiagonal
from longnn.training.optimizer import group_labels
from polybases import monomial
from polybases.constraints import raw_exponent
from tests.longnn.models.cases import RECURRENCE, WEIGHTS, build, randomized, weighted
from tests.longnn.models.cases import predict as predict_on
from tests.oracles import dense_adjacency, dense_normalized, orthonormal_jacobi
from tests.toy import C, F, N, edges


def predict(module, key=None) -> np.ndarray:
    return predict_on(module, weighted(), key)


class Recorder:
    """Features of zeros that note what the model asks of them."""

    shape, dtype = (N, F), jnp.dtype(jnp.float64)

    def __init__(self):
        self.asked = []

    def project(self, weight, rate=0.0, key=None):
        self.asked.append((float(rate), key))
        return jnp.zeros((N, weight.shape[1]), weight.dtype)


@pytest.mark.parametrize("name", ["mlp", "longnn linear"])
def test_rate_and_key_reach_the_features(name):
    features, module = Recorder(), build(name, dropout=0.25)
    embed = module.embed if name == "mlp" else module.embedding.embed
    embed(features)
    embed(features, jax.random.key(0))
    assert features.asked[0] == (0.25, None)
    assert features.asked[1][0] == 0.25
    assert features.asked[1][1] is not None


def test_hidden_layer_is_dropped_out():
    """Zero features leave dropout on the hidden layer as the only source of randomness."""
    mlp, features = build("mlp", dropout=0.5), Recorder()
    difference = mlp.embed(features, jax.random.key(0)) - mlp.embed(features)
    assert np.abs(difference).max() > 1e-3


def numpy_embedding(module, x) -> np.ndarray:
    value = lambda p: np.asarray(p[...])  # noqa: E731
    embedding = module.embedding
    if not hasattr(embedding, "first"):
        return x @ value(embedding.kernel) + value(embedding.bias)
    hidden = np.maximum(x @ value(embedding.first.kernel) + value(embedding.first.bias), 0)
    return hidden @ value(embedding.second.kernel) + value(embedding.second.bias)


def numpy_theta(module, gamma0) -> np.ndarray:
    """theta_kc = w_kc prod_{i<k} gamma0 tanh(eta_i), by loops."""
    theta = module.filters[0].coefficients
    w, eta = np.asarray(theta.w[...]), np.asarray(theta.eta[...])
    theta = np.empty_like(w)
    for k in range(len(w)):
        product = 1.0
        for i in range(k):
            product *= gamma0 * np.tanh(eta[i])
        for c in range(w.shape[1]):
            theta[k, c] = w[k, c] * product
    return theta


def numpy_response(module, gamma0, x) -> np.ndarray:
    """[G, C] by scipy.special."""
    basis = orthonormal_jacobi(
        len(numpy_theta(module, gamma0)) - 1, *(float(v) for v in module.scalars().values()), x
    )
    return np.einsum("kn,kc->nc", basis, numpy_theta(module, gamma0))


EXPONENTS = [(0.3, -0.4), (-0.5, -0.5), (1.0, 0.0), (0.0, 1.0)]


@pytest.mark.parametrize("gamma0", [0.7, 2.0])
@pytest.mark.parametrize("name", ["longnn", "longnn linear"])
@pytest.mark.parametrize(("alpha", "beta"), EXPONENTS)
def test_longnn_equals_numpy(alpha, beta, name, gamma0):
    module = randomized(name, alpha=alpha, beta=beta, gamma0=gamma0)
    h = numpy_embedding(module, np.asarray(weighted().features.matrix))
    eigenvalues, vectors = np.linalg.eigh(dense_normalized(dense_adjacency(edges(), N, WEIGHTS)))
    z = vectors @ (numpy_response(module, gamma0, eigenvalues) * (vectors.T @ h))
    np.testing.assert_allclose(predict(module), z, atol=1e-10)


def test_response_equals_scipy_at_any_shape():
    module = randomized("longnn", gamma0=1.3)
    x = np.linspace(-1, 1, 12)
    exact = numpy_response(module, 1.3, x)
    np.testing.assert_allclose(module.response(jnp.asarray(x)), exact, rtol=1e-11, atol=1e-11)
    got = module.response(jnp.asarray(x).reshape(3, 4))
    np.testing.assert_allclose(got, exact.reshape(3, 4, C), rtol=1e-11, atol=1e-11)


def test_response_is_the_action_on_eigenvectors():
    module = randomized("longnn")
    eigenvalues, vectors = np.linalg.eigh(dense_normalized(dense_adjacency(edges(), N, WEIGHTS)))
    signals = np.repeat(vectors[:, :, None], C, axis=2).reshape(N, N * C)
    theta = jnp.tile(module.theta(), (1, N))
    filtered = np.asarray(
        filter(weighted().operator, module.filters[0].basis(), theta, jnp.asarray(signals))
    )
    gain = np.asarray(module.response(jnp.asarray(eigenvalues)))
    np.testing.assert_allclose(filtered, signals * gain.ravel(), atol=1e-11)


@pytest.mark.parametrize(("gamma0", "eta"), [(0.5, 1.0), (1.0, 1.0), (2.0, 0.5), (4.0, 0.25)])
def test_longnn_initial_filter(gamma0, eta):
    module = LonGNN(F, C, order=3, gamma0=gamma0, alpha=0.7, beta=-0.2, rngs=nnx.Rngs(0))
    theta = module.filters[0].coefficients
    np.testing.assert_array_equal(theta.w[...], np.ones((4, C)))
    np.testing.assert_allclose(theta.eta[...], [eta] * 3, rtol=1e-6)
    scalars = module.scalars()
    np.testing.assert_allclose([scalars["alpha"], scalars["beta"]], [0.7, -0.2], rtol=1e-6)


def test_scalars_are_empty_for_a_basis_without_exponents():
    class Fixed(nnx.Module):
        def __init__(self, order, alpha, beta, dtype):
            self.order, self.dtype = order, dtype

        def __call__(self):
            return monomial(self.order, dtype=self.dtype)

    assert LonGNN(F, C, basis=Fixed, rngs=nnx.Rngs(0)).scalars() == {}


def test_initial_weights_fill_their_range():
    """Uniform in +-1/sqrt(fan_in), the biases too: 1000 draws and more each."""
    mlp = MLP(25, 1000, hidden=1600, rngs=nnx.Rngs(0))
    linear = LonGNN(400, 1000, embedding="linear", rngs=nnx.Rngs(0)).embedding
    fan_in = {25: mlp.first, 1600: mlp.second, 400: linear}
    pairs = [(p, n) for n, layer in fan_in.items() for p in (layer.kernel, layer.bias)]
    for parameter, count in pairs:
        scaled = np.asarray(parameter[...]) * count**0.5
        assert 0.99 < scaled.max() <= 1
        assert -1 <= scaled.min() < -0.99
        np.testing.assert_allclose(scaled.std(), 1 / 3**0.5, rtol=0.05)
        assert abs(scaled.mean()) < 0.06


def test_seed_decides_initial_weights():
    kernels = [np.asarray(MLP(F, C, rngs=nnx.Rngs(s)).first.kernel[...]) for s in (0, 0, 1)]
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert np.abs(kernels[0] - kernels[2]).min() > 0


MLP_GROUPS = dict.fromkeys(["first.kernel", "first.bias", "second.kernel", "second.bias"], "mlp")
FILTER_GROUPS = {
    "filters.0.coefficients.eta": "decomposition",
    "filters.0.coefficients.w": "coefficients",
    "filters.0.basis.raw_alpha": "basis",
    "filters.0.basis.raw_beta": "basis",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("mlp", MLP_GROUPS),
        ("longnn", {f"embedding.{k}": g for k, g in MLP_GROUPS.items()} | FILTER_GROUPS),
        ("longnn linear",
         {"embedding.kernel": "mlp", "embedding.bias": "mlp"} | FILTER_GROUPS),
    ],
)  # fmt: skip
def test_optimizer_groups(name, groups):
    labels = nnx.to_flat_state(group_labels(nnx.state(build(name), nnx.Param)))
    assert {".".join(map(str, path)): label for path, label in labels} == groups


BAD = [  # model, settings, what the message names
    (LonGNN, {"order": 0}, "order"),
    (LonGNN, {"order": -2}, "order"),
    (LonGNN, {"order": True}, "order"),
    (LonGNN, {"order": 1.5}, "order"),
    (LonGNN, {"order": "3"}, "order"),
    (LonGNN, {"embedding": "gcn"}, "unknown embedding 'gcn'"),
    (LonGNN, {"alpha": -1.0}, "alpha must"),
    (LonGNN, {"beta": -1.0}, "beta must"),
    (LonGNN, {"alpha": float("nan")}, "alpha must"),
    (LonGNN, {"hidden": 0}, "hidden"),
    (MLP, {"hidden": 0}, "hidden"),
]
OUT_OF_RANGE = [
    (MLP, {"dropout": 1.0}, "dropout"),
    (MLP, {"dropout": -0.1}, "dropout"),
    (LonGNN, {"dropout": 1.0, "embedding": "linear"}, "dropout"),
    (LonGNN, {"filter_dropout": 1.0}, "filter_dropout"),
    (LonGNN, {"gamma0": 0.0}, "gamma0"),
    (LonGNN, {"gamma0": -1.0}, "gamma0"),
]


@pytest.mark.parametrize(
    ("model", "settings", "message"),
    BAD + OUT_OF_RANGE,
)
def test_setting_outside_its_range(model, settings, message):
    with pytest.raises(ValueError, match=message):
        model(F, C, rngs=nnx.Rngs(0), **settings)


def test_own_bases_are_those_of_a_model_for_each_channel():
    """Channel c of one filter with C bases is channel c of a filter in basis c."""
    own = build("longnn of own bases")
    filters = own.filters[0]
    exponents = [(0.5, -0.3), (-0.6, 1.2), (2.0, 0.0)]
    raw = [raw_exponent(jnp.array(values)) for values in zip(*exponents, strict=True)]
    filters.basis.raw_alpha[...], filters.basis.raw_beta[...] = raw
    assert filters.basis.raw_alpha[...].shape == (C,)
    np.testing.assert_allclose(own.scalars()["alpha"], np.mean([a for a, _ in exponents]))
    x = jnp.linspace(-1, 1, 7)
    for c, (alpha, beta) in enumerate(exponents):
        one = build("longnn", alpha=alpha, beta=beta)
        np.testing.assert_allclose(own.response(x)[:, c], one.response(x)[:, c], rtol=1e-10)
        np.testing.assert_allclose(predict(own)[:, c], predict(one)[:, c], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("learnable", [True, False])
def test_a_recurrence_takes_the_place_of_the_jacobi_polynomials(learnable):
    """Legendre's, by its own coefficients: p_0 = 1 where the weight has mass 1, not 2."""
    k = np.arange(1, 5)
    start = np.stack([np.zeros(4), k / np.sqrt(4 * k**2 - 1)])
    given = build("longnn of a recurrence", recurrence=start, learnable=learnable)
    jacobi = build("longnn", alpha=0.0, beta=0.0, gamma0=1.0)
    x = jnp.linspace(-1, 1, 7)
    np.testing.assert_allclose(given.response(x), np.sqrt(2) * jacobi.response(x), rtol=1e-10)
    groups = set(jax.tree.leaves(group_labels(nnx.state(given, nnx.Param))))
    assert ("basis" in groups) == learnable
    assert given.scalars() == {}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"own_basis": True, "shared": True}, "needs channels of their own coefficients"),
        ({"own_basis": True, "recurrence": RECURRENCE}, "needs alpha and beta, got .*=an array"),
        ({"recurrence": RECURRENCE[:, :3]}, r"\[2, K\] = \(2, 4\): .* got \(2, 3\)"),
        ({"recurrence": -RECURRENCE}, r"off-diagonal of a recurrence must lie in \(0, inf\)"),
        ({"recurrence": RECURRENCE, "scale": "monic"}, "leave out scale='monic'"),
    ],
)
def test_refused_bases(settings, message):
    with pytest.raises(ValueError, match=message):
        LonGNN(F, C, order=4, rngs=nnx.Rngs(0), **settings)


def test_a_recurrence_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"an array \[2, K\], got one of shape \(3,\)"):
        Tridiagonal(np.ones(3))

"""The PyTorch peers compute what our model computes: logits, gradients, updates."""

import importlib
from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from scipy import sparse

from longnn import Graph, as_features, normalized_adjacency
from longnn.models import LonGNN
from longnn.training import Problem
from longnn.training.optimizer import group_labels, grouped_adam
from longnn.training.task import mean_nll

pytestmark = pytest.mark.torch

PEERS = {
    "best": ("best", "BestPeer"),
    "csr": ("csr", "CsrPeer"),
    "dense": ("csr", "DensePeer"),
    "reference": ("reference", "ReferencePeer"),
}
NODES, FEATURES = 45, 7  # the last node is isolated
RATES = {
    "mlp": {"lr": 0.05, "weight_decay": 0.01},
    "decomposition": {"lr": 0.02, "weight_decay": 0.03},
    "coefficients": {"lr": 0.01, "weight_decay": 0.02},
    "basis": {"lr": 0.03, "weight_decay": 0.0},
}
CASES = {  # K, C, alpha, beta, gamma0
    "ten": (10, 3, 0.5, -0.75, 0.9),
    "mirrored": (10, 3, -0.75, 0.5, 0.9),
    "two classes": (4, 2, -0.5, -0.5, 1.4),
    "Legendre, five classes": (3, 5, 0.0, 0.0, 1.0),
    "one": (1, 9, 1.5, 2.0, 0.7),
}


class Case(NamedTuple):
    """The same data and parameters for both sides."""

    data: tuple  # the peers' first four arguments
    settings: dict
    model: LonGNN
    problem: Problem
    train: np.ndarray
    parameters: dict


def named(model):
    """Our parameters by the peers' names."""
    first, second = model.embedding.first, model.embedding.second
    basis, theta = model.filters[0].basis, model.filters[0].coefficients
    found = {"W1": first.kernel, "c1": first.bias, "W2": second.kernel, "c2": second.bias}
    found |= {"w": theta.w, "eta": theta.eta}
    found |= {"raw_alpha": basis.raw_alpha, "raw_beta": basis.raw_beta}
    return {name: np.asarray(value[...]) for name, value in found.items()}


def make_case(order=4, classes=3, alpha=0.5, beta=-0.25, gamma0=0.9, **rates):
    rng = np.random.default_rng(0)
    graph = Graph.from_edges(rng.integers(0, NODES - 1, (2 * NODES, 2)), NODES)
    entries = np.ones(len(graph.senders)), (graph.receivers, graph.senders)
    adjacency = sparse.csr_array(entries, shape=(NODES, NODES))
    x = sparse.random_array((NODES, FEATURES), density=0.4, rng=rng, format="csr")
    labels = rng.integers(0, classes, NODES)
    settings = {"order": order, "hidden": 8, "alpha": alpha, "beta": beta, "gamma0": gamma0}
    settings |= {"dropout": 0.0, "filter_dropout": 0.0} | rates
    model = LonGNN(FEATURES, classes, **settings, dtype=jnp.float64, rngs=nnx.Rngs(1))
    theta = model.filters[0].coefficients
    theta.eta[...], theta.w[...] = rng.normal(size=order), rng.normal(size=(order + 1, classes))
    operator = normalized_adjacency(graph, dtype=jnp.float64)
    problem = Problem(operator, as_features(x, dtype=jnp.float64), jnp.asarray(labels))
    train = rng.random(NODES) < 0.5
    return Case((adjacency, x, labels, classes), settings, model, problem, train, named(model))


@pytest.fixture(params=PEERS)
def make_peer(request):
    """Case -> the peer with the case's parameters and training nodes."""
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)
    module, name = PEERS[request.param]
    peer_class = getattr(importlib.import_module(f"benchmarks.peers.{module}"), name)

    def make(case):
        peer = peer_class(*case.data, case.settings, RATES, seed=0)
        peer.use_split(case.train, ~case.train)
        peer.load(case.parameters)
        return peer

    return make


def ours(case):
    """(parameters -> model, parameters, parameters -> loss)."""
    graphdef, params, rest = nnx.split(case.model, nnx.Param, ...)

    def loss(p):
        out = log_probabilities(nnx.merge(graphdef, p, rest), case)
        return mean_nll(out, case.problem.labels, jnp.asarray(case.train))

    return lambda p: nnx.merge(graphdef, p, rest), params, loss


def log_probabilities(model, case):
    return jax.nn.log_softmax(model(case.problem.operator, case.problem.features))


@pytest.mark.parametrize("name", CASES)
def test_logits_and_scores(make_peer, name):
    case = make_case(*CASES[name])
    peer, labels = make_peer(case), case.data[2]
    want = np.asarray(log_probabilities(case.model, case))
    np.testing.assert_allclose(peer.logits(), want, rtol=0, atol=1e-4)
    loss, accuracy = peer.evaluate()
    assert loss == pytest.approx(-want[case.train, labels[case.train]].mean(), abs=1e-5)
    assert accuracy == pytest.approx((want.argmax(1) == labels)[~case.train].mean(), abs=1e-6)


@cache
def our_gradients(name):
    """(case, gradients), once for both peers: compiling is slow."""
    case = make_case(*CASES[name])
    merge, params, loss = ours(case)
    return case, named(merge(jax.grad(loss)(params)))


@pytest.mark.parametrize("name", CASES)
def test_gradients(make_peer, name):
    case, expected = our_gradients(name)
    got = make_peer(case).gradients()
    for key, want in expected.items():
        assert np.abs(got[key] - want).max() < 1e-3 * np.abs(want).max(), key


def test_updates(make_peer):
    case = make_case()
    merge, params, loss = ours(case)
    optimizer = grouped_adam(group_labels(params), RATES)
    state = optimizer.init(params)
    peer = make_peer(case)
    for _ in range(3):
        updates, state = optimizer.update(jax.grad(loss)(params), state, params)
        params = optax.apply_updates(params, updates)
        peer.step()
    want = log_probabilities(merge(params), case)
    np.testing.assert_allclose(peer.logits(), want, rtol=0, atol=1e-4)


def test_gradients_under_dropout(make_peer):
    """Of the loss with the same random numbers: derivative along each gradient by differences."""
    torch = importlib.import_module("torch")
    case = make_case(dropout=0.4, filter_dropout=0.3)
    peer = make_peer(case)

    def loss(parameters):
        peer.load(parameters)
        torch.manual_seed(3)
        return peer.step()

    torch.manual_seed(3)
    for key, gradient in peer.gradients().items():
        norm = np.sqrt((gradient**2).sum())
        move = lambda h: case.parameters | {key: case.parameters[key] + h * gradient / norm}  # noqa: B023, E731
        slope = (loss(move(1e-2)) - loss(move(-1e-2))) / 2e-2
        assert slope == pytest.approx(norm, rel=1e-2, abs=1e-4), key


def test_dropout_is_new_each_step_and_off_in_evaluation(make_peer):
    peer = make_peer(make_case(dropout=0.5, filter_dropout=0.5))
    first, second = (peer.gradients()["W1"] for _ in range(2))
    assert np.abs(first - second).max() > 1e-3
    assert peer.evaluate() == peer.evaluate()


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_share_kept_by_the_best_peer(rate):
    torch = importlib.import_module("torch")
    best = importlib.import_module("benchmarks.peers.best")
    size = 40_001
    always = torch.arange(size) % 100 == 0
    keep = best._Keep((size,), rate, always)
    torch.manual_seed(0)
    masks = torch.stack([keep.draw().clone() for _ in range(4)])
    assert set(masks.unique().tolist()) == {0.0, 1.0}
    assert masks[:, always].all()
    # each of the four 16-bit parts of a word on its own
    for part in range(4):
        share = masks[:, part::4][:, ~always[part::4]].mean().item()
        assert share == pytest.approx(1 - rate, abs=0.01)


def test_run(make_peer):
    case = make_case(dropout=0.2, filter_dropout=0.2)
    peer, labels = make_peer(case), case.data[2]
    splits = [(case.train, ~case.train), (~case.train, case.train)]
    for (_, val), result in zip(splits, peer.run(splits, epochs=15), strict=True):
        assert len(result["losses"]) == 15
        assert result["losses"][-1] < result["losses"][0]
        score = (result["logits"].argmax(1) == labels)[val].mean()
        assert score == pytest.approx(result["val"], abs=1e-6)

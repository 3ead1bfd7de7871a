"""What every model must do."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from longnn.data.splits import Splits
from longnn.graphs.graph import Graph
from longnn.models.features import as_features
from longnn.training import Optim, Problem, fit, score
from longnn.training.task import mean_nll
from tests.longnn.models.cases import (
    MODELS,
    WEIGHTS,
    build,
    off,
    operator_for,
    predict,
    problem_for,
    weighted,
)
from tests.toy import C, N, edges, rates

each_model = pytest.mark.parametrize("name", MODELS)


@each_model
def test_gives_logits_in_its_dtype(name):
    made = build(name, jnp.float32)
    assert {leaf.dtype for leaf in jax.tree.leaves(nnx.state(made))} == {jnp.dtype("float32")}
    graphdef, _ = nnx.split(made)
    exact = nnx.split(build(name))[1]
    module = nnx.merge(graphdef, jax.tree.map(lambda leaf: leaf.astype(jnp.float32), exact))
    out = predict(module, problem_for(name, jnp.float32))
    assert out.shape == (N, C)
    assert out.dtype == jnp.float32
    np.testing.assert_allclose(out, predict(build(name), problem_for(name)), atol=1e-4)


@each_model
def test_permuting_nodes_permutes_output(name):
    order = np.random.default_rng(0).permutation(N)
    place = np.argsort(order)
    graph = Graph.from_edges(place[edges()], N, WEIGHTS)
    x = np.asarray(weighted().features.matrix)
    permuted = Problem(
        operator_for(MODELS[name][0], graph), as_features(x[order], dtype=jnp.float64), None
    )
    module = build(name)
    expected = predict(module, problem_for(name))[order]
    np.testing.assert_allclose(predict(module, permuted), expected, atol=1e-12)


@pytest.mark.slow
@each_model
def test_gradients_reach_every_parameter(name):
    data = problem_for(name)
    graphdef, params, rest = nnx.split(build(name, **off(name)), nnx.Param, ...)

    @jax.jit
    @jax.grad
    def gradient(params):
        logits = nnx.merge(graphdef, params, rest)(data.operator, data.features)
        return mean_nll(jax.nn.log_softmax(logits), data.labels, jnp.full(N, True))

    silent = []
    for path, leaf in jax.tree.leaves_with_path(gradient(params)):
        assert np.isfinite(leaf).all(), path
        if np.abs(leaf).max() < 1e-6:
            silent.append(jax.tree_util.keystr(path))
    # theta = (1, 0, ..., 0) at the start: the basis matters from the first step on
    assert all("basis" in path for path in silent)
    assert not silent or name == "favardgnn"


@pytest.mark.slow
@each_model
def test_overfits_twenty_nodes(name):
    """Random labels on two copies of a graph of 10 nodes: the second validates and tests.

    In float32 and with edge weights, through ``fit``.
    """
    model, settings, _ = MODELS[name]
    rng = np.random.default_rng(0)
    half = np.stack(np.triu_indices(10, 1), 1)[rng.choice(45, 15, replace=False)]
    graph = Graph.from_edges(
        np.concatenate([half, half + 10]), 20, np.tile(rng.uniform(0.5, 2, 15), 2)
    )
    features = as_features(np.tile(rng.normal(size=(10, 12)), (2, 1)))
    labels = np.tile(rng.integers(0, C, 10), 2)
    assert len(set(labels)) == C
    result = fit(
        model,
        Problem(operator_for(model, graph, jnp.float32), features, jnp.asarray(labels)),
        Splits("copies", np.repeat([0, 1, 2], [10, 5, 5])[None]),
        classes=C,
        optim=Optim(rates(0.02, 0.0), max_epochs=500),
        settings=settings | off(name),
        chunk=500,
    )
    assert score("accuracy", result.outputs, labels, np.arange(20)[None] < 10) == 1.0
    leaves = jax.tree.leaves((result.params, result.settings, result.outputs))
    assert {leaf.dtype for leaf in leaves} == {np.dtype("float32")}
    assert {c.dtype for c in result.curves.values()} == {np.dtype("float32")}


@pytest.mark.slow
@each_model
def test_random_only_with_key(name):
    rates = dict.fromkeys(MODELS[name][2], 0.5)
    module, keys = build(name, **rates), jax.random.split(jax.random.key(0))
    data = problem_for(name)
    evaluated = predict(module, data)
    first, second = predict(module, data, keys[0]), predict(module, data, keys[1])
    np.testing.assert_array_equal(predict(module, data, keys[0]), first)
    for a, b in ((first, second), (first, evaluated), (second, evaluated)):
        assert np.abs(a - b).max() > 1e-3
    # at rate 0 even a key changes nothing, and the rates change no evaluation
    rateless = build(name, **off(name))
    np.testing.assert_array_equal(evaluated, predict(rateless, data))
    np.testing.assert_allclose(evaluated, predict(rateless, data, keys[0]), atol=1e-12)
    for rate in MODELS[name][2]:
        alone = predict(build(name, **off(name, **{rate: 0.5})), data, keys[0])
        assert np.abs(alone - evaluated).max() > 1e-3

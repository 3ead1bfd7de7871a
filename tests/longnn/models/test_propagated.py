"""Mini-batches of propagated terms: values and gradients are those of the full batch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import longnn
import polybases
from longnn.models.dropout import drop
from longnn.models.names import by_name
from longnn.models.propagated import Propagated
from longnn.training.task import CLASSIFICATION

DATA = longnn.data.csbm.generate(nodes=90, features=12, phi=-0.5)
ORDER, PARTS = 6, 3

MODELS = {
    "longnn": ("longnn", {"alpha": 0.4, "beta": -0.3}),
    "far from the fixed basis": ("longnn", {"alpha": 3.0, "beta": -0.9}),
    "no decomposition": ("longnn", {"coefficient_decomposition": False}),
    "shared": ("longnn", {"shared": True}),
    "linear": ("longnn", {"embedding": "linear"}),
    "layer norm": ("longnn", {"layer_norm": True}),
    "monic": ("longnn", {"scale": "monic"}),
    "bernnet": ("bernnet", {}),
    "chebnetii": ("chebnetii", {}),
    "gprgnn": ("gprgnn", {}),
    "favardgnn": ("favardgnn", {}),
}


def build(name, settings, dtype):
    model = by_name(name)
    options = {"order": ORDER, "placement": "before", "dropout": 0.0, "dtype": dtype} | settings
    made = model(12, 2, rngs=nnx.Rngs(3), **options)
    # no value as at the start, where much is equal
    graphdef, params, rest = nnx.split(made, nnx.Param, ...)
    leaves, tree = jax.tree.flatten(params)
    rng = np.random.default_rng(0)
    leaves = [leaf + 0.1 * rng.standard_normal(leaf.shape).astype(dtype) for leaf in leaves]
    return graphdef, jax.tree.unflatten(tree, leaves), rest


def problem(dtype):
    operator = longnn.normalized_adjacency(DATA.graph, backend="segment_sum", dtype=dtype)
    features = longnn.as_features(DATA.features, backend="segment_sum", dtype=dtype)
    basis = polybases.jacobi(ORDER, np.float64(0.0), np.float64(0.0))
    matrix = longnn.graphs.scaling.shift_matrix(DATA.graph).toarray()
    terms = polybases.expand(basis, jnp.asarray(matrix), jnp.asarray(DATA.features, jnp.float64))
    return operator, features, Propagated(terms.astype(dtype), basis)


def parts_of(terms):
    order = np.random.default_rng(1).permutation(90)
    for nodes in np.array_split(order, PARTS):
        yield nodes, Propagated(terms.terms[:, nodes], terms.basis)


def distance(found, exact):
    return np.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(found, exact, strict=True)))


def gradients(name, settings, dtype):
    """(of the full batch, the sum over mini-batches), each [loss, leaves...] in float64."""
    graphdef, params, rest = build(name, settings, dtype)
    operator, features, terms = problem(dtype)
    labels, everything = jnp.asarray(DATA.labels), jnp.ones(90, bool)

    def loss(params, given, labels, mask, share):
        model = nnx.merge(graphdef, params, rest)
        outputs = CLASSIFICATION.finish(model(*given))
        return share * CLASSIFICATION.loss(outputs, labels, mask)

    grad = jax.jit(jax.value_and_grad(loss))
    full = grad(params, (operator, features), labels, everything, 1.0)
    total = None
    for nodes, part in parts_of(terms):
        found = grad(params, (part, part), labels[nodes], everything[nodes], len(nodes) / 90)
        total = found if total is None else jax.tree.map(jnp.add, total, found)
    as_numbers = lambda tree: [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(tree)]  # noqa: E731
    return as_numbers(full), as_numbers(total)


@pytest.mark.parametrize(
    "case", [c if c == "linear" else pytest.param(c, marks=pytest.mark.slow) for c in MODELS]
)
def test_gradients_of_mini_batches_add_up_to_those_of_the_full_batch(case):
    """In float64 to rounding; in float32 as near to float64 as the full batch, within twice."""
    name, settings = MODELS[case]
    exact, summed = gradients(name, settings, jnp.float64)
    assert len(exact) > 3
    for a, b in zip(exact, summed, strict=True):
        assert np.abs(a).max() > 1e-7, "a parameter that nothing depends on shows nothing"
        np.testing.assert_allclose(b, a, atol=1e-10 * max(1, np.abs(a).max()))
    full, summed = gradients(name, settings, jnp.float32)
    size = np.sqrt(sum((a**2).sum() for a in exact))
    assert distance(summed, exact) <= 2 * distance(full, exact) + 1e-7 * size


@pytest.mark.parametrize("channels", [1, 16], ids=["shared", "each channel"])
def test_sums_over_many_nodes_are_accurate_in_float32(channels):
    """As many numbers as nodes and features are summed up, whose sum is near to 0."""
    rng = np.random.default_rng(0)
    terms = rng.standard_normal((4, 50_000, 16)).astype(np.float32)
    weight, theta = jnp.eye(16, dtype=jnp.float32), jnp.ones((4, channels), jnp.float32)
    away = rng.standard_normal((50_000, 16)).astype(np.float32)
    given = Propagated(jnp.asarray(terms), polybases.jacobi(3, 0.0, 0.0))
    basis = polybases.jacobi(3, jnp.float32(0.0), jnp.float32(0.0))
    found = jax.grad(lambda t: jnp.sum(away * given.filtered(basis, t, weight)))(theta)
    each = terms.astype(np.float64) * away
    exact = each.sum(axis=1) if channels == 16 else each.sum(axis=(1, 2))[:, None]
    # the length of a random walk of so many steps; one long sum is some hundred times farther
    assert np.abs(found - exact).max() < 1e-6 * np.sqrt((each**2).sum(axis=(1, 2)).max())


def test_dropout_takes_a_feature_from_all_terms_of_its_node():
    graphdef, params, rest = build("longnn", {"dropout": 0.5, "alpha": 1.0}, jnp.float64)
    _, _, terms = problem(jnp.float64)
    model = nnx.merge(graphdef, params, rest)
    key = jax.random.key(2)
    linear, theta = model.embedding, model.filters[0].terms()
    kept = drop(jnp.ones((90, 12)), 0.5, key)
    masked = Propagated(terms.terms * kept, terms.basis)
    found = terms.filtered(*theta, linear.kernel[...], 0.5, key)
    np.testing.assert_allclose(found, masked.filtered(*theta, linear.kernel[...]), rtol=1e-12)
    assert 0.4 < (kept == 0).mean() < 0.6
    once, again = (model(terms, terms, key=jax.random.key(n)) for n in (0, 1))
    assert not np.allclose(once, again)


def test_other_placements_are_refused():
    graphdef, params, rest = build("longnn", {"placement": "after"}, jnp.float64)
    _, _, terms = problem(jnp.float64)
    with pytest.raises(ValueError, match="placement='before'"):
        nnx.merge(graphdef, params, rest)(terms, terms)
    graphdef, params, rest = build("longnn", {"order": ORDER + 1}, jnp.float64)
    with pytest.raises(ValueError, match="two bases of one order"):
        nnx.merge(graphdef, params, rest)(terms, terms)

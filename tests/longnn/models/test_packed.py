"""Terms in few bits on the device: the numbers of the store, gradients, and less memory."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import longnn
import polybases
from longnn.models.packed import Packed, PackedGroup
from longnn.models.propagated import Propagated
from longnn.stores import compress, power_law, propagate
from longnn.stores.packing import Tiles, encode

NODES, ORDER = 600, 4
BASIS = polybases.jacobi(ORDER, np.float64(0.0), np.float64(0.0))
BITS = (1, 16, 8, 4, 2)


def stored(folder, features=70, columns=100, bits=BITS):
    graph = power_law(folder / "graph", NODES, 6.0, seed=2)
    x = np.random.default_rng(0).standard_normal((NODES, features))
    memory = 2 * NODES * 4 * (columns + 0.5) / 1e9
    terms = propagate(folder / "terms", graph, x, BASIS, memory_gb=memory)
    return compress(folder / "few", terms, bits)


@pytest.mark.parametrize(("features", "columns"), [(70, 100), (70, 30), (7, 100), (150, 200)])
def test_terms_are_those_of_the_store(tmp_path, features, columns):
    few = stored(tmp_path, features, columns)
    terms = Packed.of(few)
    assert terms.shape == (ORDER + 1, NODES, features)
    assert sum(leaf.nbytes for leaf in jax.tree.leaves(terms)) == few.bytes
    expected = few.rows(0, NODES)
    size = np.abs(expected).max()
    for k, unit in enumerate(jnp.eye(ORDER + 1, dtype=jnp.float32)):
        found = terms.combined(unit)
        np.testing.assert_allclose(found, expected[k], rtol=2e-7, atol=2e-7 * size)


def plain_and_packed(few):
    plain = Propagated(jnp.asarray(few.rows(0, NODES)), few.basis)
    return plain, Propagated(Packed.of(few), few.basis)


@pytest.mark.parametrize(("channels", "rate"), [(1, 0.4), (5, 0.0), (5, 0.4)])
def test_values_and_gradients_are_those_of_the_numbers(tmp_path, channels, rate):
    pair = plain_and_packed(stored(tmp_path))
    rng = np.random.default_rng(1)
    theta = jnp.asarray(rng.standard_normal((ORDER + 1, channels)), jnp.float32)
    weight = jnp.asarray(rng.standard_normal((70, 5)), jnp.float32)
    key = jax.random.key(3) if rate else None

    def loss(terms, alpha, theta, weight):
        basis = polybases.jacobi(ORDER, alpha, jnp.float32(0.5))
        return (terms.filtered(basis, theta, weight, rate, key) ** 2).mean()

    found = [
        jax.value_and_grad(loss, (1, 2, 3))(terms, jnp.float32(0.3), theta, weight)
        for terms in pair
    ]
    for a, b in zip(*map(jax.tree.leaves, found), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-4 * float(jnp.abs(a).max()))


@pytest.mark.parametrize("channels", [1, 5])
def test_a_step_takes_the_memory_of_few_terms_whatever_the_order(channels):
    """In a loop over steps of two runs, as training is: nothing is unpacked before the loop."""
    nodes, width, tiles = 1000, 100, Tiles.of(100)
    one = nodes * width * 4  # a term of float32
    codes, ends = encode(np.random.default_rng(0).standard_normal((nodes, width)), 8, tiles)
    beside = []
    for order in (4, 12):
        of_all = (jnp.asarray(np.stack([part] * (order + 1))) for part in (codes, ends))
        group = PackedGroup(*of_all, tuple(range(order + 1)), 8, tiles, (0, width))
        fixed = polybases.jacobi(order, np.float64(0.0), np.float64(0.0))
        basis = polybases.jacobi(order, jnp.float32(0.5), jnp.float32(0.5))

        def train(terms, theta, weight, basis=basis):
            def loss(theta, weight):
                return (terms.filtered(basis, theta, weight) ** 2).mean()

            def step(state, _):
                gradient = jax.vmap(jax.grad(loss, (0, 1)))(*state)
                return jax.tree.map(lambda a, b: a - 0.1 * b, state, gradient), None

            return jax.lax.scan(step, (theta, weight), length=3)[0]

        terms = Propagated(Packed((group,), order), fixed)
        start = jnp.ones((2, order + 1, channels)), jnp.ones((2, width, 5))
        memory = jax.jit(train).lower(terms, *start).compile().memory_analysis()
        assert memory.argument_size_in_bytes < 0.28 * one * (order + 1)
        beside.append(memory.temp_size_in_bytes / one)
    assert beside[1] < beside[0] + 0.5
    assert beside[1] < 10


@pytest.mark.slow
def test_a_model_is_trained_on_them(tmp_path):
    few = stored(tmp_path)
    labels = np.arange(NODES) % 3
    splits = longnn.data.Splits("own", np.random.default_rng(1).integers(0, 3, (2, NODES)))
    curves = []
    for terms in plain_and_packed(few):
        problem = longnn.training.Problem(terms, terms, jnp.asarray(labels))
        run = longnn.fit(
            "longnn",
            problem,
            splits,
            classes=3,
            optim=longnn.Optim(max_epochs=5),
            settings={"placement": "before", "order": ORDER, "hidden": 8},
        )
        curves.append(run.curves["loss"])
    np.testing.assert_allclose(curves[1], curves[0], rtol=1e-5)


def test_terms_as_they_were_computed_are_refused(tmp_path):
    stored(tmp_path)
    with pytest.raises(ValueError, match="as they were computed"):
        Packed.of(longnn.stores.StoredTerms(tmp_path / "terms"))

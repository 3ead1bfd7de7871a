"""The hash behind dropout: rates and correlations within stated bounds."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from longnn.models.dropout import NodeKey, ThreefryKey, drop, keep_mask, split_key

pytestmark = pytest.mark.device

SIZE = 1 << 14
SIGMA = SIZE**-0.5
"""Standard deviation of the correlation of two independent masks."""

mask = jax.jit(keep_mask, static_argnums=2)
threefry = jax.jit(lambda key, rate: keep_mask(ThreefryKey(key), rate, SIZE))
masks_of = jax.jit(jax.vmap(lambda key, rate: keep_mask(key, rate, SIZE), (0, None)))


def signs(masks) -> np.ndarray:
    """[members, size] of mean about 0 and variance 1, for masks of rate 1/2."""
    return 2.0 * np.asarray(masks) - 1


KEYS = {
    "seeds 0 .. 31": jax.vmap(jax.random.key)(jnp.arange(32)),
    "seeds apart by 2^16": jax.vmap(jax.random.key)(jnp.arange(32) << 16),
    "split": jax.random.split(jax.random.key(0), 32),
    "steps (fold_in)": jax.vmap(lambda i: jax.random.fold_in(jax.random.key(0), i))(jnp.arange(32)),
}


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("family", KEYS)
def test_share_kept(family, rate):
    """Each key within 5 standard deviations of the binomial law, all together within 4."""
    kept = np.asarray(masks_of(KEYS[family], rate)).mean(1)
    sigma = (rate * (1 - rate)) ** 0.5 * SIGMA
    assert np.abs(kept - (1 - rate)).max() <= 5 * sigma
    assert abs(kept.mean() - (1 - rate)) <= 4 * sigma / len(kept) ** 0.5
    # as spread as independent draws: a mask that always keeps the same share is no dropout
    assert 0.5 * sigma <= kept.std() <= 1.6 * sigma


@pytest.mark.parametrize("family", KEYS)
def test_masks_of_different_keys_are_uncorrelated(family):
    """All 496 pairs, at equal places and at places one apart: 5 standard deviations."""
    s = signs(masks_of(KEYS[family], 0.5))
    for other in (s, np.roll(s, 1, axis=1)):
        correlation = s @ other.T / SIZE
        np.fill_diagonal(correlation, 0)
        assert np.abs(correlation).max() <= 5 * SIGMA


@pytest.mark.parametrize("family", KEYS)
@pytest.mark.parametrize("lag", [1, 2, 3, 7, 8, 64, 1024, 1433])
def test_places_of_one_mask_are_uncorrelated(family, lag):
    """Neighbours, powers of two and a row of Cora's features apart, under 32 keys."""
    s = signs(masks_of(KEYS[family], 0.5))
    each = (s[:, lag:] * s[:, :-lag]).mean(1)
    assert np.abs(each).max() <= 5 * SIGMA
    assert abs(each.mean()) <= 4 * SIGMA / len(each) ** 0.5


@pytest.mark.parametrize("family", KEYS)
def test_places_are_kept_equally_often(family):
    """Over 32 keys each of the places is a binomial(32, 1/2) count: its variance is 8."""
    count = np.asarray(masks_of(KEYS[family], 0.5)).sum(0)
    assert count.mean() == pytest.approx(16, abs=4 * 8**0.5 / SIZE**0.5)
    assert count.var() == pytest.approx(8, rel=0.06)


def test_same_key_same_mask_and_another_key_another():
    key, other = jax.random.key(3), jax.random.key(4)
    assert (mask(key, 0.5, SIZE) == keep_mask(key, 0.5, SIZE)).all()
    assert (mask(key, 0.5, SIZE) != mask(other, 0.5, SIZE)).any()


def test_higher_rates_drop_more_of_the_same():
    """One uniform number per place: what rate 0.2 drops, 0.6 drops too."""
    key = jax.random.key(5)
    assert (mask(key, 0.6, SIZE) <= mask(key, 0.2, SIZE)).all()


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("rate", [0.25, 0.6])
def test_dropout_scales_what_it_keeps(rate, dtype):
    x = jnp.asarray(np.random.default_rng(0).normal(size=(40, 30)) + 10, dtype)
    got = drop(x, rate, jax.random.key(0))
    assert got.dtype == dtype
    kept = np.asarray(got) != 0
    assert 0.5 * (1 - rate) < kept.mean() < 1 - 0.5 * rate
    rtol = 1e-6 if dtype == jnp.float32 else 1e-14
    np.testing.assert_allclose(got[kept], np.asarray(x)[kept] / (1 - rate), rtol=rtol)


def test_rate_zero_keeps_all():
    x = jnp.linspace(1, 2, 1000)
    for seed in range(20):
        assert (drop(x, 0.0, jax.random.key(seed)) == x).all()


def test_no_key_means_evaluation():
    x = jnp.linspace(1, 2, 10)
    assert drop(x, 0.9, None) is x


def test_gradient_passes_through_the_kept_entries_only():
    x, key = jnp.linspace(1, 2, 100), jax.random.key(1)
    slope = np.asarray(jax.grad(lambda x: drop(x, 0.5, key).sum())(x))
    np.testing.assert_allclose(slope, np.where(drop(x, 0.5, key) != 0, 2.0, 0.0))
    at_zero = jax.grad(lambda x: drop(x, 0.5, key).sum())(jnp.zeros(100))
    np.testing.assert_allclose(at_zero, slope)


def test_rate_is_traced():
    traces = []

    @jax.jit
    def run(x, rate, key):
        traces.append(None)
        return drop(x, rate, key)

    x = jnp.ones(SIZE)
    for seed, rate in enumerate((0.0, 0.1, 0.5, 0.9)):
        kept = float((run(x, rate, jax.random.key(seed)) != 0).mean())
        assert kept == pytest.approx(1 - rate, abs=0.02)
    assert len(traces) == 1


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.9])
def test_threefry_keeps_the_share_and_differs_from_the_hash(rate):
    key = jax.random.key(5)
    kept = np.asarray(threefry(key, rate))
    assert abs(kept.mean() - (1 - rate)) <= 5 * (rate * (1 - rate)) ** 0.5 * SIGMA
    if rate:
        assert (kept != np.asarray(mask(key, rate, SIZE))).mean() > 0.05


def test_split_keeps_the_kind_of_a_key():
    key = jax.random.key(7)
    plain, wrapped = split_key(key, 3), split_key(ThreefryKey(key), 3)
    for one, other in zip(plain, wrapped, strict=True):
        assert isinstance(other, ThreefryKey)
        assert jax.random.key_data(one).tolist() == jax.random.key_data(other.key).tolist()
    assert split_key(None, 2) == [None, None]


@pytest.mark.parametrize("shape", [(6,), (6, 5), (6, 2, 3)])
def test_bits_belong_to_nodes_whatever_their_order(shape):
    key, node = jax.random.key(8), np.array([4, -1, 0, 5, 2, 1, 3, -1])
    x = np.random.default_rng(0).normal(size=shape)
    whole = np.asarray(drop(jnp.asarray(x), 0.5, key))
    rows = np.asarray(drop(jnp.asarray(x[node]), 0.5, NodeKey(key, jnp.asarray(node, jnp.int32))))
    np.testing.assert_array_equal(rows[node >= 0], whole[node[node >= 0]])
    assert (whole == 0).any()


def test_parts_of_a_key_of_nodes_are_those_of_its_key():
    key, node = jax.random.key(9), jnp.arange(3, dtype=jnp.int32)
    for one, other in zip(split_key(key, 3), split_key(NodeKey(key, node), 3), strict=True):
        assert jax.random.key_data(one).tolist() == jax.random.key_data(other.key).tolist()
        assert other.node is node

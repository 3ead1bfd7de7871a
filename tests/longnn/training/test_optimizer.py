"""Adam with groups against a hand-written Adam with coupled decay."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from longnn.training.optimizer import group_labels, grouped_adam
from tests.training_oracles import numpy_adam

RATES = {
    "mlp": {"lr": 0.1, "weight_decay": 0.3},
    "coefficients": {"lr": 0.02, "weight_decay": 0.0},
    "basis": {"lr": 0.5, "weight_decay": 2.0},
    "unused": {"lr": 1.0, "weight_decay": 1.0},
}
GROUP_OF = {"kernel": "mlp", "filter": "coefficients", "exponent": "basis", "plain": "mlp"}


class Grouped(nnx.Module):
    """Parameters of three named groups, and one without a name."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.kernel = nnx.Param(jnp.asarray(rng.normal(size=(3, 2))), group="mlp")
        self.filter = nnx.Param(jnp.asarray(rng.normal(size=4)), group="coefficients")
        self.exponent = nnx.Param(jnp.asarray(rng.normal()), group="basis")
        self.plain = nnx.Param(jnp.asarray(rng.normal(size=2)))


@pytest.fixture
def params():
    return nnx.state(Grouped(), nnx.Param)


def arrays(state) -> dict[str, np.ndarray]:
    return {name: np.asarray(leaf) for name, leaf in nnx.to_pure_dict(state).items()}


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_equals_numpy_adam_in_every_group(params, dtype):
    params = jax.tree.map(lambda leaf: leaf.astype(dtype), params)
    start, rng, gradients = arrays(params), np.random.default_rng(1), []
    optimizer = grouped_adam(group_labels(params), RATES)
    state = optimizer.init(params)
    for _ in range(5):
        gradient = jax.tree.map(lambda a: jnp.asarray(rng.normal(size=a.shape), a.dtype), params)
        gradients.append(arrays(gradient))
        updates, state = optimizer.update(gradient, state, params)
        params = optax.apply_updates(params, updates)
    for name, got in arrays(params).items():
        exact = numpy_adam(start[name], [g[name] for g in gradients], **RATES[GROUP_OF[name]])
        assert got.dtype == dtype
        tolerance = 1e-12 if dtype == jnp.float64 else 1e-5
        np.testing.assert_allclose(got, exact, rtol=tolerance, atol=tolerance, err_msg=name)


def test_labels_follow_group_and_default_to_mlp(params):
    labels = nnx.to_pure_dict(group_labels(params))
    assert labels == GROUP_OF


def test_group_without_rates_is_named(params):
    labels = group_labels(params)
    with pytest.raises(
        ValueError, match=r"\['basis', 'coefficients'\].*\['mlp'\].*optim\.groups\.basis\.lr"
    ):
        grouped_adam(labels, {"mlp": RATES["mlp"]})

"""Any transformation of optax in the place of Adam: alone and by group, as a batch and alone."""

from dataclasses import asdict

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

import longnn
from longnn.models import MLP, LonGNN
from longnn.training import METRICS, Optim, Trial, fit, fit_each
from longnn.training.executable import _compiled
from longnn.training.optimizer import group_labels
from longnn.training.schedules import SCHEDULES
from tests.longnn.training.test_fit import Product, assert_same
from tests.toy import C, problem, rates, splits
from tests.training_oracles import numpy_adam

pytestmark = pytest.mark.slow

BY_GROUP = {
    "mlp": optax.adamw(0.02),
    "decomposition": optax.sgd(0.1),
    "coefficients": optax.sgd(0.05, momentum=0.9),
    "basis": optax.adam(optax.cosine_decay_schedule(0.1, 10)),
}
TRANSFORMATIONS = {
    "momentum": optax.sgd(0.5, momentum=0.9, nesterov=True),
    "decoupled decay": optax.adamw(0.02, weight_decay=0.1),
    "schedule": optax.adam(optax.cosine_decay_schedule(0.1, 10)),
    "clipped": optax.chain(optax.clip_by_global_norm(0.1), optax.rmsprop(0.01)),
    "looks at the loss": optax.chain(optax.adam(0.01), optax.contrib.reduce_on_plateau(patience=2)),
    "line search": optax.lbfgs(),
}
PERCEPTRON = {"hidden": 4, "dropout": 0.0}


def train(optim, model=MLP, settings=PERCEPTRON, chosen=None, **options):
    chosen = splits() if chosen is None else chosen
    optim = Optim(transformation=optim, max_epochs=12)
    options |= {"classes": C, "settings": settings, "chunk": 12}
    return fit(model, problem(), chosen, optim=optim, **options)


@pytest.mark.slow
@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_each_run_of_a_batch_equals_the_run_alone(name):
    together = train(TRANSFORMATIONS[name], seeds=2)
    alone = train(TRANSFORMATIONS[name], chosen=splits(1), seeds=[1])
    assert alone.runs == [together.runs[3]]
    assert_same(alone, together, [3], rtol=1e-8, atol=1e-8)
    assert (together.curves["loss"][:, -1] < together.curves["loss"][:, 0]).all()


@pytest.mark.slow
def test_by_group_each_run_equals_the_run_alone():
    settings = {"order": 3, "hidden": 4, "dropout": 0.3}
    together = train(BY_GROUP, LonGNN, settings, seeds=2)
    alone = train(BY_GROUP, LonGNN, settings, splits(1), seeds=[1])
    assert_same(alone, together, [3], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("by_group", [False, True])
def test_two_steps_by_hand(monkeypatch, by_group):
    """Momentum, m <- 0.9 m + g and p <- p - lr m; by group with rates of its own."""
    monkeypatch.setitem(METRICS, "constant", lambda *_: jnp.zeros(()))  # selects the last epoch
    data, only = problem(), splits(1)
    lr = {"mlp": 0.3, "coefficients": 0.1, "decomposition": 0.0} if by_group else {}
    chosen = {g: optax.sgd(v, momentum=0.9) for g, v in lr.items()} or optax.sgd(0.3, momentum=0.9)
    got = fit(
        Product, data, only, classes=C, metric="constant",
        optim=Optim(transformation=chosen, max_epochs=3),
    )  # fmt: skip
    model = Product(6, C, dtype=jnp.float64, rngs=None)
    graphdef, params = nnx.split(model)
    one_hot = np.eye(C)[np.asarray(data.labels)] * only.train[0][:, None]

    @jax.grad
    def slope(p):
        out = jax.nn.log_softmax(nnx.merge(graphdef, p)(data.operator, data.features))
        return -jnp.sum(out * one_hot) / only.train[0].sum()

    rate = jax.tree.map(lambda group: lr.get(group, 0.3), group_labels(params))
    m = jax.tree.map(jnp.zeros_like, params)
    for _ in range(3):
        m = jax.tree.map(lambda a, g: 0.9 * a + g, m, slope(params))
        params = jax.tree.map(lambda p, r, a: p - r * a, params, rate, m)
    for found, expected in zip(jax.tree.leaves(got.params), jax.tree.leaves(params), strict=True):
        np.testing.assert_allclose(found[0], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.slow
def test_one_object_is_compiled_once():
    before = _compiled.cache_info().misses
    momentum = optax.sgd(0.2, momentum=0.5)
    train(momentum)
    assert _compiled.cache_info().misses == before + 1
    train(momentum, settings=PERCEPTRON | {"dropout": 0.4}, seeds=[7])
    assert _compiled.cache_info().misses == before + 1
    train(optax.sgd(0.2, momentum=0.5))
    assert _compiled.cache_info().misses == before + 2, "another object may compute anything"


@pytest.mark.slow
def test_given_as_it_is():
    momentum, data = TRANSFORMATIONS["momentum"], problem()
    options = {"classes": C, "settings": PERCEPTRON}
    whole = fit(MLP, data, splits(1), optim=Optim(transformation=momentum), **options)
    assert_same(fit(MLP, data, splits(1), optim=momentum, **options), whole, [0])
    by_group = fit(MLP, data, splits(1), optim={"mlp": momentum}, **options)
    assert_same(by_group, whole, [0], rtol=1e-12, atol=1e-12)


@pytest.mark.slow
def test_trials_share_one_transformation():
    momentum = TRANSFORMATIONS["momentum"]
    trials = [
        Trial(PERCEPTRON | {"dropout": rate}, Optim(transformation=momentum, max_epochs=12))
        for rate in (0.0, 0.3)
    ]
    fits = dict(fit_each(MLP, problem(), splits(), trials, classes=C, chunk=12))
    assert_same(fits[0], train(momentum, settings=trials[0].settings), rtol=1e-9, atol=1e-9)
    with pytest.raises(ValueError, match="one transformation, but trial 1"):
        fit(MLP, problem(), splits(), classes=C, optim=[Optim(), Optim(transformation=momentum)])


def test_defaults_are_those_of_the_config():
    from pathlib import Path

    from omegaconf import OmegaConf

    conf = Path(__file__).parents[3] / "conf/optim"
    node = OmegaConf.to_container(OmegaConf.load(conf / "adam.yaml"))
    assert node.pop("groups") == longnn.training.DEFAULT_RATES
    del node["defaults"]
    assert node == {name: getattr(Optim(), name) for name in node}
    for name, made in SCHEDULES.items():
        numbers = OmegaConf.to_container(OmegaConf.load(conf / f"schedule/{name}.yaml"))
        assert numbers == {"name": name} | asdict(made())


class Elsewhere(MLP):
    """Has a parameter in a group that this library does not know."""

    def __init__(self, in_features, classes, **settings):
        super().__init__(in_features, classes, **settings)
        self.scale = nnx.Param(jnp.ones(classes, settings["dtype"]), group="elsewhere")

    def __call__(self, operator, features, key=None):
        return super().__call__(operator, features, key) * self.scale[...]


def test_defaults_train_every_group(monkeypatch):
    monkeypatch.setitem(METRICS, "constant", lambda *_: jnp.zeros(()))
    options = {"classes": C, "settings": PERCEPTRON, "metric": "constant"}
    got = fit(Elsewhere, problem(), splits(1), optim=Optim(max_epochs=1), **options)
    moved = np.asarray(got.params["scale"][...])
    np.testing.assert_allclose(np.abs(moved - 1), 0.01, rtol=1e-5)  # Adam's first step
    assert numpy_adam(np.ones(1), [np.ones(1)], 0.01, 0.0) == pytest.approx(0.99, rel=1e-6)
    with pytest.raises(ValueError, match=r"group\(s\) \['elsewhere'\], but rates"):
        fit(Elsewhere, problem(), splits(1), optim=Optim(rates()), **options)
    with pytest.raises(ValueError, match=r"group\(s\) \['elsewhere'\], but transformations"):
        fit(Elsewhere, problem(), splits(1), optim={"mlp": optax.sgd(0.1)}, **options)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"decay": "theta"}, "decay='theta' takes its strength from the rates of Adam.*factors"),
        ({"rates": rates()}, "rates are those of Adam, which the transformation replaces"),
        ({"transformation": {"mlp": 0.01}}, r"needs an optax transformation for each.*0\.01"),
        ({"transformation": {}}, "needs an optax transformation for each"),
        ({"transformation": 0.01}, r"must be a longnn.Optim, an optax transformation.*got 0\.01"),
    ],
)
def test_what_does_not_go_together(settings, message):
    with pytest.raises(ValueError, match=message):
        Optim(**{"transformation": optax.sgd(0.1)} | settings)

"""What each option of training does: against optax, scikit-learn, averages and rules by hand."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from sklearn.metrics import log_loss, recall_score
from sklearn.utils.class_weight import compute_class_weight

import longnn
from longnn.training import Cosine, Optim, Plateau, Step, WarmupCosine
from longnn.training.losses import balanced_weights, weighted_nll
from longnn.training.plateau import plateau_next, plateau_start
from longnn.training.schedules import multiplier, name_of, numbers_of
from tests.longnn.training.test_fit import assert_same
from tests.longnn.training.test_loop import PATIENCE, train_scripts
from tests.longnn.training.test_options import EPOCHS, squared, train
from tests.toy import C, problem, splits

SCHEDULES = {
    "cosine": (Cosine(40, 0.1), optax.cosine_decay_schedule(1.0, 40, 0.1)),
    "whole": (Cosine(), optax.cosine_decay_schedule(1.0, EPOCHS)),
    "warm-up": (
        WarmupCosine(8, 40, 0.2, 0.1),
        optax.warmup_cosine_decay_schedule(0.2, 1.0, 8, 40, 0.1),
    ),
    "no warm-up": (WarmupCosine(0, 40), optax.cosine_decay_schedule(1.0, 40)),
    "step": (Step(7, 0.3), optax.exponential_decay(1.0, 7, 0.3, staircase=True)),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_those_of_optax(name):
    schedule, expected = SCHEDULES[name]
    numbers, epochs = numbers_of(schedule, EPOCHS), jnp.arange(60)
    got = jax.jit(jax.vmap(lambda t, v: multiplier(name_of(schedule), v, t, float), (0, None)))
    np.testing.assert_allclose(got(epochs, numbers), expected(epochs), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("plateau", [Plateau(0.5, 2), Plateau(0.1, 1, 0.1, 3), Plateau(floor=0.3)])
def test_a_plateau_is_that_of_optax(plateau):
    losses = np.abs(np.cumsum(np.random.default_rng(3).normal(size=80))) + 1.0
    numbers = numbers_of(plateau, EPOCHS)
    theirs = optax.contrib.reduce_on_plateau(
        factor=plateau.factor, patience=plateau.patience, rtol=plateau.rtol,
        cooldown=plateau.cooldown, min_scale=plateau.floor,
    )  # fmt: skip
    step = jax.jit(lambda loss, state: theirs.update({}, state, value=loss)[1])
    ours, state = plateau_start(float), theirs.init({"a": jnp.zeros(())})
    for loss in losses:
        ours = plateau_next(ours, jnp.asarray(loss), numbers)
        state = step(loss, state)
        assert float(ours.scale) == pytest.approx(float(state.scale), rel=1e-12)
    assert float(ours.scale) < 1


def test_a_plateau_halves_at_the_right_epoch(monkeypatch):
    """The loss of the scripts falls by 1 each epoch, but is never below (1 - rtol) times -1."""
    flat = train_scripts(
        monkeypatch, [[5]], schedule=Plateau(patience=4), loss=lambda o, *_: 7.0 + 0 * o.sum()
    )
    expected = 0.5 ** np.maximum((np.arange(20) - 1) // 4, 0)
    np.testing.assert_allclose(flat.curves["rate"][0], expected)


def test_averaged_weights_are_the_average_by_hand(monkeypatch):
    decay = 0.7
    plain = train_scripts(monkeypatch, [range(20)]).curves["time"][0]
    got = train_scripts(monkeypatch, [range(20)], ema=decay)
    for t in range(20):
        factors = decay ** np.arange(t, -1, -1)
        expected = (factors * plain[: t + 1]).sum() / factors.sum()
        assert got.curves["time"][0, t] == pytest.approx(expected, rel=1e-9)
    kept = jax.tree.leaves(got.params)[0][0]
    assert kept == pytest.approx(got.curves["time"][0, got.runs[0]["best_epoch"] - 1], rel=1e-12)


RULES = {  # scores -> (selected, epochs) for patience 3, counting what is not better
    "rising": (range(20), (20, 20)),
    "constant": ([5], (1, 1 + PATIENCE + 1)),
    "tie later": ([1, 5, 3, 5, 3], (2, 6)),
    "better at the last chance": ([5, 5, 5, 5, 6, 1], (5, 9)),
}


def test_patience_counts_what_is_not_better(monkeypatch):
    scripts = [script for script, _ in RULES.values()]
    got = train_scripts(monkeypatch, scripts, patience_counts="not_better")
    found = [(run["best_epoch"], run["epochs"]) for run in got.runs]
    assert found == [expected for _, expected in RULES.values()]


def test_another_quantity_stops_a_run(monkeypatch):
    """The scripted score rises for ever; the loss falls in training and rises in validation."""
    sign = jnp.array([-1.0, 1.0, 0.0])  # of the node of each part
    own = lambda outputs, _, mask: jnp.sum(jnp.where(mask, sign * outputs[:, 0], 0))  # noqa: E731
    got = train_scripts(monkeypatch, [range(20)], stop="val_loss", loss=own)
    np.testing.assert_allclose(got.curves["val_loss"][0, :5], range(1, 6), rtol=1e-6)
    assert (got.runs[0]["best_epoch"], got.runs[0]["epochs"]) == (1, 1 + PATIENCE + 1)
    np.testing.assert_allclose(got.curves["val"][0, :5], range(5))


rng = np.random.default_rng(5)
LABELS = rng.choice(4, 30, p=[0.6, 0.2, 0.15, 0.05])
MASK = rng.random(30) < 0.7
LOG_P = np.asarray(jax.nn.log_softmax(jnp.asarray(rng.normal(size=(30, 4)))))


def test_balanced_weights_are_those_of_scikit_learn():
    here = np.unique(LABELS[MASK])
    expected = compute_class_weight("balanced", classes=here, y=LABELS[MASK])
    np.testing.assert_allclose(balanced_weights(LABELS, MASK, 4)[here], expected, rtol=1e-12)


def test_a_weighted_loss_is_that_of_scikit_learn():
    weights = np.array([0.5, 1.0, 3.0, 7.0])
    got = weighted_nll(jnp.asarray(LOG_P), jnp.asarray(LABELS), jnp.asarray(MASK),
                       weights=jnp.asarray(weights))  # fmt: skip
    expected = log_loss(LABELS[MASK], np.exp(LOG_P[MASK]), labels=range(4),
                        sample_weight=weights[LABELS[MASK]])  # fmt: skip
    assert float(got) == pytest.approx(expected, rel=1e-9)


def test_smoothed_labels_by_hand():
    got = weighted_nll(jnp.asarray(LOG_P), jnp.asarray(LABELS), jnp.asarray(MASK), smoothing=0.2)
    target = 0.8 * np.eye(4)[LABELS] + 0.05
    expected = -(target * LOG_P).sum(1)[MASK].mean()
    assert float(got) == pytest.approx(expected, rel=1e-12)


def few(**options):
    return train(Optim(max_epochs=EPOCHS, **options), chosen=splits(1))


@pytest.mark.slow
def test_a_schedule_and_clipping_are_those_within_optax():
    rates = optax.cosine_decay_schedule(0.5, EPOCHS)
    within = few(transformation=optax.chain(optax.clip_by_global_norm(0.1), optax.sgd(rates)))
    beside = few(transformation=optax.sgd(0.5), schedule="cosine", clip=0.1)
    assert beside.curves.pop("rate")[0, 0] == 1.0
    assert_same(beside, within, [0], rtol=1e-9, atol=1e-9)


@pytest.mark.slow
def test_a_loss_of_ones_own_is_what_the_curves_show():
    got, data, parts = few(loss=squared), problem(), splits(1)
    best = got.runs[0]["best_epoch"] - 1
    shown = squared(jnp.asarray(got.outputs[0]), data.labels, jnp.asarray(parts.val[0]))
    assert got.curves["val_loss"][0, best] == pytest.approx(float(shown), rel=1e-9)
    assert got.program.task.loss_name == "squared"


@pytest.mark.slow
def test_class_weights_raise_the_recall_of_a_rare_class():
    data = longnn.data.blocks.generate(nodes=400, classes=8, separation=0.6, seed=1)
    rare = (data.labels == 0).astype(int)  # one node in eight
    data = replace(data, labels=rare, classes=2, class_names=("0", "1"))
    parts = longnn.data.splits.stratified(data, count=3)
    recall = {}
    for weights in (None, "balanced"):
        optim = Optim(max_epochs=60, class_weights=weights)
        run = longnn.fit("mlp", data, parts, optim=optim)
        guessed = run.outputs.argmax(-1)
        recall[weights] = np.mean([
            recall_score(data.labels[test], guess[test], labels=[1], average="macro")
            for guess, test in zip(guessed, parts.test, strict=True)
        ])  # fmt: skip
    assert recall["balanced"] > recall[None] + 0.2


WRONG = [
    ({"schedule": "linear"}, "unknown schedule 'linear'; choose one of constant, cosine"),
    ({"schedule": 3}, "schedule must be one of constant"),
    ({"schedule": Cosine(floor=2.0)}, "schedule.floor must be a number in"),
    ({"clip": 0.0}, "clip must be a number in"),
    ({"ema": 1.0}, "ema must be a number in"),
    ({"label_smoothing": 1.0}, "label_smoothing must be a number in"),
    ({"class_weights": "heavy"}, "class_weights must be balanced, or a list of numbers"),
    ({"class_weights": [0.0, 0.0]}, "not all 0"),
    ({"stop": "val_los"}, "unknown stop 'val_los'; did you mean val_loss"),
    ({"patience_counts": "equal"}, "unknown patience_counts 'equal'"),
    ({"loss": "mine"}, "loss must be a function of"),
    ({"loss": squared, "label_smoothing": 0.1}, "a loss of your own replaces"),
]


@pytest.mark.parametrize(("given", "message"), WRONG)
def test_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Optim(**given)


NOT_WITH_THE_DATA = [
    ({"class_weights": [1.0, 2.0]}, f"class_weights has 2 numbers, but there are {C} classes"),
    ({"schedule": WarmupCosine(EPOCHS)}, "warms up for 50 epochs of 50"),
    ({"stop": "val_r2"}, "metric r2 is of one value per node"),
    ({"loss": lambda outputs, *_: outputs}, "must give one real number"),
]


@pytest.mark.parametrize(("given", "message"), NOT_WITH_THE_DATA)
def test_refused_with_these_data(given, message):
    with pytest.raises(ValueError, match=message):
        few(**given)

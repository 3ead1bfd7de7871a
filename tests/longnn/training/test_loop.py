"""The rules of the compiled loop, on a model whose validation scores are written by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from longnn.data.splits import Splits
from longnn.models.features import as_features
from longnn.training import METRICS, Optim, Problem, builder, fit
from longnn.training.task import CLASSIFICATION
from tests.training_oracles import published_rule

EPOCHS, PATIENCE, CHUNK = 20, 3, 8
BOMB = -1e6  # where the script says so, the log-probabilities are NaN


AS_SAID = CLASSIFICATION._replace(finish=lambda outputs: outputs)


class Clock(nnx.Module):
    """Counts epochs in its one parameter, and says what the features script for that epoch.

    Its loss is -time with gradient -1, so Adam at rate 1 adds 1 each epoch (up to epsilon).
    Row n of X is a script: column t holds what node n says after t updates.
    """

    def __init__(self, in_features, classes, *, dtype, rngs):
        self.time = nnx.Param(jnp.zeros((), dtype))

    def __call__(self, operator, features, key=None):
        time = self.time[...]
        column = jax.nn.one_hot(jnp.round(time).astype(int), features.shape[1], dtype=time.dtype)
        said = features.project(column[:, None])
        return jnp.concatenate([jnp.where(said == BOMB, jnp.nan, time), said], axis=1)

    def scalars(self):
        return {"time": self.time[...]}


def scripted_score(outputs, labels, mask):
    """What the one node in the mask says."""
    return jnp.sum(jnp.where(mask, outputs[:, 1], 0))


def train_scripts(monkeypatch, scripts, in_training=None, hear=lambda _: None, **optim):
    """One run for each script: the scores after epochs 1, 2, ...; the last one is repeated.

    Node 2s trains run s, node 2s+1 validates it, the last node tests.
    """
    monkeypatch.setitem(METRICS, "scripted", scripted_score)
    monkeypatch.setattr(builder, "TASKS", {"classes": AS_SAID})
    x = np.zeros((2 * len(scripts) + 1, EPOCHS + 1))
    part = np.full((len(scripts), len(x)), -1)
    part[:, -1] = 2
    for run, script in enumerate(scripts):
        x[2 * run + 1, 1:] = script[-1]
        x[2 * run + 1, 1 : len(script) + 1] = script
        part[run, 2 * run : 2 * run + 2] = 0, 1
    for run, script in (in_training or {}).items():
        x[2 * run, : len(script)] = script
    data = Problem(jnp.zeros(()), as_features(x, dtype=jnp.float64, density_limit=0),
                   jnp.zeros(len(x), int))  # fmt: skip
    rates = {"mlp": {"lr": 1.0, "weight_decay": 0.0}}
    optim = {"max_epochs": EPOCHS, "patience": PATIENCE} | optim
    return fit(Clock, data, Splits("scripts", part), classes=2, metric="scripted", chunk=CHUNK,
               optim=Optim(rates, **optim), on_progress=hear)  # fmt: skip


SCRIPTS = {  # scores -> (selected epoch, epochs), by hand for patience 3 and 20 epochs
    "rising": (range(20), (20, 20)),
    "constant": ([5], (20, 20)),
    "falling": (range(20, 0, -1), (1, 5)),
    "tie later": ([1, 5, 3, 5, 3], (4, 8)),
    "tie at the last chance": ([5, 1, 1, 1, 5, 1], (5, 9)),
    "tie one epoch late": ([5, 1, 1, 1, 1, 5], (1, 5)),
    "better at the last chance": ([5, 1, 1, 1, 6, 1], (5, 9)),
    "misses do not add up": ([5, 1, 1, 5, 1, 1, 5, 1, 1, 5, 0], (10, 14)),
    "stops at a chunk's end": ([1, 2, 3, 4, 0], (4, 8)),
    "best at the very end": ([*[5, 1, 1] * 6, 5, 6], (20, 20)),
    "negative": ([-3, -2, -4], (2, 6)),
}


def written() -> list[list[int]]:
    """The scores of all scripts, as long as training may last."""
    scores = [list(scores) for scores, _ in SCRIPTS.values()]
    return [s + [s[-1]] * (EPOCHS - len(s)) for s in scores]


def test_rule_on_written_scores(monkeypatch):
    result = train_scripts(monkeypatch, written())
    for run, (name, (_, (selected, epochs))) in zip(result.runs, SCRIPTS.items(), strict=True):
        assert (run["best_epoch"], run["epochs"]) == (selected, epochs), name
        assert not run["diverged"]
    kept = np.asarray(result.params["time"][...])
    np.testing.assert_allclose(kept, [r["best_epoch"] for r in result.runs], rtol=1e-6)
    np.testing.assert_allclose(result.outputs[:, 0, 0], kept)


@pytest.mark.slow
@pytest.mark.parametrize("patience", [0, 1, 4])
@pytest.mark.parametrize("max_epochs", [9, 16, 20])  # inside, at the end of and past a chunk of 8
def test_rule_on_random_scores(monkeypatch, patience, max_epochs):
    scripts = np.random.default_rng(patience).integers(0, 6, (len(SCRIPTS), EPOCHS)).tolist()
    result = train_scripts(monkeypatch, scripts, patience=patience, max_epochs=max_epochs)
    expected = [published_rule(s, patience, max_epochs) for s in scripts]
    assert [(r["best_epoch"], r["epochs"]) for r in result.runs] == expected
    longest = max(epochs for _, epochs in expected)
    for run, (_, epochs) in enumerate(expected):
        curve = result.curves["val"][run]
        assert curve.shape == (longest,)
        np.testing.assert_array_equal(curve[:epochs], scripts[run][:epochs])
        assert np.isnan(curve[epochs:]).all()


def test_curves_are_taken_before_and_after_the_update(monkeypatch):
    """The training loss is that of epoch t's parameters before the update, all else after it."""
    result = train_scripts(monkeypatch, written())
    epochs = np.arange(EPOCHS)
    np.testing.assert_allclose(result.curves["loss"][0], -epochs, rtol=1e-6)
    np.testing.assert_allclose(result.curves["val_loss"][0], -(epochs + 1), rtol=1e-6)
    np.testing.assert_allclose(result.curves["time"][0], epochs + 1, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["training", "validation"])
def test_diverged_run_keeps_its_best_and_stops(monkeypatch, where):
    """Run 1 turns NaN at epoch 6; the others do not notice."""
    scripts = written()
    scripts[1] = [1, 2, 3, 4, 2, 2]
    in_training = {}
    if where == "training":
        in_training[1] = [0] * 5 + [BOMB]  # epoch 6 starts from 5 updates
    else:
        scripts[1] = [1, 2, 3, 4, 2, BOMB]
    result = train_scripts(monkeypatch, scripts, in_training)
    assert result.runs[1] == {
        "split": 1, "seed": 0, "best_epoch": 4, "epochs": 6, "diverged": True
    }  # fmt: skip
    np.testing.assert_allclose(result.params["time"][...][1], 4, rtol=1e-6)
    np.testing.assert_allclose(result.outputs[1, 0, 0], 4, rtol=1e-6)
    name = "loss" if where == "training" else "val_loss"
    finite = np.isfinite(result.curves[name][1])
    np.testing.assert_array_equal(finite, np.arange(EPOCHS) < 5)
    for run, (expected, _) in enumerate(SCRIPTS.items()):
        if run != 1:
            got = result.runs[run]
            assert (got["best_epoch"], got["epochs"]) == SCRIPTS[expected][1]
            assert not got["diverged"]


def test_run_that_never_was_finite_is_named(monkeypatch):
    scripts = written()
    scripts[2] = scripts[5] = [BOMB]
    with pytest.raises(FloatingPointError, match=r"2 run\(s\).*first epoch.*run 2 .*learning rate"):
        train_scripts(monkeypatch, scripts)


def test_progress_after_each_chunk(monkeypatch):
    heard, scripts = [], written()
    train_scripts(monkeypatch, scripts, hear=heard.append)
    ends = [epochs for _, (_, epochs) in SCRIPTS.values()]
    for progress, epoch in zip(heard, [8, 16, 20], strict=True):
        assert (progress.epoch, progress.max_epochs) == (epoch, EPOCHS)
        running = 0 if epoch == EPOCHS else sum(end > epoch for end in ends)
        assert (progress.running, progress.runs) == (running, len(scripts))
    best = [max(s[:e]) for s, e in zip(scripts, ends, strict=True)]
    np.testing.assert_allclose(heard[-1].best_val, 100 * np.mean(best))

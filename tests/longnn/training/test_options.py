"""Options of training: each alone and in a batch, its numbers traced, and that it does its work."""

import jax
import jax.numpy as jnp
import optax
import pytest

from longnn.models import MLP
from longnn.training import Cosine, Optim, Plateau, Recipe, Step, WarmupCosine, fit
from longnn.training.executable import _compiled
from tests.longnn.training.test_fit import assert_same
from tests.toy import C, problem, rates, splits

EPOCHS = 50
PERCEPTRON = {"hidden": 4, "dropout": 0.0}


def squared(outputs, labels, mask):
    """Brier's score, a loss of the user's own."""
    miss = jnp.sum((jnp.exp(outputs) - jax.nn.one_hot(labels, C)) ** 2, -1)
    return jnp.sum(jnp.where(mask, miss, 0)) / mask.sum()


def adamw(numbers):
    return optax.chain(optax.clip(1.0), optax.adamw(numbers[0], weight_decay=numbers[1]))


OPTIONS = {  # three trials of each, which differ in traced numbers alone
    "cosine": [{"schedule": Cosine(floor=f)} for f in (0.0, 0.1, 0.3)],
    "warmup_cosine": [{"schedule": WarmupCosine(w, e)} for w, e in ((5, 40), (9, 45), (0, None))],
    "step": [{"schedule": Step(e, f)} for e, f in ((10, 0.5), (20, 0.1), (7, 0.9))],
    "plateau": [{"schedule": Plateau(f, p, cooldown=3)} for f, p in ((0.5, 2), (0.1, 3), (0.9, 1))],
    "clip": [{"clip": c} for c in (0.05, 0.2, None)],
    "recipe": [{"transformation": Recipe(adamw, n)} for n in ((0.02, 0.1), (0.1, 0.0), (0.1, 1.0))],
    "ema": [{"ema": d} for d in (0.9, 0.5, None)],
    "class_weights": [{"class_weights": w} for w in ("balanced", [1.0, 5.0, 0.5], None)],
    "label_smoothing": [{"label_smoothing": e} for e in (0.1, 0.3, 0.0)],
    "loss": [{"loss": squared}] * 3,
    "stop": [{"stop": "val_loss"}] * 3,
    "stop by another metric": [{"stop": "train_macro_f1"}] * 3,
    "patience_counts": [{"patience_counts": "not_better"}] * 3,
    "all": [
        {"schedule": Plateau(f), "clip": c, "ema": d, "class_weights": "balanced",
         "label_smoothing": 0.1, "stop": "val_loss", "patience_counts": "not_better"}
        for f, c, d in ((0.5, 1.0, 0.9), (0.3, 0.5, 0.8), (0.7, 2.0, 0.7))
    ],
}  # fmt: skip
FEW = {"all"}


def train(optims, seeds=1, chosen=None, model=MLP, settings=PERCEPTRON, **options):
    options = {"classes": C, "settings": settings, "chunk": EPOCHS} | options
    chosen = splits() if chosen is None else chosen
    return fit(model, problem(), chosen, seeds=seeds, optim=optims, **options)


def optim(lr=0.05, **options):
    adam = None if "transformation" in options else rates(lr)
    return Optim(adam, max_epochs=EPOCHS, **options)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in FEW else pytest.mark.slow) for n in OPTIONS]
)
def test_each_run_of_a_batch_of_thirty_equals_the_run_alone(name):
    before = _compiled.cache_info().misses
    trials = [optim(0.02 * (i + 1), **given) for i, given in enumerate(OPTIONS[name])]
    together = train(trials, seeds=2, chosen=splits(5))
    assert len(together.runs) == 30
    assert _compiled.cache_info().misses == before + 1, "three trials are one program"
    alone = train(trials[1], seeds=[1], chosen=splits(1))
    assert alone.runs == [{k: v for k, v in together.runs[15].items() if k != "trial"}]
    assert_same(alone, together, [15], rtol=1e-9, atol=1e-9)
    train(optim(0.7, **OPTIONS[name][0]), seeds=[1], chosen=splits(1))
    assert _compiled.cache_info().misses == before + 2, "another number is no other program"

"""Training that was cut off goes on to what it would have given, to the last bit."""

import jax
import numpy as np
import optax
import pytest

from longnn.models import LonGNN
from longnn.training import Optim, Trial, drive, fit_each, places
from tests.toy import C, problem, rates, splits

SETTINGS = {"order": 3, "hidden": 4, "dropout": 0.3, "filter_dropout": 0.2}
ADAM = Optim(rates(), max_epochs=60, patience=4)
NOISY = optax.chain(optax.add_noise(0.01, 0.55, 0), optax.sgd(0.05, momentum=0.9))  # has keys
TRIALS = {
    "adam": [Trial(SETTINGS, ADAM, (0, 1, 4))],
    "noisy": [Trial(SETTINGS, Optim(None, 60, 4, transformation=NOISY), (0, 1))],
    "trials": [
        Trial(SETTINGS, ADAM, (0, 1)),
        Trial(SETTINGS | {"dropout": 1.5}, ADAM),  # refused
        Trial(SETTINGS, Optim(rates(0.05), 30, 2), (1,)),
    ],
}


class KilledError(Exception):
    pass


class Kept:
    """Keeps trials in memory, and kills training after so many chunks."""

    def __init__(self, kept=None, kill=None):
        self.kept, self.kill = dict(kept or {}), kill
        self.from_epoch, self.why = {}, {}

    def load(self, trial):
        return self.kept.get(trial)

    def resumed(self, trial, epoch):
        self.from_epoch[trial] = epoch

    def ignored(self, trial, why):
        self.why[trial] = why

    def save(self, make):
        self.kept |= make()
        if self.kill is not None:
            self.kill -= 1
            if not self.kill:
                raise KilledError


def each(trials, kept=None, heard=None, **options):
    if heard is not None:
        options["on_progress"] = heard.append
    return dict(fit_each(LonGNN, problem(), splits(), trials, classes=C, chunk=5,
                         checkpoints=kept, **options))  # fmt: skip


def killed_after(chunks, trials, kept=None):
    """What is kept of training that is killed after so many chunks."""
    kept = Kept(kept, chunks)
    with pytest.raises(KilledError):
        each(trials, kept)
    return kept.kept


def assert_equal(got, expected):
    """To the last bit."""
    assert got.keys() == expected.keys()
    for trial, other in expected.items():
        if isinstance(other, Exception):
            assert repr(got[trial]) == repr(other)
            continue
        assert got[trial].runs == other.runs
        one = lambda fit: (fit.params, fit.settings, fit.curves, fit.outputs)  # noqa: E731
        jax.tree.map(np.testing.assert_array_equal, one(got[trial]), one(other))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size"), [("adam", None), ("adam", 4), ("noisy", 4), ("trials", 4)]
)
def test_training_goes_on_as_if_nothing_had_happened(monkeypatch, name, size):
    """Also where runs wait, and where the batch has shrunk."""
    monkeypatch.setattr(places, "worthwhile", lambda *_: True)
    if size is not None:
        monkeypatch.setattr(drive, "batch_size", lambda *_: size)
    heard, trials = [], TRIALS[name]
    undisturbed = each(trials, heard=heard)
    for chunks in {1, len(heard) // 2, len(heard) - 1}:
        again, steps = Kept(killed_after(chunks, trials)), []
        finished = each(trials, again, steps)
        assert again.from_epoch
        assert not again.why
        assert_equal(finished, {t: f for t, f in undisturbed.items() if t in finished})
        if len(finished) == len(undisturbed):
            told = lambda step: (step.epoch, step.running, step.waiting, step.epochs)  # noqa: E731
            assert [told(step) for step in steps[1:]] == [told(step) for step in heard[chunks:]]
            assert steps[0].epochs == heard[chunks - 1].epochs

"""Training that was cut off goes on to what it would have given, to the last bit."""

import jax
import numpy as np
import optax
import pytest

from longnn.models import LonGNN
from longnn.training import Fit, Optim, Plateau, Trial, drive, fit_each, places
from tests.toy import C, problem, rates, splits

SETTINGS = {"order": 3, "hidden": 4, "dropout": 0.3, "filter_dropout": 0.2}
ADAM = Optim(rates(), max_epochs=60, patience=4)
NOISY = optax.chain(optax.add_noise(0.01, 0.55, 0), optax.sgd(0.05, momentum=0.9))  # has keys
OPTIONS = Optim(
    rates(),
    60,
    9,
    schedule=Plateau(0.5, 2),
    clip=1.0,
    ema=0.8,
    label_smoothing=0.1,
    class_weights="balanced",
    stop="val_loss",
    patience_counts="not_better",
)
TRIALS = {
    "options": [Trial(SETTINGS, OPTIONS, (0, 1))],
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
        self.from_epoch, self.why, self.ended = {}, {}, set()

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


def each(trials, kept=None, heard=None):
    """The fits by trial; what was kept of a trial goes when it has ended, as a file does."""
    hear = (lambda _: None) if heard is None else heard.append
    fits = {}
    for trial, fit in fit_each(LonGNN, problem(), splits(), trials, classes=C, chunk=5,
                               checkpoints=kept, on_progress=hear):  # fmt: skip
        fits[trial] = fit
        if kept is not None and isinstance(fit, Fit):
            kept.kept.pop(trial, None)
            kept.ended.add(trial)
    return fits


def killed_after(chunks, trials):
    """What there is of training that is killed after so many chunks."""
    cut = Kept(kill=chunks)
    with pytest.raises(KilledError):
        each(trials, cut)
    return cut


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
    ("name", "size", "shrinks"),
    [
        ("adam", None, True),
        ("adam", 4, False),
        ("noisy", 4, False),
        ("trials", 4, False),
        ("options", 4, False),
    ],
)
def test_training_goes_on_as_if_nothing_had_happened(monkeypatch, name, size, shrinks):
    """Also where runs wait, and where the batch has shrunk."""
    monkeypatch.setattr(places, "worthwhile", lambda *_: shrinks)
    if size is not None:
        monkeypatch.setattr(drive, "batch_size", lambda *_: size)
    heard, trials = [], TRIALS[name]
    undisturbed = each(trials, heard=heard)
    for chunks in (2, len(heard) - 1):
        cut, steps = killed_after(chunks, trials), []
        again = Kept(cut.kept)
        finished = each(trials, again, steps)
        assert again.from_epoch
        assert not again.why
        if not cut.ended:
            assert_equal(finished, undisturbed)
            told = lambda step: (step.epoch, step.running, step.waiting, step.epochs)  # noqa: E731
            assert [told(step) for step in steps[1:]] == [told(step) for step in heard[chunks:]]
            assert steps[0].epochs == heard[chunks - 1].epochs
        else:  # the batch was another one, without the trials that had ended
            for trial in cut.kept:
                expected = undisturbed[trial].outputs
                np.testing.assert_allclose(finished[trial].outputs, expected, atol=1e-9)


@pytest.mark.slow
def test_trials_go_on_in_another_batch():
    """With a neighbour that begins, and with one that goes on from another moment."""
    trials = [Trial(SETTINGS, ADAM, (0,)), Trial(SETTINGS | {"dropout": 0.1}, ADAM, (0,))]
    undisturbed = each(trials)
    early, late = killed_after(1, trials).kept, killed_after(2, trials).kept
    for kept in ({0: late[0]}, {0: late[0], 1: early[1]}):
        again = Kept(kept)
        finished = each(trials, again)
        assert again.from_epoch == {0: 10, 1: 5} if 1 in kept else {0: 10}
        for trial, fit in finished.items():
            assert fit.runs == undisturbed[trial].runs
            np.testing.assert_allclose(fit.outputs, undisturbed[trial].outputs, atol=1e-9)


@pytest.mark.slow
def test_what_is_not_of_this_training_is_ignored():
    trials = [Trial(SETTINGS, Optim(rates(), max_epochs=10), (0,))]
    (kept,) = killed_after(1, trials).kept.values()
    undisturbed = each(trials)
    leaf = next(name for name in kept if name.endswith("opt_state.0.count") or ".mu." in name)
    changed = {
        "another program": {"program": np.array("0" * 64)},
        "no curves": {"running.curve.val": kept["running.curve.val"][:, :2]},
        "another shape": {leaf: kept[leaf][..., None]},
        "another dtype": {leaf: kept[leaf].astype(np.float16)},
        "a run of none": {"running.run": kept["running.run"] + 1},
        "a place twice": {"running.place": 0 * kept["running.place"]},
        "a place outside": {"running.place": kept["running.place"] + 99},
        "no batch": {"layout.sizes": np.array(3)},
        "an array more": {"running.more": np.zeros(3)},
    }
    for what, arrays in changed.items():
        again = Kept({0: kept | arrays})
        finished = each(trials, again)
        assert (again.from_epoch, list(again.why)) == ({}, [0]), what
        assert_equal(finished, undisturbed)
    again = Kept({0: {name: kept[name] for name in kept if name != leaf}})
    each(trials, again)
    assert "its arrays differ in" in again.why[0]

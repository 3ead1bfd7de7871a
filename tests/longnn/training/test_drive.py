"""Waiting, compaction and trials change how a batch runs, never what comes out."""

import itertools

import jax
import numpy as np
import pytest

from longnn.models import LonGNN
from longnn.training import Optim, Trial, drive, executable, fit, fit_each, places, room
from tests.toy import C, problem, rates, splits

SETTINGS = {"order": 3, "hidden": 4, "dropout": 0.3, "filter_dropout": 0.2}
OPTIM = Optim(rates(), max_epochs=60, patience=4)


def train(optim=OPTIM, settings=SETTINGS, **options):
    return fit(LonGNN, problem(), splits(), classes=C, optim=optim, settings=settings,
               seeds=(0, 1), chunk=10, **options)  # fmt: skip


@pytest.fixture(scope="module")
def whole():
    return train()


def assert_same(got, expected, runs=slice(None)):
    plain = lambda run: {k: v for k, v in run.items() if k != "trial"}  # noqa: E731
    assert [plain(run) for run in got.runs] == [plain(run) for run in expected.runs[runs]]
    for leaf, other in zip(jax.tree.leaves(got.params), jax.tree.leaves(expected.params)):
        np.testing.assert_allclose(leaf, other[runs], rtol=1e-9, atol=1e-9)
    for name, curve in got.curves.items():
        other = expected.curves[name][runs]
        np.testing.assert_allclose(curve, other[:, : curve.shape[1]], rtol=1e-9, atol=1e-9)
        assert np.isnan(other[:, curve.shape[1] :]).all()
    np.testing.assert_allclose(got.outputs, expected.outputs[runs], atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("size", [4, 1])
def test_runs_that_wait_take_the_places_of_those_that_ended(monkeypatch, whole, size):
    monkeypatch.setattr(drive, "batch_size", lambda *_: size)
    heard = []
    assert_same(train(on_progress=heard.append), whole)
    assert heard[0].waiting == 6 - size
    assert heard[0].running > 6 - size, "runs that wait count as running"
    assert [h.waiting for h in heard] == sorted((h.waiting for h in heard), reverse=True)
    assert (heard[-1].running, heard[-1].waiting) == (0, 0)
    assert heard[-1].epochs == sum(run["epochs"] for run in whole.runs)


@pytest.mark.slow
def test_stopped_runs_are_sent_away(monkeypatch, whole):
    """Runs end at different epochs; the batch of 6 shrinks to 3 or fewer on the way."""
    monkeypatch.setattr(places, "worthwhile", lambda *_: True)
    seen = []
    compiled = executable._compiled

    def watched(program, length, structure, shapes, spread):
        seen.append(jax.tree.unflatten(structure, shapes)[0].epoch.shape[0])
        return compiled(program, length, structure, shapes, spread)

    monkeypatch.setattr(executable, "_compiled", watched)
    assert_same(train(), whole)
    assert seen[0] == 6
    assert min(seen) <= 3


@pytest.mark.slow
def test_memory_decides_how_many_go_together(monkeypatch, whole):
    """Of a program said to need 0.6 GB for 6 runs."""
    monkeypatch.setattr(room, "bytes_of", lambda _: 6e8)
    for memory, waiting in ((1.0, 0), (0.31, 3), (0.11, 5)):
        heard = []
        assert_same(train(memory_gb=memory, on_progress=heard.append), whole)
        assert heard[0].waiting == waiting
    with pytest.raises(MemoryError, match=r"one run needs about 0\.1 GB .* memory_gb allows 0\.09"):
        train(memory_gb=0.09)


@pytest.mark.slow
def test_caches_decide_how_many_go_together(monkeypatch, whole):
    """Two runs together where nothing larger is faster, and all where everything fits."""
    monkeypatch.setattr(room, "caches_count", lambda: True)  # as on a CPU
    monkeypatch.setattr(room, "FEW", 2)
    for cached, waiting in ((1.0, 4), (1e12, 0)):
        monkeypatch.setattr(room, "CACHED", cached)
        heard = []
        assert_same(train(on_progress=heard.append), whole)
        assert heard[0].waiting == waiting


@pytest.mark.slow
def test_memory_of_a_program_is_known(whole):
    """At least the states of all runs."""
    seen = []
    bytes_of = room.bytes_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "bytes_of", lambda step: seen.append(bytes_of(step)) or seen[-1])
        train()
    states = 4 * sum(leaf.nbytes for leaf in jax.tree.leaves(whole.params))
    assert states < seen[0] < 1000 * states


def test_a_smaller_program_must_pay_its_compilation():
    assert places.worthwhile(0.5, 1000 * 80e6)
    assert not places.worthwhile(0.5, 1000 * 8e6)


@pytest.mark.slow
def test_the_clock_decides_nothing(monkeypatch, whole):
    """However long epochs and compilations take, programs of the same sizes run."""
    compiled, seen = executable._compiled, {}

    def watched(program, length, structure, shapes, spread):
        sizes.append(jax.tree.unflatten(structure, shapes)[0].epoch.shape[0])
        return compiled(program, length, structure, shapes, spread)

    monkeypatch.setattr(executable, "_compiled", watched)
    for seed in range(4):
        rng, sizes = np.random.default_rng(seed), seen.setdefault(seed, [])
        ticks = itertools.accumulate(iter(lambda rng=rng: rng.choice([1e-9, 1.0, 1e9]), None))
        monkeypatch.setattr(drive.time, "perf_counter", lambda ticks=ticks: next(ticks))
        train()
    assert all(sizes == seen[0] for sizes in seen.values())


@pytest.mark.slow
def test_trials_equal_fits_of_their_own(whole):
    """Everything a search varies is a value of one batch."""
    settings = [SETTINGS, SETTINGS | {"dropout": 0.0, "alpha": 1.5, "gamma0": 0.8}]
    settings[0] = {"alpha": 0.0, "gamma0": 1.0} | settings[0]
    optims = [OPTIM, Optim(rates(0.05, 0.01), max_epochs=30, patience=2)]
    both = train(optims, settings)
    assert [run["trial"] for run in both.runs] == [0] * 6 + [1] * 6
    assert_same(both, both)
    first = [run for run in both.runs if run["trial"] == 0]
    assert [r["best_epoch"] for r in first] == [r["best_epoch"] for r in whole.runs]
    assert_same(train(optims[1], settings[1]), both, slice(6, 12))
    np.testing.assert_allclose(both.outputs[:6], whole.outputs, atol=1e-9)


def test_arrays_of_floats_are_values_of_one_batch():
    starts = [np.array([[0.0] * 3, [u] * 3]) for u in (0.5, 0.8)]
    settings = [SETTINGS | {"recurrence": start} for start in starts]
    few = Optim(rates(), max_epochs=5)
    both = train(few, settings)
    assert_same(train(few, settings[1]), both, slice(6, 12))
    assert np.abs(both.outputs[:6] - both.outputs[6:]).max() > 1e-3


@pytest.mark.parametrize(
    ("optim", "settings", "message"),
    [
        (OPTIM, [SETTINGS, SETTINGS | {"order": 4}], "differ in floats only, but trial 1"),
        (OPTIM, [SETTINGS, SETTINGS | {"alpha": 0.5}], "differ in floats only, but trial 1"),
        (OPTIM, [SETTINGS, SETTINGS | {"dropout": 1.5}], r"dropout must lie in \[0, 1\)"),
        ([OPTIM, Optim(rates(), decay="theta")], SETTINGS, "equal optimizer groups, kinds"),
        ([OPTIM, Optim(rates(), dropout_bits="threefry")], SETTINGS, "kinds of decay and dropout"),
        ([OPTIM] * 2, [SETTINGS] * 3, "as often as there are trials, got 2 and 3"),
        (OPTIM, [], "as often as there are trials, got 1 and 0"),
    ],
)
def test_trials_that_do_not_fit_together(optim, settings, message):
    with pytest.raises(ValueError, match=message):
        train(optim, settings)


def each(trials, **options):
    return dict(fit_each(LonGNN, problem(), splits(), trials, classes=C, chunk=10, **options))


@pytest.mark.slow
@pytest.mark.parametrize("size", [12, 4])
def test_each_trial_comes_as_it_does_alone(monkeypatch, whole, size):
    """Also with seeds of its own."""
    monkeypatch.setattr(drive, "batch_size", lambda *_: size)
    fits = each([Trial(SETTINGS, OPTIM, (0, 1)), Trial(SETTINGS, OPTIM, (1,))])
    assert_same(fits[0], whole)
    assert_same(fits[1], whole, slice(3, 6))
    assert fits[0].seconds["train"] > 0


@pytest.mark.slow
def test_a_trial_that_fails_leaves_the_others(whole):
    trials = [
        Trial(SETTINGS, OPTIM, (0, 1)),
        Trial(SETTINGS | {"dropout": 1.5}, OPTIM),
        Trial(SETTINGS, Optim(rates(1e300), max_epochs=60, patience=4), (0,)),
    ]
    fits = each(trials)
    assert_same(fits[0], whole)
    assert "ValueError('dropout must lie" in repr(fits[1])
    assert isinstance(fits[2], FloatingPointError)


@pytest.mark.slow
def test_pruning_ends_a_trial_between_chunks(whole):
    asked = []

    def second(trial, epoch, val):
        asked.append((trial, epoch, val))
        return trial == 1

    fits = each([Trial(SETTINGS, OPTIM, (0, 1))] * 2, prune=second)
    assert_same(fits[0], whole)
    assert [fits[0].pruned, fits[1].pruned] == [False, True]
    assert all(run["epochs"] <= 10 for run in fits[1].runs)
    assert {trial for trial, *_ in asked} == {0, 1}
    assert asked[1][:2] == (1, 10)
    best = [run["best_epoch"] for run in fits[1].runs]
    val = [curve[epoch - 1] for curve, epoch in zip(fits[1].curves["val"], best)]
    np.testing.assert_allclose(asked[1][2], np.mean(val), rtol=1e-12)

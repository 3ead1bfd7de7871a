"""Pieces, compaction and trials change how a batch runs, never what comes out."""

import jax
import numpy as np
import pytest

from longnn.models import LonGNN
from longnn.training import Optim, drive, fit
from tests.toy import C, problem, rates, splits

SETTINGS = {"order": 3, "hidden": 4, "dropout": 0.3, "dpr_con": 0.2}
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
    np.testing.assert_allclose(got.log_probabilities, expected.log_probabilities[runs], atol=1e-9)


@pytest.mark.parametrize("size", [4, 1])  # 6 runs: the last piece of 4 is not full
def test_pieces_give_the_same(monkeypatch, whole, size):
    monkeypatch.setattr(drive, "piece_size", lambda *_: size)
    heard = []
    assert_same(train(on_progress=heard.append), whole)
    count = -(-6 // size)
    assert {h.pieces for h in heard} == {count}
    assert [h.piece for h in heard] == sorted(h.piece for h in heard)
    ends = [h.running for h in heard if h.piece == count]
    assert ends[-1] == 0
    assert heard[0].running > 6 - size, "runs that wait count as running"


def test_stopped_runs_are_sent_away(monkeypatch, whole):
    """Runs end at different epochs; the batch of 6 shrinks to 3 or fewer on the way."""
    monkeypatch.setattr(drive, "worthwhile", lambda *_: True)
    seen = []
    compiled = drive._compiled

    def watched(program, length, structure, shapes):
        seen.append(jax.tree.unflatten(structure, shapes)[0].epoch.shape[0])
        return compiled(program, length, structure, shapes)

    monkeypatch.setattr(drive, "_compiled", watched)
    assert_same(train(), whole)
    assert seen[0] == 6
    assert min(seen) <= 3


def test_memory_decides_the_pieces(monkeypatch, whole):
    """Of a program said to need 0.6 GB for 6 runs; one run goes always."""
    monkeypatch.setattr(drive, "_bytes", lambda _: 6e8)
    for memory, expected in ((1.0, 1), (0.31, 2), (0.001, 6)):
        heard = []
        assert_same(train(memory_gb=memory, on_progress=heard.append), whole)
        assert heard[-1].pieces == expected


def test_caches_decide_the_pieces(monkeypatch, whole):
    """Two runs together where nothing larger is faster, and all where everything fits."""
    monkeypatch.setattr(drive, "FEW", 2)
    for cached, expected in ((1.0, 3), (1e12, 1)):
        monkeypatch.setattr(drive, "CACHED", cached)
        heard = []
        assert_same(train(on_progress=heard.append), whole)
        assert heard[-1].pieces == expected


def test_memory_of_a_program_is_known(whole):
    """At least the states of all runs."""
    seen = []
    bytes_of = drive._bytes
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drive, "_bytes", lambda step: seen.append(bytes_of(step)) or seen[-1])
        train()
    states = 4 * sum(leaf.nbytes for leaf in jax.tree.leaves(whole.params))
    assert states < seen[0] < 1000 * states


def test_a_smaller_program_must_pay_its_compilation():
    assert drive.worthwhile(0.5, 100.0, 5.0)
    assert not drive.worthwhile(0.5, 10.0, 5.0)


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
    np.testing.assert_allclose(both.log_probabilities[:6], whole.log_probabilities, atol=1e-9)


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

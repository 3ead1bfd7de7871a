"""``fit``: the batch against its members alone, one trace, no look at the test nodes, decay."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from longnn.data.splits import Splits
from longnn.models import MLP, LonGNN
from longnn.training import METRICS, Optim, fit, score
from longnn.training.executable import _compiled
from tests.toy import C, N, problem, rates, splits
from tests.training_oracles import numpy_adam, pair_count, published_rule

pytestmark = pytest.mark.device

SETTINGS = {
    "order": 4,
    "hidden": 8,
    "alpha": 0.3,
    "beta": -0.4,
    "dropout": 0.3,
    "filter_dropout": 0.4,
}
OPTIM = Optim(rates(), max_epochs=50, patience=12)


class Counted(LonGNN):
    """Counts how often its forward pass is traced."""

    traces = 0

    def __call__(self, operator, features, key=None):
        Counted.traces += 1
        return super().__call__(operator, features, key)


def train(chosen=None, *, seeds=(0,), optim=OPTIM, settings=SETTINGS, **options):
    chosen = splits() if chosen is None else chosen
    return fit(Counted, problem(), chosen, classes=C, optim=optim, settings=settings, seeds=seeds,
               chunk=20, **options)  # fmt: skip


@pytest.fixture(scope="module")
def grid():
    """3 splits x 2 seeds, dropout on, and how many traces each chunk saw."""
    seen = []
    result = train(seeds=(0, 1), on_progress=lambda _: seen.append(Counted.traces))
    return result, seen


@pytest.fixture(scope="module")
def small():
    """``small(**changes)`` trains a small MLP; equal shapes share one program."""

    def call(data=None, chosen=None, **changes):
        options = {
            "classes": C,
            "optim": Optim(rates(), max_epochs=20),
            "settings": {"hidden": 4, "dropout": 0.3},
            "chunk": 20,
        }
        data = problem() if data is None else data
        return fit(MLP, data, splits() if chosen is None else chosen, **options | changes)

    return call


@pytest.fixture(scope="module")
def reference(small):
    return small()


def one_split_thrice() -> Splits:
    return Splits("toy", np.repeat(splits(1).part, 3, axis=0))


@pytest.fixture(scope="module")
def repeated(small):
    return small(chosen=one_split_thrice())


def assert_same(got, expected, runs=range(3), **tolerance):
    """Parameters, curves and outputs of ``got`` equal those of ``expected`` at ``runs``."""
    runs = np.array(runs)
    for a, b in zip(jax.tree.leaves(got.params), jax.tree.leaves(expected.params), strict=True):
        np.testing.assert_allclose(a, b[runs], **tolerance)
    assert got.curves.keys() == expected.curves.keys()
    for name, curve in got.curves.items():
        other = expected.curves[name][runs]
        np.testing.assert_allclose(curve, other[:, : curve.shape[1]], err_msg=name, **tolerance)
        assert np.isnan(other[:, curve.shape[1] :]).all()
    np.testing.assert_allclose(got.outputs, expected.outputs[runs], **tolerance)


def test_runs_are_ordered_by_seed_then_split(grid):
    result, _ = grid
    pairs = [(run["seed"], run["split"]) for run in result.runs]
    assert pairs == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert result.outputs.shape == (6, N, C)
    assert set(result.curves) == {"loss", "val_loss", "val", "alpha", "beta"}
    assert set(result.seconds) == {"compile", "train"}


def test_selection_follows_the_rule_on_recorded_scores(grid):
    result, _ = grid
    for run, scores in zip(result.runs, result.curves["val"], strict=True):
        expected = published_rule(scores, OPTIM.patience, OPTIM.max_epochs)
        assert (run["best_epoch"], run["epochs"]) == expected
    epochs = {run["epochs"] for run in result.runs}
    assert min(epochs) < 50, "no run stopped early: the case is too easy"


def test_outputs_are_those_of_the_selected_epoch(grid):
    """The recorded curves at the selected epoch, computed again from the returned arrays."""
    result, _ = grid
    labels = np.asarray(problem().labels)
    for index, run in enumerate(result.runs):
        val, at = splits().val[run["split"]], run["best_epoch"] - 1
        out = result.outputs[index][val]
        nll = -out[np.arange(val.sum()), labels[val]].mean()
        np.testing.assert_allclose(result.curves["val_loss"][index, at], nll, rtol=1e-10)
        hits = (out.argmax(1) == labels[val]).mean()
        np.testing.assert_allclose(result.curves["val"][index, at], hits)
        model = result.model(index)
        for name, learned in model.scalars().items():
            np.testing.assert_allclose(result.curves[name][index, at], learned, rtol=1e-12)
    model, data = result.model(4), problem()
    out = jax.jit(lambda: jax.nn.log_softmax(model(data.operator, data.features)))()
    np.testing.assert_allclose(out, result.outputs[4], atol=1e-10)


@pytest.mark.slow
def test_random_numbers_depend_on_seed_and_split(grid, repeated):
    """Initial losses of all runs differ, also where the nodes of all splits are the same."""
    for result in (grid[0], repeated):
        first = result.curves["loss"][:, 0]
        assert np.diff(np.sort(first)).min() > 1e-6


@pytest.mark.slow
def test_other_dropout_bits_train_as_well(small, reference):
    """Other masks, the same model: losses differ but fall alike."""
    other = small(optim=Optim(rates(), max_epochs=20, dropout_bits="threefry"))
    first, last = other.curves["loss"][:, 0], other.curves["loss"][:, -1]
    assert np.abs(first - reference.curves["loss"][:, 0]).min() > 1e-6
    assert last.mean() < first.mean()
    np.testing.assert_allclose(last.mean(), reference.curves["loss"][:, -1].mean(), rtol=0.3)


@pytest.mark.slow
def test_dropout_is_drawn_anew_in_each_epoch(small):
    """With nothing learned, the training loss still varies; that of evaluation does not."""
    frozen = small(optim=Optim(rates(0.0), max_epochs=20)).curves
    assert np.diff(np.sort(frozen["loss"], axis=1), axis=1).min() > 1e-9
    np.testing.assert_allclose(np.ptp(frozen["val_loss"], axis=1), 0, atol=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "member"), [(0, 0), (1, 3)])
def test_batch_equals_a_run_alone(grid, seed, member):
    alone = train(splits(1), seeds=(seed,))
    assert alone.runs == [grid[0].runs[member]]
    assert_same(alone, grid[0], [member], rtol=1e-9, atol=1e-9)


@pytest.mark.slow
def test_batch_equals_a_run_alone_in_mixed_precision():
    """Up to what a rounding to 8 bits that turns makes of the loss in ten epochs."""
    data = problem(jnp.float32)
    mixed = data._replace(operator=replace(data.operator, precision="mixed"))
    few = {"classes": C, "optim": Optim(rates(), max_epochs=10), "settings": SETTINGS}
    together = fit(LonGNN, mixed, splits(), seeds=2, **few)
    alone, full = (fit(LonGNN, one, splits(1), seeds=[1], **few) for one in (mixed, data))
    for name in ("loss", "alpha", "beta"):
        curves = [fitted.curves[name][0] for fitted in (alone, full)]
        np.testing.assert_allclose(curves[0], together.curves[name][3], rtol=1e-2, err_msg=name)
        np.testing.assert_allclose(*curves, rtol=5e-2, err_msg=name)
        assert (curves[0] != curves[1]).any()


@pytest.mark.slow
def test_place_in_the_batch_does_not_matter(grid):
    swapped = train(seeds=(1, 0))
    order = [3, 4, 5, 0, 1, 2]
    assert swapped.runs == [grid[0].runs[i] for i in order]
    assert_same(swapped, grid[0], order, rtol=1e-9, atol=1e-9)


def test_traced_once_over_chunks_and_over_a_sweep(grid):
    """Learning rates, decays, dropout, alpha, beta and patience are values, not programs."""
    _, seen = grid
    assert seen == [3, 3, 3], "a chunk trains and evaluates, and the outputs are predicted"
    train(seeds=(0, 1))  # once more: what other tests need may have made room (tests/conftest.py)
    before, compiled, seen_again = Counted.traces, _compiled.cache_info().misses, []
    other = SETTINGS | {
        "alpha": -0.6,
        "beta": 2.0,
        "dropout": 0.0,
        "filter_dropout": 0.6,
        "gamma0": 1.5,
    }
    optim = Optim(rates(0.005, 0.1), max_epochs=40, patience=5)
    swept = train(seeds=(2, 3), settings=other, optim=optim,
                  on_progress=lambda _: seen_again.append(Counted.traces))  # fmt: skip
    assert set(seen_again) == {before}, "another value of the sweep was traced"
    assert _compiled.cache_info().misses == compiled, "another value of the sweep was compiled"
    np.testing.assert_allclose(swept.curves["alpha"][:, 0], -0.6, atol=0.01)
    assert max(run["epochs"] for run in swept.runs) <= 40


@pytest.mark.slow
@pytest.mark.parametrize("chunk", [7, 50])  # 20 epochs: not a multiple, and longer than training
def test_chunk_does_not_change_results(small, reference, chunk):
    assert_same(small(chunk=chunk), reference, rtol=1e-12, atol=1e-12)


def test_training_never_reads_test_nodes(small, reference, repeated):
    """Test nodes moved to no part, and test labels replaced: the same to the last bit."""
    part = splits().part.copy()
    for row in part:
        row[np.flatnonzero(row == 2)[1:]] = -1
    assert_same(small(chosen=Splits("toy", part)), reference)
    labels, only = np.asarray(problem().labels), one_split_thrice()
    wrong = np.where(only.test[0], (labels + 1) % C, labels)
    assert_same(small(problem()._replace(labels=jnp.asarray(wrong)), only), repeated)


def test_training_reads_training_and_validation_labels(small, reference):
    """The counterpart, so that the test above cannot pass for a wrong reason."""
    labels = jnp.asarray((np.asarray(problem().labels) + 1) % C)
    changed = small(problem()._replace(labels=labels))
    for name in ("loss", "val_loss", "val"):
        assert not np.array_equal(changed.curves[name], reference.curves[name]), name


def test_loss_falls(reference):
    assert (reference.curves["loss"][:, -5:].mean(1) < reference.curves["loss"][:, 0]).all()


@pytest.mark.parametrize("bad", [{"lr": 1e300}, {"lr": 1e200}])
def test_not_finite_from_the_start(small, bad):
    broken = rates() | {"mlp": {"lr": 0.01, "weight_decay": 0.0} | bad}
    with pytest.raises(FloatingPointError, match=r"3 run\(s\) was not finite.*learning rates"):
        small(optim=Optim(broken, max_epochs=20))


@pytest.mark.slow
def test_selection_by_roc_auc(small):
    data = problem(classes=2)
    result = small(data, classes=2, metric="roc_auc")
    labels, val = np.asarray(data.labels), splits().val
    again = score("roc_auc", result.outputs, data.labels, val)
    for index, run in enumerate(result.runs):
        out = result.outputs[index]
        exact = pair_count(out[:, 1] - out[:, 0], labels, val[index])
        np.testing.assert_allclose(result.curves["val"][index, run["best_epoch"] - 1], exact)
        np.testing.assert_allclose(again[index], exact)
        expected = published_rule(result.curves["val"][index], 200, 20)
        assert (run["best_epoch"], run["epochs"]) == expected


class Product(nnx.Module):
    """log_softmax(sum_k theta_k (X W)^k) with theta_kc = w_kc tanh(eta_k): cheap, with theta()."""

    def __init__(self, in_features, classes, *, dtype, rngs):
        wave = lambda *shape: jnp.cos(jnp.arange(np.prod(shape), dtype=dtype)).reshape(shape)  # noqa: E731
        self.kernel = nnx.Param(wave(in_features, classes))
        self.w = nnx.Param(wave(3, classes), group="coefficients")
        self.eta = nnx.Param(wave(3), group="decomposition")

    def theta(self):
        return self.w[...] * jnp.tanh(self.eta[...])[:, None]

    def __call__(self, operator, features, key=None):
        h = features.project(self.kernel[...])
        return jax.nn.log_softmax(sum(t * h**k for k, t in enumerate(self.theta())))


GROUP_OF = {"kernel": "mlp", "w": "coefficients", "eta": "decomposition"}
DECAYS = {"mlp": 0.1, "decomposition": 0.5, "coefficients": 0.3}
LR = 0.1


def descend_by_hand(data, train, strength, decays, steps):
    """(losses, parameters) of numpy's Adam on nll + strength/2 ||theta||^2."""
    x, one_hot = np.asarray(data.features.matrix), np.eye(C)[np.asarray(data.labels)]

    @jax.jit
    @jax.value_and_grad
    def objective(p):
        theta = p["w"] * jnp.tanh(p["eta"])[:, None]
        h = x @ p["kernel"]
        out = jax.nn.log_softmax(theta[0] + theta[1] * h + theta[2] * h**2)
        nll = -jnp.sum(out * one_hot * train[:, None]) / train.sum()
        return nll + strength / 2 * jnp.sum(theta**2)

    start = nnx.to_pure_dict(nnx.state(Product(x.shape[1], C, dtype=jnp.float64, rngs=None)))
    p, losses, gradients = start, [], []
    for _ in range(steps):
        loss, gradient = objective(p)
        losses.append(loss)
        gradients.append(gradient)
        p = {name: numpy_adam(value, [g[name] for g in gradients], LR, decays[GROUP_OF[name]])
             for name, value in start.items()}  # fmt: skip
    return losses, p


@pytest.mark.slow
@pytest.mark.parametrize("decay", ["factors", "theta"])
def test_decay_equals_numpy_adam(monkeypatch, decay):
    """Four epochs; "theta" adds wd/2 ||theta||^2 to the loss, and spares w and eta."""
    monkeypatch.setitem(METRICS, "constant", lambda *_: jnp.zeros(()))  # selects the last epoch
    data, only = problem(), splits(1)
    groups = {group: {"lr": LR, "weight_decay": wd} for group, wd in DECAYS.items()}
    optim = Optim(groups, max_epochs=4, decay=decay)
    got = fit(Product, data, only, classes=C, optim=optim, metric="constant")
    by_theta = decay == "theta"
    strength, decays = (
        (DECAYS["coefficients"], DECAYS | {"coefficients": 0.0, "decomposition": 0.0})
        if by_theta
        else (0.0, DECAYS)
    )
    losses, expected = descend_by_hand(data, only.train[0], strength, decays, 4)
    np.testing.assert_allclose(got.curves["loss"][0], losses, rtol=1e-10)
    for name, leaf in nnx.to_pure_dict(got.params).items():
        np.testing.assert_allclose(leaf[0], expected[name], rtol=1e-9, atol=1e-12, err_msg=name)


def test_decay_of_theta_needs_theta(small):
    with pytest.raises(ValueError, match="theta"):
        small(optim=Optim(rates(), max_epochs=20, decay="theta"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_epochs": 0}, "max_epochs must be a whole number in .*got 0"),
        ({"patience": -1}, "patience must be a whole number in .*-1"),
        ({"max_epochs": "5"}, "max_epochs must be a whole number.*got '5'"),
        ({"patience": 2.5}, "patience must be a whole number.*got 2.5"),
        ({"patience": True}, "patience must be a whole number.*got True"),
        ({"decay": "l1"}, "unknown decay 'l1'"),
        ({"dropout_bits": "rbg"}, "unknown dropout_bits 'rbg'"),
        (
            {"decay": "theta", "rates": {"mlp": {"lr": 0.1, "weight_decay": 0.0}}},
            "group 'coefficients'",
        ),
    ],
)
def test_optim_errors(settings, message):
    with pytest.raises(ValueError, match=message):
        Optim(**{"rates": rates()} | settings)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metric": "f1"}, r"unknown metric 'f1'.*\['accuracy', .*'r2', 'roc_auc'\]"),
        ({"chosen": Splits("toy", splits().part[:, :-1])}, "labels 40, splits 39"),
        ({"data": problem()._replace(labels=jnp.zeros(N - 1, int))}, "have 40 rows, labels 39"),
        ({"settings": {"hidden": 0}}, "hidden"),
        (
            {"optim": Optim({"coefficients": {"lr": 0.1, "weight_decay": 0.0}})},
            r"group\(s\) \['mlp'\]",
        ),
    ],
)
def test_fit_errors(small, changes, message):
    with pytest.raises(ValueError, match=message):
        small(**changes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": {0: 3}}, r"label is 3; labels must lie in \[0, 3\)"),
        ({"labels": {0: -1}}, r"node 0 is in a part of a split, but its label is -1"),
        ({"seeds": ()}, "seeds is empty"),
        ({"chunk": 0}, "chunk must be a whole number in"),
    ],
)
def test_problem_that_cannot_be_trained(change, message):
    data = problem()
    labels = np.array(data.labels)
    for node, label in change.pop("labels", {}).items():
        labels[node] = label
    with pytest.raises(ValueError, match=message):
        fit(
            MLP,
            data._replace(labels=jnp.asarray(labels)),
            splits(),
            classes=3,
            optim=Optim(rates(), max_epochs=2),
            **change,
        )


def test_roc_auc_with_one_class_in_a_part():
    data, parts = problem(classes=2), splits(1)
    labels = jnp.where(jnp.asarray(parts.val[0]), 0, data.labels)
    with pytest.raises(ValueError, match="val of split 0 holds class 0 only"):
        fit(
            MLP,
            data._replace(labels=labels),
            parts,
            classes=2,
            metric="roc_auc",
            optim=Optim(rates(), max_epochs=2),
        )

"""Scores against counting loops."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn import metrics as sk

import longnn
from longnn.training import METRICS, accuracy, macro_f1, r2, roc_auc, score
from tests.training_oracles import pair_count

N = 60
RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, N)
MASK = RNG.random(N) < 0.6


def outputs(score):
    """[N, 2] whose difference of columns is ``score``."""
    return jax.nn.log_softmax(jnp.stack([jnp.zeros(len(score)), jnp.asarray(score)], 1))


SCORES = {
    "distinct": RNG.normal(size=N),
    "many ties": RNG.integers(-1, 2, N).astype(float),
    "all tied": np.zeros(N),
    "perfect": LABELS.astype(float),
    "reversed": -LABELS.astype(float),
    "informative": LABELS + RNG.normal(size=N),
    "high outside the mask": np.where(MASK, RNG.normal(size=N), 50.0),
    "low outside the mask": np.where(MASK, RNG.normal(size=N), -50.0),
}


@pytest.mark.parametrize("mask", [MASK, np.full(N, True)], ids=["part", "all"])
@pytest.mark.parametrize("name", SCORES)
def test_roc_auc_equals_pair_count(name, mask):
    values = outputs(SCORES[name])
    exact = pair_count(values[:, 1] - values[:, 0], LABELS, mask)
    np.testing.assert_allclose(roc_auc(values, LABELS, mask), exact, atol=1e-13)


def test_roc_auc_special_values():
    auc = {name: float(roc_auc(outputs(s), LABELS, MASK)) for name, s in SCORES.items()}
    assert (auc["all tied"], auc["perfect"], auc["reversed"]) == (0.5, 1.0, 0.0)


def test_roc_auc_ignores_unlabelled_nodes_outside_mask():
    labels = np.where(MASK, LABELS, -1)
    values = outputs(SCORES["distinct"])
    assert roc_auc(values, labels, MASK) == roc_auc(values, LABELS, MASK)


def test_roc_auc_of_one_class_is_nan():
    assert np.isnan(roc_auc(outputs(SCORES["distinct"]), np.ones(N, int), MASK))


def test_roc_auc_of_many_nodes_without_x64():
    with jax.enable_x64(False):
        labels = np.arange(100_000) % 2
        values = outputs(labels.astype(np.float32))
        assert values.dtype == jnp.float32
        auc = roc_auc(values, labels, np.full(100_000, True))
        np.testing.assert_allclose(auc, 1, atol=1e-5)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_accuracy_equals_loop(dtype):
    values = RNG.normal(size=(N, 3))
    labels = RNG.integers(-1, 3, N)
    mask = MASK & (labels >= 0)
    hits = [max(range(3), key=values[n].__getitem__) == labels[n] for n in np.flatnonzero(mask)]
    got = accuracy(jnp.asarray(values, dtype), labels, mask)
    np.testing.assert_allclose(got, sum(hits) / len(hits), rtol=1e-7)


def f1_by_counting(predicted, labels, classes):
    """Mean of the harmonic means of precision and recall, over the classes that occur."""
    scores = []
    for c in range(classes):
        hits = sum(p == c == y for p, y in zip(predicted, labels, strict=True))
        said, are = sum(p == c for p in predicted), sum(y == c for y in labels)
        if said or are:
            precision, recall = hits / said if said else 0, hits / are if are else 0
            both = precision + recall
            scores.append(2 * precision * recall / both if both else 0)
    return sum(scores) / len(scores)


@pytest.mark.parametrize("mask", [MASK, np.full(N, True)], ids=["part", "all"])
@pytest.mark.parametrize("classes", [2, 3, 5])
def test_macro_f1_equals_counting(classes, mask):
    """Of five classes the last but one neither occurs nor is predicted, the last is predicted."""
    rng = np.random.default_rng(classes)
    values = rng.normal(size=(N, classes)) + np.where(np.arange(classes) == 3, -99, 0)
    labels = np.where(mask, rng.integers(0, min(classes, 3), N), -1)
    exact = f1_by_counting(values[mask].argmax(1), labels[mask], classes)
    assert 0 < exact < 1
    np.testing.assert_allclose(macro_f1(jnp.asarray(values), labels, mask), exact, rtol=1e-12)


def test_macro_f1_by_hand():
    """Class 0: 1 hit, 1 false, 1 missed, F1 1/2. Class 1: 2 hits, 1 false, 1 missed, F1 2/3."""
    predicted, labels = np.array([0, 0, 1, 1, 1, 1]), np.array([0, 1, 0, 1, 1, 0])
    mask = np.arange(6) < 5
    np.testing.assert_allclose(macro_f1(jnp.eye(2)[predicted], labels, mask), (1 / 2 + 2 / 3) / 2)
    assert macro_f1(jnp.eye(2)[labels], labels, mask) == 1
    assert macro_f1(jnp.eye(2)[1 - labels], labels, mask) == 0


Y = RNG.normal(3, 2, N)
GUESS = {
    "good": Y + 0.3 * RNG.normal(size=N),
    "worse than the mean": -Y,
    "wild outside the mask": np.where(MASK, Y + RNG.normal(size=N), 1e9),
}


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("name", GUESS)
def test_r2_is_explained_variance_of_the_masked_nodes(name, dtype):
    """Labels outside the mask are missing."""
    labels = jnp.asarray(np.where(MASK, Y, np.nan), dtype)
    exact = 1 - np.mean((GUESS[name] - Y)[MASK] ** 2) / np.var(Y[MASK])
    got = r2(jnp.asarray(GUESS[name], dtype)[:, None], labels, MASK)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, exact, rtol=1e-5 if dtype == jnp.float32 else 1e-12)


def test_r2_special_values():
    mean = np.full(N, Y[MASK].mean())
    assert r2(jnp.asarray(Y)[:, None], Y, MASK) == 1
    np.testing.assert_allclose(r2(jnp.asarray(mean)[:, None], Y, MASK), 0, atol=1e-14)
    assert float(r2(jnp.asarray(GUESS["worse than the mean"])[:, None], Y, MASK)) < -1


@pytest.mark.parametrize("metric", [macro_f1, r2])
def test_jit_and_vmap_change_nothing(metric):
    batch = jnp.asarray(RNG.normal(size=(3, N, 1 if metric is r2 else 3)))
    labels = Y if metric is r2 else LABELS
    masks = RNG.random((3, N)) < 0.5
    alone = [metric(out, labels, mask) for out, mask in zip(batch, masks, strict=True)]
    assert len(set(map(float, alone))) == 3
    together = jax.jit(jax.vmap(metric, in_axes=(0, None, 0)))(batch, labels, masks)
    np.testing.assert_allclose(together, alone, rtol=1e-12)


@pytest.mark.parametrize("metric", [name for name in METRICS if "multilabel" not in name])
def test_score_takes_run_by_run_with_its_mask(metric):
    batch = jnp.stack([outputs(SCORES[n]) for n in ("distinct", "informative")])
    masks = np.stack([MASK, ~MASK])
    alone = [METRICS[metric](batch[b], LABELS, masks[b]) for b in range(2)]
    assert len(set(map(float, alone))) == 2
    np.testing.assert_allclose(score(metric, np.asarray(batch), LABELS, masks), alone, rtol=1e-13)


def one_hot(labels, classes):
    return np.eye(classes)[labels]


def over_classes(measure, p, y):
    """scikit-learn's macro average over the classes that occur beside others."""
    if p.shape[1] == 2:
        return measure(y, p[:, 1])
    occurring = [c for c in range(p.shape[1]) if 0 < np.mean(y == c) < 1]
    return np.mean([measure(y == c, p[:, c]) for c in occurring])


def calibration_gap(p, y):
    """Bin by bin, a node after the other."""
    total = 0.0
    for low in range(15):
        inside = [i for i, row in enumerate(p) if low / 15 < row.max() <= (low + 1) / 15]
        if inside:
            right = np.mean([p[i].argmax() == y[i] for i in inside])
            total += len(inside) * abs(right - np.mean([p[i].max() for i in inside]))
    return total / len(p)


ORACLES = {
    "accuracy": lambda p, y: sk.accuracy_score(y, p.argmax(1)),
    "balanced_accuracy": lambda p, y: sk.recall_score(
        y, p.argmax(1), average="macro", labels=np.unique(y), zero_division=0
    ),
    "macro_f1": lambda p, y: sk.f1_score(y, p.argmax(1), average="macro", zero_division=0),
    "micro_f1": lambda p, y: sk.f1_score(y, p.argmax(1), average="micro"),
    "roc_auc": lambda p, y: over_classes(sk.roc_auc_score, p, y),
    "average_precision": lambda p, y: over_classes(sk.average_precision_score, p, y),
    "log_loss": lambda p, y: -np.mean(np.log(p[np.arange(len(y)), y])),
    "ece": calibration_gap,
}


def predictions(case, classes):
    """Probabilities [N, C], labels and mask; labels outside of the mask are missing."""
    rng = np.random.default_rng(classes)
    p = rng.dirichlet(np.ones(classes), N)
    labels, mask = rng.integers(0, classes, N), rng.random(N) < 0.6
    if case == "ties":
        p = np.round(3 * p) + 1
        p /= p.sum(1, keepdims=True)
    if case == "one class is missing":
        labels[labels == classes - 1] = 0
    if case == "all equal":
        p[:] = p[0]
    if case == "sure":
        p = 0.999998 * one_hot(rng.integers(0, classes, N), classes) + 1e-6
        p /= p.sum(1, keepdims=True)
    return p, np.where(mask, labels, -1), mask


CASES = ("random", "ties", "one class is missing", "all equal", "sure")


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize(
    ("metric", "case", "classes"),
    [
        cell
        for cell in product(ORACLES, CASES, (2, 5))
        # of two classes one alone has no curve, which is refused before training
        if cell[1:] != ("one class is missing", 2)
        or cell[0] not in ("roc_auc", "average_precision")
    ],
)
def test_equals_scikit_learn(metric, case, classes, dtype):
    p, labels, mask = predictions(case, classes)
    if dtype == jnp.float32:
        p = p.astype(np.float32)
    with np.errstate(divide="ignore"):
        outputs = jnp.log(jnp.asarray(p, dtype))
    got = jax.jit(METRICS[metric])(outputs, labels, mask)
    exact = ORACLES[metric](np.exp(np.asarray(outputs))[mask], labels[mask])
    rtol, atol = (2e-5, 1e-6) if dtype == jnp.float32 else (1e-11, 1e-13)
    np.testing.assert_allclose(got, exact, rtol=rtol, atol=atol)


@pytest.mark.parametrize("metric", ORACLES)
def test_batch_equals_one_by_one_and_keeps_its_precision(metric):
    cases = [predictions(case, 5) for case in ("random", "ties", "sure")]
    labels = cases[0][1]
    outputs = np.log(np.stack([p for p, _, _ in cases]))
    masks = np.stack([cases[0][2]] * 2 + [(labels >= 0) & (np.arange(N) % 2 == 0)])
    each = zip(outputs, masks, strict=True)
    alone = [ORACLES[metric](np.exp(o[mask]), labels[mask]) for o, mask in each]
    np.testing.assert_allclose(score(metric, outputs, labels, masks), alone, rtol=1e-11)


@pytest.mark.parametrize("metric", sorted(ORACLES.keys() - {"roc_auc", "average_precision"}))
def test_of_one_node(metric):
    p, labels = np.array([[0.2, 0.7, 0.1], [1 / 3, 1 / 3, 1 / 3]]), np.array([1, -1])
    got = METRICS[metric](jnp.log(p), labels, np.array([True, False]))
    exact = {"log_loss": -np.log(0.7), "ece": 0.3}.get(metric, 1.0)
    np.testing.assert_allclose(got, exact, rtol=1e-12)


def test_probabilities_of_zero():
    """A probability that was rounded to 0 or 1 has an infinite logarithm."""
    p = np.array([[1.0, 0.0], [0.0, 1.0], [0.4, 0.6], [0.9, 0.1]])
    labels, mask = np.array([0, 1, 0, 1]), np.array([True, True, True, True])
    with np.errstate(divide="ignore"):
        outputs = jnp.asarray(np.log(p))
    for metric in ("roc_auc", "average_precision", "ece"):
        got = METRICS[metric](outputs, labels, mask)
        np.testing.assert_allclose(got, ORACLES[metric](p, labels), rtol=1e-12)


def test_any_metric_of_a_fit_can_be_asked_for():
    data = longnn.data.csbm.generate(nodes=80, phi=-0.75)
    splits = longnn.data.splits.stratified(data, count=2)
    options = {"optim": longnn.Optim(max_epochs=5), "seeds": 2}
    run = longnn.fit("mlp", data, splits, **options)
    for metric, oracle in ORACLES.items():
        found = run.score("val", metric)
        exact = []
        for fitted, outputs in zip(run.runs, run.outputs, strict=True):
            mask = splits.val[fitted["split"]]
            exact.append(oracle(np.exp(outputs[mask]), data.labels[mask]))
        factor = 1 if metric == "log_loss" else 100
        np.testing.assert_allclose(found.values, factor * np.array(exact), rtol=1e-4)
        assert found.metric == metric
    assert "validation log_loss 0." in repr(run.score("val", "log_loss"))
    assert "%" not in repr(run.score("val", "log_loss")).replace("95 % interval", "")
    assert run.score().metric == "accuracy"
    with pytest.raises(ValueError, match="r2 is of values, but these runs were selected by acc"):
        run.score("test", "r2")
    with pytest.raises(ValueError, match="unknown metric 'macro'"):
        run.score("test", "macro")
    with pytest.raises(ValueError, match="ece cannot select, since less of it is better"):
        longnn.fit("mlp", data, splits, metric="ece", **options)


@pytest.mark.parametrize("metric", ["log_loss", "ece"])
def test_less_is_better_where_it_stops_a_run(metric):
    data = longnn.data.csbm.generate(nodes=80, phi=-0.75)
    splits = longnn.data.splits.stratified(data, count=2)
    optim = longnn.Optim(max_epochs=40, patience=100, stop=f"val_{metric}")
    run = longnn.fit("mlp", data, splits, optim=optim)
    curve = run.curves[f"val_{metric}"]
    assert (curve >= 0).all()
    for number, fitted in enumerate(run.runs):
        assert curve[number, fitted["best_epoch"] - 1] == curve[number].min()
    factor = 1 if metric == "log_loss" else 100
    np.testing.assert_allclose(run.score("val", metric).values, factor * curve.min(1), rtol=1e-4)


def test_a_run_is_selected_by_the_mean_of_several_classes():
    data = longnn.data.load("sbm", nodes=90)
    splits = longnn.data.splits.stratified(data, count=1)
    run = longnn.fit("mlp", data, splits, metric="roc_auc", optim=longnn.Optim(max_epochs=10))
    mask = splits.val[0]
    exact = ORACLES["roc_auc"](np.exp(run.outputs[0][mask]), data.labels[mask])
    assert run.outputs.shape[2] > 2
    np.testing.assert_allclose(run.score("val").values, 100 * exact, rtol=1e-5)

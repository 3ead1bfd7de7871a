"""Any number of labels a node: loss and scores against scikit-learn, and what is learned."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn import metrics as sk

import longnn
from longnn.data.own import Options, own_dataset
from longnn.data.splits import Splits
from longnn.training import METRICS, score
from longnn.training.outputs import outputs_of, probabilities_of
from longnn.training.task import mean_bce

N, C = 60, 4
RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, (N, C)).astype(np.int8)
MASK = RNG.random(N) < 0.6
LOGITS = {
    "random": RNG.normal(size=(N, C)),
    "ties": RNG.integers(-1, 2, (N, C)).astype(float),
    "constant": np.zeros((N, C)),
    "extreme": 300.0 * RNG.choice([-1, 1], (N, C)),
}
UNKNOWN = np.where(RNG.random((N, C)) < 0.2, -1, LABELS).astype(np.int8)


@pytest.mark.parametrize("labels", [LABELS, UNKNOWN], ids=["known", "some unknown"])
@pytest.mark.parametrize("name", ["random", "ties", "constant"])
def test_loss_is_the_log_loss_of_the_known_entries(name, labels):
    known = (labels >= 0) & MASK[:, None]
    probability = 1 / (1 + np.exp(-LOGITS[name]))
    exact = sk.log_loss(labels[known], probability[known])
    assert mean_bce(*map(jnp.asarray, (LOGITS[name], labels, MASK))) == pytest.approx(
        exact, rel=1e-12
    )


def test_gradient_of_the_loss():
    """(p - y) / n at the n known entries, 0 elsewhere; finite where p is 0 or 1 in floats."""
    known = (UNKNOWN >= 0) & MASK[:, None]
    for name in ("random", "extreme"):
        slope = jax.jit(jax.grad(mean_bce))(*map(jnp.asarray, (LOGITS[name], UNKNOWN, MASK)))
        probability = probabilities_of(LOGITS[name], "multilabel")
        exact = np.where(known, (probability - UNKNOWN) / known.sum(), 0)
        np.testing.assert_allclose(slope, exact, rtol=1e-12, atol=1e-15)


def f1(logits, labels, mask):
    known = (labels >= 0) & mask[:, None]
    return sk.f1_score(labels[known], logits[known] > 0, zero_division=0.0)


def area(logits, labels, mask):
    """By columns, since scikit-learn knows no missing labels."""
    found = []
    for logit, label in zip(logits.T, labels.T, strict=True):
        known = mask & (label >= 0)
        if len(set(label[known])) == 2:
            found.append(sk.roc_auc_score(label[known], logit[known]))
    return np.mean(found)


ORACLES = {"multilabel_micro_f1": f1, "multilabel_roc_auc": area}
CASES = {
    "known": LABELS,
    "some unknown": UNKNOWN,
    "one label that nobody has": LABELS * [1, 0, 1, 1],
    "one that all have": LABELS | [0, 0, 0, 1],
    "no labels": 0 * LABELS,
}


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", LOGITS)
@pytest.mark.parametrize("metric", ORACLES)
def test_scores_equal_scikit_learns(metric, name, case, dtype):
    labels = CASES[case].astype(np.int8)
    got = METRICS[metric](jnp.asarray(LOGITS[name], dtype), labels, MASK)
    if metric == "multilabel_roc_auc" and case == "no labels":
        assert np.isnan(got)
        return
    tolerance = 1e-5 if dtype == jnp.float32 else 1e-12
    np.testing.assert_allclose(got, ORACLES[metric](LOGITS[name], labels, MASK), rtol=tolerance)


@pytest.mark.parametrize("metric", ORACLES)
def test_batch_equals_one_by_one(metric):
    masks = RNG.random((3, N)) < 0.5
    batch = np.stack([LOGITS["random"], LOGITS["ties"], -LOGITS["random"]])
    alone = [ORACLES[metric](*pair) for pair in zip(batch, [UNKNOWN] * 3, masks, strict=True)]
    np.testing.assert_allclose(score(metric, batch, UNKNOWN, masks), alone, rtol=1e-12)


def test_outputs_and_probabilities_are_inverse():
    logits = LOGITS["random"]
    np.testing.assert_allclose(probabilities_of(logits, "multilabel"), 1 / (1 + np.exp(-logits)))
    again = outputs_of(probabilities_of(logits, "multilabel"), "multilabel")
    np.testing.assert_allclose(again, logits)
    with pytest.raises(ValueError, match="real values have no probabilities"):
        probabilities_of(logits, "values")


def dataset(metric="multilabel_roc_auc"):
    """Labels that follow from the features, each from one of them; nothing is known of node 0."""
    features = RNG.normal(size=(200, C))
    labels = (features > 0).astype(int)
    labels[0] = -1
    edges = RNG.integers(0, 200, (300, 2))
    return own_dataset("d", edges, features, labels, options=Options(metric=metric))


@pytest.mark.parametrize("metric", ORACLES)
def test_labels_are_learned(metric):
    data = dataset(metric)
    splits = longnn.data.splits.random(data, count=2)
    run = longnn.fit("mlp", data, splits, seeds=2, optim=longnn.Optim(max_epochs=120))
    assert run.score().mean > 88
    assert run.outputs.shape == (4, 200, C)
    masks = splits.test[[0, 1, 0, 1]]
    pairs = zip(run.outputs, masks, strict=True)
    exact = [100 * ORACLES[metric](outputs, data.labels, mask) for outputs, mask in pairs]
    np.testing.assert_allclose(run.score().values, exact, rtol=1e-5)
    np.testing.assert_allclose(run.probabilities, 1 / (1 + np.exp(-run.outputs)), rtol=1e-5)
    assert run.program.task.loss_name == "mean binary cross entropy"


PART = np.tile([0, 0, 1, 2], 50)[None]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metric": "accuracy"}, "one class a node, but the labels have shape"),
        ({"classes": 3}, r"each of 3 labels, integers of shape \[N, 3\], got int8"),
        ({"splits": Splits("mine", PART)}, r"node 0 is in a part .* labels are \[-1 -1 -1 -1\]"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    data = dataset()
    given = {"splits": longnn.data.splits.random(data, count=1)} | change
    with pytest.raises(ValueError, match=message):
        longnn.fit("mlp", data, given.pop("splits"), optim=longnn.Optim(max_epochs=1), **given)


def test_a_part_without_a_label_that_differs_is_refused():
    data = dataset()
    part = np.where(np.arange(200) == 1, 1, PART[0])
    part[(part == 1) & (np.arange(200) != 1)] = 0
    part[0] = -1
    with pytest.raises(ValueError, match="a label that differs in every part, but val of split 0"):
        longnn.fit("mlp", data, Splits("mine", part[None]), optim=longnn.Optim(max_epochs=1))

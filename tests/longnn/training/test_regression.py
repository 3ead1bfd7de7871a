"""Real-valued labels: the loss, what is learned of them, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from longnn.data.splits import Splits
from longnn.graphs.graph import Graph
from longnn.graphs.scaling import shift_matrix
from longnn.models import MLP, LonGNN
from longnn.models.features import as_features
from longnn.operators import normalized_adjacency
from longnn.training import Optim, Problem, fit, score
from longnn.training.task import mean_squared_error
from tests.toy import rates

pytestmark = [pytest.mark.slow, pytest.mark.device]

N, F = 150, 4
RNG = np.random.default_rng(0)
GRAPH = Graph.from_edges(RNG.integers(0, N, (400, 2)), N)
X = RNG.normal(size=(N, F))
S = shift_matrix(GRAPH)
LABELS = 2 * S @ X @ np.array([2.0, -1.0, 0.5, 1.0])  # of the neighbours alone
KNOWN = np.arange(N) % 10 != 0
OPTIM = Optim(rates(0.03, 0.0), max_epochs=250)
# segment_sum, which a GPU would choose, adds there in any order: two runs differ in their last bits
BACKEND = "auto" if jax.default_backend() == "cpu" else "bucketed"
LINEAR = {"order": 3, "embedding": "linear", "dropout": 0.0, "filter_dropout": 0.0}


def problem(labels=LABELS):
    return Problem(
        normalized_adjacency(GRAPH, backend=BACKEND, dtype=jnp.float64),
        as_features(X, dtype=jnp.float64),
        jnp.asarray(labels),
    )


def splits(count=2):
    """Half trains, a quarter validates, a quarter tests; every tenth node is in no part."""
    draw = lambda: np.random.default_rng(count).choice([0, 0, 1, 2], N)  # noqa: E731
    return Splits("toy", np.stack([np.where(KNOWN, np.roll(draw(), s), -1) for s in range(count)]))


def train(data=None, model=LonGNN, settings=LINEAR, **options):
    data = problem(np.where(KNOWN, LABELS, np.nan)) if data is None else data
    chosen = {"splits": splits(), "classes": 1, "optim": OPTIM, "metric": "r2"} | options
    return fit(model, data, chosen.pop("splits"), settings=settings, **chosen)


@pytest.fixture(scope="module")
def trained():
    return train()


def test_loss_and_its_gradient():
    """Mean over the mask of (f - y)^2, whose derivative is 2 (f - y) / n there and 0 elsewhere."""
    outputs = jnp.asarray(RNG.normal(size=(N, 1)))
    labels = np.where(KNOWN, LABELS, np.nan)
    value, slope = jax.jit(jax.value_and_grad(mean_squared_error))(outputs, labels, KNOWN)
    error = np.asarray(outputs)[:, 0] - LABELS
    np.testing.assert_allclose(value, np.mean(error[KNOWN] ** 2), rtol=1e-12)
    expected = np.where(KNOWN, 2 * error / KNOWN.sum(), 0)[:, None]
    np.testing.assert_allclose(slope, expected, rtol=1e-12)


@pytest.mark.slow
def test_a_filtered_signal_is_learned(trained):
    """Almost exactly by a filter; the features alone say nothing of it."""
    test = splits().test
    assert (score("r2", trained.outputs, LABELS, test) > 0.99).all()
    alone = train(model=MLP, settings={"hidden": 16, "dropout": 0.0})
    assert (score("r2", alone.outputs, LABELS, test) < 0.3).all()


def test_curves_are_of_the_outputs_at_the_selected_epoch(trained):
    assert trained.outputs.shape == (2, N, 1)
    for run, (out, val) in enumerate(zip(trained.outputs[..., 0], splits().val, strict=True)):
        at = trained.runs[run]["best_epoch"] - 1
        error, target = (out - LABELS)[val], LABELS[val]
        mse = np.mean(error**2)
        np.testing.assert_allclose(trained.curves["val_loss"][run, at], mse, rtol=1e-8)
        np.testing.assert_allclose(trained.curves["val"][run, at], 1 - mse / np.var(target))
        assert (
            at == np.flatnonzero(trained.curves["val"][run] == trained.curves["val"][run].max())[-1]
        )


@pytest.mark.slow
def test_missing_labels_reach_nothing(trained):
    """NaN where there is no label gives what any number there gives, to the last bit."""
    other = train(problem(np.where(KNOWN, LABELS, 1e6)))
    for name, curve in trained.curves.items():
        np.testing.assert_array_equal(curve, other.curves[name], err_msg=name)
        assert np.isfinite(curve).all()
    np.testing.assert_array_equal(trained.outputs, other.outputs)
    assert np.isfinite(trained.outputs).all()


@pytest.mark.parametrize(
    ("labels", "options", "message"),
    [
        (np.where(np.arange(N) == 1, np.nan, LABELS), {}, "node 1 is in a part .* is nan.* finite"),
        (np.where(np.arange(N) == 1, np.inf, LABELS), {}, "node 1 is in a part .* label is inf"),
        (LABELS, {"classes": 2}, "r2 is of one value per node, got classes=2; use 1"),
        (np.where(splits().val[1], 7, LABELS), {}, r"r2 needs .* in val of split 1 all are 7\.0"),
        (np.where(splits().test[0], 7, LABELS), {}, "r2 needs labels.* test of split 0"),
        (LABELS, {"metric": "accuracy", "classes": 3}, "accuracy needs classes.* float64; use"),
    ],
)  # fmt: skip
def test_what_cannot_be_trained(labels, options, message):
    with pytest.raises(ValueError, match=message):
        train(problem(labels), **options)

"""``longnn.fit`` on a dataset: names and defaults, and what the result says of itself."""

from pathlib import Path

import jax
import numpy as np
import pytest
from omegaconf import OmegaConf

import longnn
from longnn.training import fit, graph_of, problem_of
from tests.toy import C, problem, splits

pytestmark = pytest.mark.device

ROOT = Path(__file__).parents[3]
FEW = longnn.Optim(max_epochs=4)


SUMS = 0 if jax.default_backend() == "cpu" else 1e-5  # a GPU adds in any order


@pytest.fixture(scope="module")
def data():
    return longnn.data.csbm.generate(nodes=60, phi=-0.75)


@pytest.fixture(scope="module")
def parts(data):
    return longnn.data.splits.stratified(data, count=2)


@pytest.fixture(scope="module")
def run(data, parts):
    return longnn.fit("longnn", data, parts, seeds=3, optim=FEW)


def test_a_name_and_a_dataset_are_a_class_and_a_problem(run, data, parts):
    same = fit(longnn.models.LonGNN, problem_of(data), parts, classes=2, seeds=(0, 1, 2), optim=FEW)
    assert same.runs == run.runs
    assert [(r["seed"], r["split"]) for r in run.runs] == [(s, p) for s in range(3) for p in (0, 1)]
    np.testing.assert_allclose(same.outputs, run.outputs, atol=SUMS)


def test_scores_by_hand(run, data, parts):
    for part, masks in (("train", parts.train), ("val", parts.val), ("test", parts.test)):
        scores = run.score(part)
        hits = run.outputs.argmax(2) == data.labels
        exact = [100 * hits[i][masks[r["split"]]].mean() for i, r in enumerate(run.runs)]
        np.testing.assert_allclose(scores.values, exact)
        assert (scores.metric, scores.part, scores.n) == ("accuracy", part, 6)
        assert scores.per_split == {p: pytest.approx(np.mean(exact[p::2])) for p in (0, 1)}
    assert run.score().part == "test"


def test_exponents_are_those_of_the_selected_epochs(run):
    models = [run.model(i) for i in range(6)]
    for name in ("alpha", "beta"):
        learned = [float(getattr(m.filters[0].basis, name)[...]) for m in models]
        np.testing.assert_allclose(getattr(run, name), learned, atol=1e-6)


@pytest.mark.slow
def test_a_model_without_exponents_says_so(data, parts):
    perceptron = longnn.fit("mlp", data, parts, optim=FEW)
    with pytest.raises(AttributeError, match="no alpha: MLP learns none; its curves are loss, val"):
        _ = perceptron.alpha
    assert not hasattr(perceptron, "beta")


@pytest.mark.parametrize("path", sorted((ROOT / "conf/model").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_graph_of_a_model_is_that_of_its_config(path):
    """A model's class says what its config says of the graph."""
    node = OmegaConf.load(path)
    chosen = [d["override /graph@_global_.graph"] for d in node.get("defaults", []) if d != "_self_"
              and "override /graph@_global_.graph" in d]  # fmt: skip
    wanted = OmegaConf.load(ROOT / f"conf/graph/{(chosen or ['plain'])[0]}.yaml")
    model = longnn.models.by_name(path.stem)
    assert getattr(model, "self_loops", 0.0) == wanted.self_loops
    assert getattr(model, "degree_exponent", 0.5) == wanted.degree_exponent


@pytest.mark.slow
def test_self_loops_and_edges_of_a_model(data, parts):
    convolution = longnn.fit("gcn", data, parts, optim=FEW)
    assert convolution.graph.has_self_loops
    by_hand = fit(
        longnn.models.GCN,
        problem_of(data, self_loops=1.0, model=longnn.models.GCN),
        parts,
        classes=2,
        optim=FEW,
    )
    np.testing.assert_allclose(convolution.outputs, by_hand.outputs, atol=SUMS)
    plain = longnn.fit("gcn", data, parts, optim=FEW, self_loops=0.0)
    assert not plain.graph.has_self_loops
    assert np.abs(plain.outputs - convolution.outputs).max() > 1e-3
    assert graph_of(data, 1.0).num_edges == convolution.graph.num_edges


@pytest.mark.slow
def test_averages_of_a_model(data, parts):
    found = longnn.fit("sage", data, parts, optim=FEW)
    by_hand = longnn.fit("sage", data, parts, optim=FEW, degree_exponent=1.0)
    np.testing.assert_array_equal(found.outputs, by_hand.outputs)
    other = longnn.fit("sage", data, parts, optim=FEW, degree_exponent=0.5)
    assert np.abs(other.outputs - found.outputs).max() > 1e-3


BAD = {
    "a part": (lambda run, *_: run.score("all"), "unknown part 'all'; choose one of train, val"),
    "a run": (lambda run, *_: run.model(6), "runs 0 to 5, got 6"),
    "a name": (lambda _, data, parts: longnn.fit("longn", data, parts), "unknown model 'longn'"),
    "no classes": (
        lambda *_: fit("mlp", problem(), splits()), "Problem does not say how many classes"
    ),
    "too late": (
        lambda *_: fit("mlp", problem(), splits(), classes=C, self_loops=1.0),
        "has its operator already",
    ),
    "no seeds": (
        lambda _, data, parts: longnn.fit("mlp", data, parts, seeds=0), "at least 1.*got 0; seeds=3"
    ),
    "no optimizer": (
        lambda _, data, parts: longnn.fit("mlp", data, parts, optim=0.01), "must be a longnn.Optim"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_is_said(what, run, data, parts):
    call, message = BAD[what]
    with pytest.raises(ValueError, match=message):
        call(run, data, parts)


def test_a_fit_that_was_put_together_by_hand_has_no_scores(run):
    from dataclasses import replace

    bare = replace(run, splits=None, labels=None)
    with pytest.raises(ValueError, match="knows no labels and splits"):
        bare.score()
    assert "accuracy" not in repr(bare)


def test_it_shows_itself_in_a_few_lines(run, data, parts):
    shown = repr(run).splitlines()
    assert shown[0] == "Fit of LonGNN on csbm: 6 runs"
    assert shown[1].startswith("  validation accuracy ")
    assert f"alpha {run.alpha.mean():.3f} (from {run.alpha.min():.3f}" in shown[2]
    assert ".score()" in shown[-1]
    assert "test" not in repr(run), "the test scores are read once, when they are asked for"
    assert len(shown) <= 10
    assert all(len(line) < 100 for line in shown)

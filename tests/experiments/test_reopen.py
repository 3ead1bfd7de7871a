"""What training left, opened again: the same numbers, its picture, other graphs."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import longnn
from longnn import plot
from longnn.analysis import eigenvectors
from longnn.data import csbm
from longnn.operators.order import near_order
from longnn.runs.directory import RunDirectoryError
from longnn.training import graph_of
from tests.experiments.conftest import SMALL
from tests.oracles import orthonormal_jacobi

pytestmark = pytest.mark.slow


@pytest.fixture
def run(train):
    (directory,) = train(*SMALL, "model.order=4", "graph=self_loops", "figures=false")
    return longnn.load(directory)


@pytest.mark.slow
def test_a_run_is_what_it_was(run):
    assert run.title == "longnn on csbm"
    assert run.part.shape == (2, 60)
    assert_allclose(run.predict().outputs, run.outputs, atol=1e-5)
    data = run.dataset()
    test = [np.mean(o.argmax(1)[p == 2] == data.labels[p == 2]) for o, p in
            zip(run.outputs, run.part, strict=True)]  # fmt: skip
    assert_allclose([row.test for row in run.result.per_run], 100 * np.array(test), atol=1e-4)


@pytest.mark.slow
def test_its_order_and_precision(train):
    """As it was trained; a run of before these settings has none."""
    settings = ("graph.order=rcm", "precision=mixed", "model.order=4", "figures=false")
    (directory,) = train(*SMALL, *settings)
    run = longnn.load(directory)
    operator = run.problem().operator
    assert getattr(operator, "symmetric", operator).precision == "mixed"
    np.testing.assert_array_equal(operator.node_of_row, near_order(run.dataset().graph))
    assert_allclose(run.predict().outputs, run.outputs, atol=1e-2)
    del run.config["precision"], run.config["graph"]["order"]
    assert run.problem().operator.precision == "full"


@pytest.mark.slow
def test_its_picture_in_one_call(run):
    figure = plot.response(run.directory)
    top, bottom = figure.axes
    assert figure.get_suptitle().startswith(
        "Learned filter of longnn on csbm,\nmedian and quartiles of 2"
    )
    median = np.median(run.response(np.linspace(0, 2, 401)), axis=0)
    for c, line in enumerate(top.lines[:2]):
        assert line.get_label() == f"class {c}"
        assert_allclose(line.get_ydata(), median[:, c], rtol=1e-6)
    share, _, _ = bottom.patches[0].get_data()
    assert_allclose(share.sum(), 100)
    assert len(plot.response(run.fit).axes) == 1  # a fit knows no graph
    one = plot.response(run.model(1), lam=np.linspace(0, 1, 5), title="one")
    assert one.get_suptitle() == "one"
    (alone,) = one.axes
    expected = run.response(np.linspace(0, 1, 5))[1, :, 1]
    assert_allclose(alone.lines[1].get_ydata(), expected, rtol=1e-6)  # one model, or all at once


@pytest.mark.slow
def test_another_graph(run):
    other = csbm.generate(nodes=50, features=8, seed=3)
    outputs = run.predict(other).outputs
    assert outputs.shape == (2, 50, 2)
    assert_allclose(np.exp(outputs).sum(axis=2), 1, rtol=1e-5)
    with pytest.raises(ValueError, match=r"takes 8 features of each node, dataset .csbm. has 5"):
        run.predict(csbm.generate(nodes=50, features=5))


@pytest.mark.slow
def test_features_are_prepared_as_in_training(train):
    (directory,) = train(*SMALL, "+dataset.normalize=standard", "model.order=2", "figures=false")
    run = longnn.load(directory)
    raw = csbm.generate(nodes=60, features=8)
    found = run.predict(raw.graph, raw.features, nodes=[5, 2], runs=1)
    assert_allclose(found.outputs[0], run.outputs[1, [5, 2]], atol=1e-5)
    assert found.title == "longnn on csbm"
    (directory / "preparation.json").unlink()  # a run of before: its data say it
    again = longnn.load(directory).predict(raw.graph, raw.features)
    assert_allclose(again.outputs, run.outputs, atol=1e-5)


@pytest.mark.slow
def test_data_that_have_changed(run):
    run.config["dataset"]["seed"] = 9
    with pytest.raises(RunDirectoryError, match=r"with checksum .*train that run again"):
        run.dataset()


@pytest.mark.slow
def test_its_basis_in_one_call(run):
    top, bottom = plot.learned_basis(run.directory, 1).axes
    row = run.result.per_run[1]
    assert (row.alpha, row.beta) == (run.alpha[1], run.beta[1])
    alpha, beta = row.alpha, row.beta
    assert top.get_title() == f"basis of LonGNN, alpha = {alpha:.2f}, beta = {beta:.2f}"
    lam = np.linspace(0, 2, 401)[1:-1]
    exact = orthonormal_jacobi(4, alpha, beta, 1 - lam)
    for k in range(5):
        assert_allclose(top.lines[k].get_ydata(), exact[k], rtol=1e-3, atol=1e-3)
    root = lam ** (alpha / 2) * (2 - lam) ** (beta / 2)
    assert_allclose(bottom.lines[3].get_ydata(), exact[2] * root, rtol=1e-3, atol=1e-3)
    assert len(plot.learned_basis(run, functions=2).axes[0].lines) == 3  # and the line at 0


@pytest.mark.slow
def test_its_response_through_the_graph(run):
    """The polynomial on the eigenvalues, and the eigenvectors through the trained filter."""
    s = eigenvectors(graph_of(run.dataset(), run.config["graph"]["self_loops"]))
    through = run.propagated_response(run.problem().operator, s.vectors.astype(np.float32))
    exact = run.response(s.lam)
    assert_allclose(through, exact, atol=1e-5 * np.abs(exact).max())

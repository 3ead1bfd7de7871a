"""Training on directed graphs: what goes together, and what is compiled once."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

import longnn
from longnn.graphs import Digraph
from longnn.operators import DirectionsOperator, MagneticOperator
from longnn.training import Optim, problem_of
from longnn.training.executable import _compiled

RNG = np.random.default_rng(0)


def following(nodes: int = 120) -> longnn.data.Dataset:
    """Classes 0, 1, 2 follow each other along edges, which no undirected graph shows."""
    labels = RNG.integers(0, 3, nodes)
    ends = RNG.integers(0, nodes, (40 * nodes, 2))
    edges = ends[(labels[ends[:, 0]] + 1) % 3 == labels[ends[:, 1]]][: 5 * nodes]
    features = np.eye(3)[labels] + 1.5 * RNG.normal(size=(nodes, 3))
    made = longnn.data.own_dataset("following", edges, features, labels)
    return replace(made, digraph=Digraph.from_edges(edges, nodes))


DATA = following()
SPLITS = longnn.data.splits.stratified(DATA, count=2)
FEW = Optim(max_epochs=40)
SMALL = {"order": 3, "dropout": 0.0, "filter_dropout": 0.0}


def trained(operator, charge=0.25, model="longnn", **settings):
    return longnn.fit(
        model, DATA, SPLITS, optim=FEW, settings=SMALL | settings, operator=operator, charge=charge
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["magnetic", "directions"])
def test_fit_trains_and_predicts_on_directed_graphs(kind):
    run = trained(kind)
    assert run.model(0).directed
    again = run.predict(DATA).outputs
    np.testing.assert_allclose(again, run.outputs, atol=1e-5)
    few = run.predict(DATA, nodes=[3, 5]).outputs
    np.testing.assert_allclose(few, run.outputs[:, [3, 5]], atol=1e-5)
    with pytest.raises(ValueError, match=f"operator '{kind}' needs the directions of edges"):
        run.predict(replace(DATA, digraph=None))
    figure = longnn.plot.response(run)
    assert len(figure.axes) == 1  # no spectrum of an undirected graph below it


def test_charges_share_one_compiled_program():
    trained("magnetic", 0.05)
    before = _compiled.cache_info().misses
    first, second = trained("magnetic", 0.15), trained("magnetic", 0.2)
    assert _compiled.cache_info().misses == before
    assert np.abs(first.outputs - second.outputs).max() > 1e-3


@pytest.mark.slow
def test_a_batch_of_runs_equals_each_alone():
    both = trained("magnetic")
    one = longnn.data.Splits(SPLITS.protocol, SPLITS.part[:1])
    alone = longnn.fit(
        "longnn", DATA, one, optim=FEW, settings=SMALL, operator="magnetic", dtype=None
    )
    np.testing.assert_allclose(both.outputs[0], alone.outputs[0], atol=1e-4)


def test_problem_of_makes_each_operator_with_loops():
    for kind, made in (("magnetic", MagneticOperator), ("directions", DirectionsOperator)):
        problem = problem_of(DATA, operator=kind, self_loops=0.5, charge=0.1, backend="csr")
        assert isinstance(problem.operator, made)
        columns = np.asarray(
            problem.operator.matvec(jnp.eye(2 * len(DATA.labels), dtype="float32"))
        )
        diagonal = columns if kind == "magnetic" else np.roll(columns, len(DATA.labels), axis=0)
        assert (np.diag(diagonal) > 0).all()
    assert float(problem_of(DATA, operator="magnetic", charge=0.1).operator.charge) == (
        pytest.approx(0.1)
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"operator": "directed"}, "unknown operator 'directed'; choose one of symmetric, magnet"),
        ({"charge": float("nan")}, r"charge must be a number in \(-inf, inf\), got nan"),
        ({"model": longnn.models.GCN}, "is for spectral models, .*, and GCN is none"),
        ({"model": longnn.models.MLP}, "and MLP is none"),
        ({"degree_exponent": 1.0}, "scaled symmetrically, got degree_exponent=1.0"),
        ({"nodes_over": 2}, "all nodes on one device, got nodes_over=2"),
        ({"order": "rcm"}, "'magnetic' keeps the nodes as they are given, got order 'rcm'"),
    ],
)
def test_settings_that_do_not_go_together(settings, message):
    with pytest.raises(ValueError, match=message):
        problem_of(DATA, **{"operator": "magnetic", **settings})


def test_a_dataset_without_directions_is_refused():
    with pytest.raises(ValueError, match="'directions' needs the directions of edges, and none"):
        longnn.fit("longnn", longnn.data.load("csbm", nodes=50), None, operator="directions")
    with pytest.raises(ValueError, match="a Problem has its operator already"):
        longnn.fit("longnn", problem_of(DATA), SPLITS, classes=3, operator="magnetic")
    with pytest.raises(ValueError, match="digraph of dataset 'following' has 5 nodes, expected"):
        replace(DATA, digraph=Digraph.from_edges(np.array([[0, 1]]), 5))


def test_fewer_nodes_keep_their_directions():
    data = replace(
        DATA, graph=longnn.Graph.from_edges(np.array([[4, 7], [2, 7]]), len(DATA.labels))
    )
    data = replace(data, digraph=Digraph.from_edges(np.array([[4, 7], [7, 2]]), len(DATA.labels)))
    kept = longnn.data.reduced(data, "linked")
    assert kept.digraph.edges.tolist() == [[1, 2], [2, 0]]

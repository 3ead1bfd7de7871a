"""Few nodes are predicted by their neighbourhoods alone, with the outputs of the whole graph."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy import sparse

import longnn
from longnn.data import Dataset, lattices, splits
from longnn.models import GPRGNN, JacobiConv, LonGNN
from longnn.models.reach import hops_of
from longnn.models.series import Fixed, InBasis, Series
from longnn.models.spectral import Spectral
from longnn.stores import StoreError, dataset_of, power_law
from longnn.stores.blocks import BLOCK
from longnn.training import near
from longnn.training.given import in_memory
from longnn.training.inputs import Inputs
from longnn.training.near import near_problem
from longnn.training.problem import Graphs
from polybases import legendre
from tests.longnn.models.cases import MODELS, predict, randomized
from tests.toy import F

SIDE = 30
NODES = SIDE**2 + 1  # the last one is isolated
ASKED = np.array([465, 31, NODES - 1, 31, 466])
HOPS = {"mlp": 0, "chebnet": 4, "acmgnn": 2, "acmgnn of two": 2, "gcn": 2, "gat": 2,
        "sage": 2, "gat_sep": 2, "gcn stacked": 2, "gat stacked": 2, "sgc": 2,
        "tfgnn": 6, "longnn stacked": 8, "optbasisgnn": None,
        "block of residuals": None, "block of an initial residual": None,
        "block of feed-forward layers": 8, "block of filters in front": 8}  # fmt: skip


def graph(weighted: bool = True) -> longnn.Graph:
    """A grid with weights, and a loop at every tenth node."""
    loops = np.arange(0, SIDE**2, 10)[:, None] + [0, 0]
    pairs = np.concatenate([lattices.grid_edges(SIDE, SIDE), loops])
    weights = np.random.default_rng(0).uniform(0.5, 2, len(pairs)) if weighted else None
    return longnn.Graph.from_edges(pairs, NODES, weights, self_loops="keep")


def data(weighted: bool = True, thin: bool = False) -> Dataset:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((NODES, F)) * (rng.random((NODES, F)) < (0.08 if thin else 1))
    return longnn.data.own_dataset("grid", graph(weighted), x, rng.integers(0, 3, NODES))


def inputs(**graphs) -> Inputs:
    return Inputs(F, ("a", "b", "c"), Graphs(dtype="float64", **graphs))


def both(model, given: Dataset, **graphs) -> tuple[np.ndarray, np.ndarray]:
    """Outputs of the asked nodes by their neighbourhoods, and by the whole graph."""
    takes = inputs(**graphs, model=type(model))
    found = near_problem(takes, in_memory(given), ASKED, model)
    assert found is not None
    assert found.problem.features.shape[0] < NODES / 2
    whole = predict(model, takes.problem(in_memory(given)))
    return predict(model, found.problem)[found.places], whole[ASKED]


QUICK = ("longnn", "longnn stacked", "chebnet", "gat", "optbasisgnn", "mlp")


@pytest.mark.device
@pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in MODELS]
)
def test_every_model_near_nodes_is_that_of_the_whole_graph(name):
    model = randomized(name)
    hops = HOPS.get(name, 4)
    assert hops_of(model) == hops
    if hops is None:
        assert near_problem(inputs(), in_memory(data()), ASKED, model) is None
        return
    found, whole = both(model, data(), self_loops=0.5)
    np.testing.assert_allclose(found, whole, atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "weighted", "exponent"),
    [("longnn", False, 0.3), ("longnn stacked", True, 1.0), ("acmgnn", True, 0.0)],
)
def test_other_scalings_and_graphs(name, weighted, exponent):
    given = data(weighted, thin=True)
    assert isinstance(given.features, sparse.csr_array)
    found, whole = both(randomized(name), given, degree_exponent=exponent)
    np.testing.assert_allclose(found, whole, atol=1e-12, rtol=1e-12)


class Own(LonGNN):
    """A model that sees the whole graph."""

    def __call__(self, operator, features, key=None):
        out = super().__call__(operator, features, key)
        return out - out.mean(axis=0)


class Told(Own):
    def hops(self):
        return None


class Legendre(Series):
    def terms(self):
        return legendre(3), jnp.ones((4, 1))


class Twice(Legendre):
    def __call__(self, operator, h):
        return super().__call__(operator, super().__call__(operator, h))


def of_filter(kind):
    return Spectral(F, 3, lambda *_: kind(), rngs=nnx.Rngs(0))


def test_a_model_of_ones_own_looks_as_far_as_it_says():
    made = {"rngs": nnx.Rngs(0)}
    assert hops_of(Own(F, 3, **made)) is hops_of(Told(F, 3, **made)) is None
    assert hops_of(of_filter(Legendre)) == 3
    assert hops_of(of_filter(Twice)) is None
    assert hops_of(lambda operator, features, key=None: features) is None
    by_basis = InBasis(Fixed(legendre, 5), lambda: jnp.ones((6, 1)))
    assert hops_of(of_filter(lambda: by_basis)) == 5


@pytest.fixture(scope="module")
def fit():
    given = data(weighted=False).prepared("standard")
    few = longnn.Optim(max_epochs=3)
    drawn = splits.stratified(given, count=2)
    return longnn.fit("longnn", given, drawn, optim=few, settings={"order": 4}, self_loops=1.0)


def used(monkeypatch) -> list[int | None]:
    """How many nodes each prediction was computed on; None: on all."""
    sizes: list[int | None] = []
    own = near.near_problem

    def told(*args):
        found = own(*args)
        sizes.append(None if found is None else found.problem.features.shape[0])
        return found

    monkeypatch.setattr("longnn.training.result.near_problem", told)
    return sizes


def test_a_fit_predicts_few_nodes_by_their_neighbourhoods(fit, monkeypatch):
    sizes = used(monkeypatch)
    raw = data(weighted=False)
    ways = ((raw.prepared("standard"), None), (raw, None), (raw.graph, raw.features))
    for given, features in ways:
        found = fit.predict(given, features, nodes=ASKED)
        np.testing.assert_allclose(found.outputs, fit.outputs[:, ASKED], rtol=1e-6, atol=1e-6)
        assert found.nodes.tolist() == ASKED.tolist()
    some = fit.predict(raw, nodes=[3], runs=1)
    np.testing.assert_allclose(some.outputs, fit.outputs[[1]][:, [3]], rtol=1e-6, atol=1e-6)
    assert sizes[:3] == [128] * 3
    assert fit.predict(raw, nodes=np.arange(0, NODES, 40)).outputs.shape[1] == 23
    fit.predict(raw)
    assert sizes[4:] == [None], (
        "the neighbourhoods of 23 nodes are most of it; of all, none is made"
    )


def test_signals_that_are_rounded_need_the_whole_graph(fit, monkeypatch):
    sizes = used(monkeypatch)
    graphs = fit.inputs.graphs | {"precision": "mixed"}
    mixed = replace(fit, inputs=replace(fit.inputs, graphs=graphs))
    mixed.predict(data(weighted=False), nodes=[3])
    assert sizes == [None]


def without_loops() -> Dataset:
    """Stored datasets drop loops."""
    ends = lattices.grid_edges(SIDE, SIDE)
    x = np.random.default_rng(1).standard_normal((NODES, F))
    labels = np.random.default_rng(2).integers(0, 3, NODES)
    return longnn.data.own_dataset("grid", longnn.Graph.from_edges(ends, NODES), x, labels)


def test_a_dataset_on_the_disk(fit, tmp_path, monkeypatch):
    sizes = used(monkeypatch)
    raw = without_loops()
    part = np.zeros(NODES, np.int8)
    ends = raw.graph.pairs()
    stored = dataset_of(tmp_path / "s", [(ends, None)], [raw.features], raw.labels, part)
    expected = fit.predict(raw).outputs
    few = fit.predict(stored, nodes=["465", 31]).outputs
    np.testing.assert_allclose(few, expected[:, [465, 31]], rtol=1e-6, atol=1e-6)
    mapped = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, (NODES, F))
    mapped[:] = raw.features
    few = fit.predict(stored.graph, mapped, nodes=[465, 31]).outputs
    np.testing.assert_allclose(few, expected[:, [465, 31]], rtol=1e-6, atol=1e-6)
    sparsely = fit.predict(stored.graph, sparse.csr_array(raw.features), nodes=[7]).outputs
    np.testing.assert_allclose(sparsely, expected[:, [7]], rtol=1e-6, atol=1e-6)
    assert sizes == [128, 128, 64]
    for graph, features in ((stored, None), (stored.graph, raw.features)):
        np.testing.assert_allclose(fit.predict(graph, features).outputs, expected, atol=1e-5)
    with pytest.raises(ValueError, match="has features of its own"):
        fit.predict(stored, raw.features)
    with pytest.raises(ValueError, match=r"has 901 nodes, the features have shape \(9, 6\)"):
        fit.predict(stored.graph, raw.features[:9])
    with pytest.raises(ValueError, match="takes 6 features of each node, what came has 5"):
        fit.predict(stored.graph, raw.features[:, :5], nodes=[3])
    with pytest.raises(ValueError, match="has no node '901'"):
        fit.predict(stored, nodes=[901])


def test_only_the_rows_that_are_needed_are_read(fit, tmp_path):
    """Damage in a block that no neighbourhood touches is not noticed; the whole notices it."""
    nodes = 40_000
    ends = lattices.grid_edges(200, 200)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((nodes, 40)).astype(np.float32)  # 6.4 MB: two blocks
    few = longnn.Optim(max_epochs=1)
    graph = longnn.Graph.from_edges(ends, nodes)
    given = longnn.data.own_dataset("g", graph, x, rng.integers(0, 2, nodes))
    model = longnn.fit("sgc", given, splits.random(given, count=1), optim=few)
    stored = dataset_of(tmp_path / "s", [(ends, None)], [x], given.labels, np.zeros(nodes, np.int8))
    file = stored.path / "features.bin"
    with file.open("r+b") as opened:
        opened.seek(BLOCK + 100)
        opened.write(b"\xff\xff")
    again = longnn.stores.StoredDataset(stored.path)
    found = model.predict(again, nodes=[5]).outputs
    np.testing.assert_allclose(found, model.outputs[:, [5]], rtol=1e-6, atol=1e-6)
    with pytest.raises(StoreError, match="damaged"):
        model.predict(again, nodes=[nodes - 1])


def test_rows_of_a_weighted_graph_on_the_disk(tmp_path):
    """Those of the same graph in memory, in any order."""
    rng = np.random.default_rng(0)
    ends, weights = rng.integers(0, 50, (100, 2)), rng.random(100) + 0.1
    stored = longnn.stores.build(tmp_path / "g", [(ends, weights)], 50)
    asked = np.array([9, 3, 49, 3])
    expected = longnn.graphs.balls.rows_in_memory(stored.graph())(asked)
    for a, b in zip(stored.take(asked), expected, strict=True):
        np.testing.assert_array_equal(a, b)
    assert power_law(tmp_path / "p", 50, 4.0).take(asked).weights is None
    with pytest.raises(IndexError, match=r"nodes must lie in \[0, 50\), got 50"):
        stored.take(np.array([50]))


def test_jacobiconv_and_gprgnn_in_single_precision():
    for kind in (JacobiConv, GPRGNN):
        model = kind(F, 3, rngs=nnx.Rngs(0), order=4)
        takes = Inputs(F, ("a", "b", "c"), Graphs(self_loops=1.0))
        given = in_memory(data())
        found = near_problem(takes, given, ASKED, model)
        assert found is not None
        whole = predict(model, takes.problem(given))[ASKED]
        np.testing.assert_allclose(predict(model, found.problem)[found.places], whole, atol=1e-6)

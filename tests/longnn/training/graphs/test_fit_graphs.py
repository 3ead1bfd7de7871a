"""Training on batches of graphs: equal to one graph where it must be, and what is refused."""

import jax
import numpy as np
import pytest

import longnn
from longnn.data import GraphDataset, own_graphs
from longnn.data.many import families
from longnn.data.many import splits as graph_splits
from longnn.data.own import Options
from longnn.data.splits import Splits
from longnn.training.graphs.plan import shuffled
from longnn.training.graphs.step import run_epochs

DATA = families.csbm(graphs=12, smallest=12, largest=24, phi=-0.5, seed=2)
SPLITS = graph_splits.random(DATA, train=0.6, val=0.2, count=2)
MODEL = {"order": 3, "hidden": 8}
STILL = {**MODEL, "dropout": 0.0}


STOP = {"max_epochs": 6, "patience": 20, "patience_counts": "not_better"}


def optim(lr=0.05, **options):
    rates = {g: {"lr": lr, "weight_decay": 0.0} for g in
             ("mlp", "decomposition", "coefficients", "basis")}  # fmt: skip
    return longnn.Optim(rates=rates, **{**STOP, **options})


def fitted(data=DATA, splits=SPLITS, **options):
    given = {"batch_graphs": 3, "settings": STILL, "optim": optim(), "dtype": "float64"}
    return longnn.fit_graphs("longnn", data, splits, **{**given, **options})


@pytest.fixture(scope="module")
def run():
    before = run_epochs._cache_size()
    made = fitted(seeds=2)
    assert run_epochs._cache_size() == before + 1  # two splits, one program
    return made


def test_one_batch_an_epoch_is_the_fit_of_all_graphs_together():
    part = np.repeat(SPLITS.part, DATA.sizes, axis=1)
    given = {"settings": STILL, "optim": optim(), "dtype": "float64"}
    whole = longnn.fit("longnn", DATA.nodes, Splits("graphs", part), **given)
    made = fitted(batch_graphs=12)
    for name in ("loss", "val", "val_loss", "alpha"):
        np.testing.assert_allclose(made.curves[name], whole.curves[name], rtol=1e-8)
    np.testing.assert_allclose(made.outputs, whole.outputs, rtol=1e-6)
    np.testing.assert_array_equal(made.score("val").values, whole.score("val").values)


def test_every_training_graph_counts_once_an_epoch():
    made = fitted(optim=optim(lr=0.0))
    first = DATA.first
    nll = -np.take_along_axis(made.outputs[0], DATA.labels[:, None], 1)[:, 0]
    train = np.flatnonzero(SPLITS.part[0] == 0)
    key = jax.random.fold_in(jax.random.key(0), 0)
    orders = []
    for epoch in range(6):
        batches = np.asarray(shuffled(jax.random.fold_in(key, epoch), jax.numpy.array(train), 3))
        orders.append(batches.ravel().tolist())
        assert sorted(batches[batches >= 0]) == train.tolist()
        means = [
            np.concatenate([nll[first[g] : first[g + 1]] for g in batch if g >= 0]).mean()
            for batch in batches
        ]
        np.testing.assert_allclose(made.curves["loss"][0, epoch], np.mean(means), rtol=1e-8)
    assert len({tuple(order) for order in orders}) == 6


def test_outputs_are_those_of_each_graph_alone(run):
    unseen = families.csbm(graphs=5, smallest=8, largest=30, phi=-0.5, seed=9)
    found = run.predict(unseen, [4, 1], runs=2)
    model = run.model(2)
    assert len(found) == unseen.sizes[[1, 4]].sum()
    alone = []
    for number in (1, 4):
        one = unseen[number]
        operator = longnn.normalized_adjacency(one.graph, backend="csr", dtype="float64")
        logits = model(operator, longnn.as_features(one.features, dtype="float64"))
        alone.append(np.asarray(jax.nn.log_softmax(logits)))
    np.testing.assert_allclose(found.outputs[0], np.concatenate(alone), atol=1e-9)
    nodes = np.concatenate([np.arange(unseen.first[g], unseen.first[g + 1]) for g in (1, 4)])
    np.testing.assert_array_equal(found.nodes, nodes)
    right = found.outputs[0].argmax(axis=1) == unseen.labels[nodes]
    np.testing.assert_allclose(run.score_of(unseen, [4, 1]).values[2], 100 * right.mean())


def test_a_changed_graph_changes_no_other(run):
    nodes = DATA.nodes
    features = nodes.features.copy()
    features[DATA.first[5] : DATA.first[6]] += 100
    other = GraphDataset(
        longnn.data.Dataset("other", nodes.graph, features, nodes.labels, 2), DATA.sizes
    )
    before, after = run.predict(DATA).outputs, run.predict(other).outputs
    same = np.repeat(np.arange(12) != 5, DATA.sizes)
    np.testing.assert_array_equal(before[:, same], after[:, same])
    assert (before[:, ~same] != after[:, ~same]).any()


def test_runs_do_not_depend_on_what_is_trained_beside_them(run):
    assert [(r["seed"], r["split"]) for r in run.runs] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    alone = fitted(seeds=(1,))
    np.testing.assert_allclose(alone.outputs, run.outputs[2:], atol=1e-9)
    np.testing.assert_allclose(run.predict(DATA, runs=0).outputs[0], run.outputs[0], atol=1e-12)
    other = fitted(seeds=(1,), order_seed=1)
    assert abs(other.curves["loss"][0, 1] - alone.curves["loss"][0, 1]) > 1e-6


def test_scores_pool_nodes_or_average_graphs(run):
    val = SPLITS.part[1] == 1
    right = run.outputs[1].argmax(axis=1) == DATA.labels
    pooled = right[np.repeat(val, DATA.sizes)].mean()
    np.testing.assert_allclose(run.score("val").values[1], 100 * pooled)
    each = np.add.reduceat(right, DATA.first[:-1]) / DATA.sizes
    found = run.score("val", average="graphs")
    np.testing.assert_allclose(found.values[1], 100 * each[val].mean())
    np.testing.assert_allclose(
        run.score_of(DATA, np.flatnonzero(val), average="graphs").values[1], found.values[1]
    )
    best = run.runs[1]["best_epoch"] - 1
    np.testing.assert_allclose(100 * run.curves["val"][1, best], run.score("val").values[1])


def test_patience_ends_runs_and_what_comes_after_is_not_computed():
    calls = []
    stop = optim(lr=0.0, max_epochs=40, patience=2)
    made = fitted(optim=stop, chunk=5, on_progress=calls.append)
    assert [(r["epochs"], r["best_epoch"]) for r in made.runs] == [(4, 1), (4, 1)]
    assert [(c.epoch, c.running, c.waiting) for c in calls] == [(4, 1, 1), (4, 0, 0)]
    assert made.curves["loss"].shape == (2, 4)


COUNTS = np.random.default_rng(0).integers(3, 9, 24)
RINGS = [np.stack([np.arange(n), (np.arange(n) + 1) % n], 1) for n in COUNTS]
MARKS = [np.random.default_rng(n).normal(loc=3.0 * (i % 2), size=(c, 2)) for n, (i, c) in
         enumerate(zip(range(24), COUNTS, strict=True))]  # fmt: skip


def test_classes_of_graphs():
    data = own_graphs("rings", RINGS, MARKS, graph_labels=[*np.arange(23) % 2, -1])
    splits = graph_splits.stratified(data, train=0.5, val=0.25, count=1)
    run = fitted(data, splits, readout="attention", optim=optim(max_epochs=30), batch_graphs=4)
    assert run.outputs.shape == (1, 24, 2)
    assert run.score("train").mean > 90
    assert run.predict(data, [3]).nodes.tolist() == [3]
    assert run.predict(own_graphs("new", RINGS[:2], MARKS[:2])).probabilities.shape == (2, 2)
    with pytest.raises(ValueError, match="have one label each; leave it out"):
        run.score(average="graphs")


@pytest.mark.slow
def test_values_of_graphs():
    data = own_graphs(
        "rings", RINGS, [np.ones((n, 1)) for n in COUNTS], graph_labels=COUNTS / 4.0,
        options=Options(metric="r2"),
    )  # fmt: skip
    splits = graph_splits.random(data, train=0.5, val=0.25, count=1)
    run = fitted(data, splits, readout="sum", optim=optim(max_epochs=60), batch_graphs=4)
    assert run.score("train").mean > 90  # a sum counts nodes
    np.testing.assert_allclose(run.predict(data).values, run.outputs[0, :, 0], atol=1e-9)


@pytest.mark.slow
def test_other_models_and_unlabelled_nodes():
    labels = [np.where(np.arange(n) % 3 == 0, -1, np.arange(n) % 2) for n in COUNTS]
    data = own_graphs("rings", RINGS, MARKS, labels)
    splits = graph_splits.random(data, count=1)
    run = longnn.fit_graphs("gcn", data, splits, optim=longnn.Optim(max_epochs=2))
    assert run.taken.self_loops == 1
    assert np.isfinite(run.curves["loss"]).all()
    assert run.score("test").n == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": DATA.nodes}, "expected a longnn.data.GraphDataset"),
        ({"splits": SPLITS.part}, "must be those of longnn.data.many.splits"),
        ({"splits": graph_splits.random(families.csbm(graphs=9))}, "splits are of 9 graphs"),
        ({"readout": "mean"}, "labels of its nodes, which need no readout"),
        ({"batch_graphs": 0}, "batch_graphs"),
        ({"chunk": 0}, "chunk"),
        ({"backend": "bucketed"}, "use 'native', 'csr' or 'segment_sum'"),
        ({"settings": {**STILL, "placement": "stacked", "norm": "graph"}}, "see each other"),
        ({"metric": "r2"}, "classes"),
    ],
)
def test_what_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        fitted(**changes)


def test_a_model_that_averages_over_neighbours_is_refused():
    with pytest.raises(
        ValueError, match=r"SAGE is meant for degree_exponent=1\.0, but the operator"
    ):
        longnn.fit_graphs("sage", DATA, SPLITS)


def test_models_that_look_at_all_nodes_are_refused():
    with pytest.raises(ValueError, match="OptBasisGNN with these settings looks at all nodes"):
        longnn.fit_graphs("optbasisgnn", DATA, SPLITS)
    data = own_graphs("rings", RINGS, MARKS, graph_labels=np.arange(24) % 2)
    with pytest.raises(ValueError, match="needs a readout over its nodes"):
        longnn.fit_graphs("longnn", data, graph_splits.random(data))


def test_what_other_data_must_be(run):
    wide = families.csbm(graphs=3, smallest=12, largest=14, features=5)
    three = families.sbm(graphs=3, classes=3, smallest=12, largest=14)
    standard = GraphDataset(DATA.nodes.prepared("standard"), DATA.sizes)
    bare = own_graphs("d", RINGS[:2], [np.ones((n, 16)) for n in COUNTS[:2]])
    for call, message in [
        (lambda: run.predict(wide), "has 5 features, but training 16"),
        (lambda: run.predict(standard), "give them unprepared"),
        (lambda: run.predict(DATA.nodes), "expected a longnn.data.GraphDataset"),
        (lambda: run.predict(DATA, [12]), r"numbers in \[0, 12\)"),
        (lambda: run.score_of(three), "are of 2 classes of each node"),
        (lambda: run.score_of(DATA, []), r"numbers in \[0, 12\)"),
        (lambda: run.score_of(DATA, average="edges"), "unknown average"),
        (lambda: run.score_of(replace_labels(bare)), "has a label to score"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()


def replace_labels(data):
    """The same with 2 classes, of which no node has one."""
    nodes = data.nodes
    made = longnn.data.Dataset("bare", nodes.graph, nodes.features, nodes.labels, 2)
    return GraphDataset(made, data.sizes)

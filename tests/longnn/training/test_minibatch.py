"""Mini-batches of stored terms: the full batch where all nodes are in one, its gradients else."""

import shutil

import jax
import numpy as np
import pytest

import longnn
import polybases
from longnn.training.minibatch.plan import plan_of
from longnn.training.minibatch.reading import prefetched
from longnn.training.minibatch.step import _compiled, run_batch
from tests.longnn.training.minibatch_cases import (
    OFF,
    check_gradients,
    full_gradients,
    full_problem,
    mean_gradients,
    small,
    summed_gradients,
    trainer_of,
)


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return small(tmp_path_factory.mktemp("small"))


OPTIONS = {
    "plain": {},  # with dropout
    "all options": {
        "clip": 0.5, "ema": 0.9, "schedule": "plateau", "class_weights": [1.0, 3.0],
        "label_smoothing": 0.1, "decay": "theta", "stop": "train_macro_f1",
        "patience_counts": "not_better",
    },
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_one_mini_batch_an_epoch_is_the_full_batch(case, options):
    optim = longnn.Optim(max_epochs=20, patience=8, **options)
    settings = {"placement": "before", "order": 6, "alpha": 0.7, "filter_dropout": 0.1}
    settings |= OFF | {"filter_dropout": 0.0} if options else {}
    shared = {"seeds": (3, 4), "optim": optim, "settings": settings, "classes": 2}
    full = longnn.fit("longnn", full_problem(case), case.splits, **shared)
    found = longnn.fit_stored("longnn", case.terms, case.data.labels, case.splits, dtype="float64",
                              batch_nodes=90, **shared)  # fmt: skip
    assert found.runs == full.runs
    assert len(found.curves["loss"][0]) >= 9
    for name, values in full.curves.items():
        np.testing.assert_allclose(found.curves[name], values, atol=1e-9, rtol=0, err_msg=name)
    for part in ("train", "val", "test"):
        assert np.array_equal(found.score(part).values, full.score(part).values)
    outputs = found.predict().outputs
    np.testing.assert_allclose(outputs, full.outputs, atol=1e-9)
    assert np.array_equal(found.confusion(), full.confusion())
    np.testing.assert_allclose(found.coverage().answered, full.coverage().answered)
    few = found.predict([4, 2], runs=1).outputs[0]
    np.testing.assert_allclose(few, outputs[1, [4, 2]], atol=1e-12)


@pytest.mark.slow
def test_gradients_of_an_epoch_are_those_of_the_full_batch(case):
    """In pieces, with weights of classes; in float64 to rounding, in float32 within twice."""
    found = {}
    for dtype in ("float64", "float32"):
        optim = longnn.Optim(max_epochs=1, transformation=summed_gradients(),
                             class_weights=[1.0, 4.0])  # fmt: skip
        memory = 60 * 7 * 12 * np.dtype(dtype).itemsize  # terms of 60 nodes
        trainer = trainer_of(case, "longnn", OFF | {"alpha": 2.0}, optim, batch_nodes=13,
                             dtype=dtype, seeds=(1, 2), memory=memory)  # fmt: skip
        assert not trainer.work.plan.in_memory
        full = full_gradients(case, trainer, dtype)
        found[dtype] = full, mean_gradients(trainer)
    check_gradients(found)


@pytest.mark.slow
def test_an_epoch_is_compiled_once(case):
    """Mini-batches of 12, 11 and 11 nodes, pieces, and another seed."""
    before = run_batch._cache_size(), _compiled.cache_info().misses
    for seeds in ((0,), (5,)):
        optim = longnn.Optim(max_epochs=3)
        options = {"classes": 2, "batch_nodes": 13, "seeds": seeds, "optim": optim}
        longnn.fit_stored("longnn", case.terms, case.data.labels, case.splits, **options)
    assert run_batch._cache_size() == before[0]  # what is compiled beforehand is all that runs
    assert _compiled.cache_info().misses == before[1] + 1


@pytest.mark.slow
def test_a_run_without_training_nodes_in_a_mini_batch_stays_as_it_is(case):
    part = np.full((2, 90), 2)
    part[:, :45] = 1
    part[0, :40] = 0
    part[1, 7] = 0  # one training node
    uneven = case._replace(splits=longnn.data.Splits("uneven", part))
    optim = longnn.Optim(max_epochs=1, transformation=summed_gradients())
    trainer = trainer_of(uneven, "longnn", OFF, optim, batch_nodes=10)
    full = full_gradients(uneven, trainer, "float64")
    found = mean_gradients(trainer)
    assert np.asarray(trainer.state.opt_state[1]).tolist() == [4, 1]
    for a, b in zip(full, found, strict=True):
        np.testing.assert_allclose(b, a, atol=1e-10)


@pytest.mark.parametrize("memory", [1e9, 3000.0], ids=["in memory", "in pieces"])
def test_the_order_of_an_epoch(memory):
    nodes = np.flatnonzero(np.random.default_rng(0).random(200) < 0.6)
    plan = plan_of(nodes, batch=7, each=100, memory=memory, seed=3)
    orders = []
    for epoch in (0, 1):
        groups = plan.epoch(epoch)
        assert (len(groups) == 1) == (memory == 1e9)
        for group in groups:
            assert len(group.nodes) * 100 <= memory
            assert np.array_equal(np.sort(np.concatenate(group.batches)), group.nodes)
            assert max(map(len, group.batches)) <= plan.size <= 7
        orders.append(np.concatenate([b for g in groups for b in g.batches]))
        assert np.array_equal(np.sort(orders[-1]), nodes)
        again = np.concatenate([b for g in plan.epoch(epoch) for b in g.batches])
        assert np.array_equal(again, orders[-1])
    assert not np.array_equal(*orders)
    with pytest.raises(MemoryError, match="lower batch_nodes"):
        plan_of(nodes, batch=7, each=100, memory=600.0, seed=3)


def test_what_is_made_ahead_comes_in_order_and_fails_where_it_failed():
    made = []

    def make(item):
        made.append(item)
        if item == 5:
            raise ValueError("five")
        return 10 * item

    items = prefetched(make, range(9), ahead=2)
    assert next(items) == 0
    assert len(made) <= 3
    assert [next(items) for _ in range(4)] == [10, 20, 30, 40]
    with pytest.raises(ValueError, match="five"):
        next(items)
    assert len(made) <= 8


@pytest.fixture(scope="module")
def short(case):
    """Two epochs, and what was told of them."""
    heard = []
    optim = longnn.Optim(max_epochs=2)
    run = longnn.fit_stored("longnn", case.terms, case.data.labels, case.splits, classes=2,
                            batch_nodes=30, optim=optim, on_progress=heard.append)  # fmt: skip
    return run, heard


def test_progress(short):
    _, heard = short
    batches = heard[0].batches
    assert [(p.epoch, p.batch) for p in heard] == [
        *((0, b) for b in range(1, batches + 1)), (1, 0),
        *((1, b) for b in range(1, batches + 1)), (2, 0),
    ]  # fmt: skip
    assert heard[1].seconds_left > 0 == heard[-1].seconds_left
    assert (heard[0].running, heard[-1].running, heard[-1].best_val > 0) == (2, 0, True)


WRONG = {
    "nodes": ({"labels": np.zeros(89, int)}, "89 labels, but terms of 90 nodes"),
    "classes": ({"classes": None}, "give classes= and splits="),
    "splits": ({"splits": None}, "give classes= and splits="),
    "order": ({"settings": {"order": 5}}, "the terms are of order 6, but LonGNN is of order 5"),
    "placement": ({"settings": {"placement": "after"}}, "no filter in front"),
    "model": ({"model": "mlp"}, "unknown setting of MLP"),
    "krylov": ({"model": "optbasisgnn"}, "no filter in front"),
    "batch": ({"batch_nodes": 0}, r"batch_nodes must be a whole number in \[1"),
    "tolerance": ({"tolerance": 0.0}, "tolerance must be a number"),
    "dtype": ({"dtype": "float16"}, "dtype must be float32 or float64"),
    "terms": ({"memory_gb": 1e-6}, "lower batch_nodes, or raise memory_gb"),
    "program": ({"memory_gb": 1e-4}, r"half of memory_gb; lower batch_nodes or the number of runs"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_refused(case, change, message):
    given = {"model": "longnn", "labels": case.data.labels, "splits": case.splits, "classes": 2}
    given |= change
    model, labels, splits = (given.pop(name) for name in ("model", "labels", "splits"))
    with pytest.raises((ValueError, MemoryError), match=message):
        longnn.fit_stored(model, case.terms, labels, splits, **given)


def test_nodes_that_are_not_there_are_refused(short):
    run, _ = short
    for nodes, message in (([90], r"\[0, 90\), got 90"), ([], "at least one"), ([0.5], "whole")):
        with pytest.raises(ValueError, match=message):
            run.predict(nodes)


def test_what_is_told_of_a_fit(short):
    run, _ = short
    assert "Fit of LonGNN on terms: 2 runs" in repr(run)
    assert "next: .score(), .predict(nodes)" in repr(run)
    assert run.model(1).theta().shape == (7, 64)
    assert run.response(np.linspace(0, 2, 5)).shape == (2, 5, 64)
    assert run.outputs.shape == (2, 0, 2)
    assert jax.tree.leaves(run.params)[0].dtype == np.float32


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["r2", "multilabel_micro_f1"])
def test_values_and_several_labels_are_trained_as_in_the_full_batch(case, metric):
    rng = np.random.default_rng(0)
    labels, classes = rng.standard_normal(90), 1
    if metric != "r2":
        labels, classes = rng.integers(-1, 2, (90, 3)), 3
        labels[:, 0] = rng.integers(0, 2, 90)  # of each node something is known
    settings = {"placement": "before", "order": 6}
    shared = {"optim": longnn.Optim(max_epochs=5), "settings": settings, "classes": classes,
              "metric": metric}  # fmt: skip
    problem = full_problem(case)._replace(labels=jax.numpy.asarray(labels))
    full = longnn.fit("longnn", problem, case.splits, **shared)
    found = longnn.fit_stored("longnn", case.terms, labels, case.splits, dtype="float64",
                              batch_nodes=90, **shared)  # fmt: skip
    for name, values in full.curves.items():
        np.testing.assert_allclose(found.curves[name], values, atol=1e-9, rtol=0, err_msg=name)
    several = found.predict([1, 2])
    assert several.outputs.shape == (2, 2, classes)
    assert len(several.columns()) == (2 if metric == "r2" else 4)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A dataset on the disk, and its terms."""
    folder, rng = tmp_path_factory.mktemp("stored"), np.random.default_rng(0)
    data = longnn.data.csbm.generate(nodes=90, features=12, phi=-0.5)
    part = rng.permutation(np.arange(90) % 3)
    edges = [(data.graph.pairs(), None)]
    made = longnn.stores.dataset_of(folder / "data", edges, [data.features], data.labels, part)
    basis = polybases.jacobi(6, 0.0, 0.0)
    return made, longnn.stores.propagate(folder / "terms", made.graph, made, basis)


@pytest.mark.slow
def test_a_stored_dataset_says_labels_and_split(stored, short):
    data, terms = stored
    run = longnn.fit_stored("longnn", terms, data, optim=longnn.Optim(max_epochs=1))
    assert run.title == f"LonGNN on {data.name}"
    assert run.predict([0]).classes == ("0", "1")
    assert run.splits.protocol == "fixed"
    wrong, _ = short
    with pytest.raises(ValueError, match="another graph or of other features"):
        longnn.fit_stored("longnn", wrong.terms, data)


def test_damaged_terms_are_found_while_training(stored, tmp_path):
    data, terms = stored
    shutil.copytree(terms.path, tmp_path / "terms")
    file = next((tmp_path / "terms").glob("terms-0-3.bin"))
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(longnn.stores.StoreError, match="is damaged: its checksum is another"):
        longnn.fit_stored("longnn", longnn.stores.StoredTerms(tmp_path / "terms"), data,
                          optim=longnn.Optim(max_epochs=1))  # fmt: skip

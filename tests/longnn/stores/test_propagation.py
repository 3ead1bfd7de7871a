"""Terms on the disk are p_k(S) X, also after a kill in the middle of the work."""

import itertools
import os
import signal
import subprocess
import sys
import time

import jax.numpy as jnp
import numpy as np
import pytest

import longnn
import polybases
from longnn.stores import StoredTerms, StoreError, dataset_of, open_graph, power_law, propagate
from longnn.stores.blocks import Writer
from tests.longnn.stores.test_build import damage

NODES, FEATURES = 300, 7


@pytest.fixture
def graph(tmp_path):
    return power_law(tmp_path / "graph", NODES, 6.0, seed=2)


@pytest.fixture
def features():
    return np.random.default_rng(0).standard_normal((NODES, FEATURES))


def expected(graph, features, basis):
    """By the dense matrix in float64."""
    matrix = longnn.graphs.scaling.shift_matrix(graph.graph()).toarray()
    terms = [np.asarray(basis.first) * features]
    before = np.zeros_like(features)
    for d, u, low in zip(*map(np.asarray, basis[1:4]), strict=True):
        following = (matrix @ terms[-1] - d * terms[-1] - low * before) / u
        before = terms[-1]
        terms.append(following)
    return np.stack(terms)


def jacobi(order=5, alpha=0.5, beta=-0.25):
    return polybases.jacobi(order, np.float64(alpha), np.float64(beta))


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float64", 1e-13), ("float32", 3e-6)], ids=["double", "single"]
)
@pytest.mark.parametrize("columns", [2, 100], ids=["blocks of columns", "at once"])
def test_terms_are_those_of_the_dense_matrix(tmp_path, graph, features, dtype, tolerance, columns):
    basis = jacobi()
    memory = 2 * NODES * np.dtype(dtype).itemsize * (columns + 0.5) / 1e9
    terms = propagate(tmp_path / "t", graph, features, basis, dtype=dtype, memory_gb=memory)
    exact = expected(graph, features, basis)
    np.testing.assert_allclose(terms.rows(0, NODES), exact, atol=tolerance * np.abs(exact).max())
    nodes = np.array([299, 3, 3, 120])
    assert np.array_equal(terms.take(nodes), terms.rows(0, NODES)[:, nodes])
    with pytest.raises(IndexError, match=r"\[0, 300\)"):
        terms.take(np.array([300]))


def test_weights_isolated_nodes_and_threads(tmp_path, features):
    rng = np.random.default_rng(3)
    edges = rng.integers(0, NODES - 20, size=(900, 2))  # the last nodes have no edge
    graph = longnn.stores.build(tmp_path / "g", [(edges, rng.random(900) + 0.2)], NODES)
    exact = expected(graph, features, jacobi())
    for threads in (1, 3):
        terms = propagate(
            tmp_path / f"t{threads}", graph, features, jacobi(), dtype="float64", threads=threads
        )
        np.testing.assert_allclose(terms.rows(0, NODES), exact, atol=1e-13 * np.abs(exact).max())


def test_features_of_a_stored_dataset(tmp_path, features):
    edges = np.random.default_rng(3).integers(0, NODES, size=(900, 2))
    data = dataset_of(
        tmp_path / "d", [(edges, None)], [features], np.arange(NODES) % 3, np.arange(NODES) % 3
    )
    one = propagate(tmp_path / "a", data.graph, data, jacobi(3))
    two = propagate(tmp_path / "b", data.graph, features.astype(np.float32), jacobi(3))
    assert np.array_equal(one.rows(0, NODES), two.rows(0, NODES))


class KilledError(Exception):
    """Of the test alone."""


@pytest.mark.parametrize("after", [1, 4, 7, 12])
def test_a_killed_propagation_goes_on(tmp_path, graph, features, after):
    memory = 2 * NODES * 4 * 3.5 / 1e9  # three blocks of columns, five products each
    options = {"memory_gb": memory, "state_seconds": 0.0}
    whole = propagate(tmp_path / "whole", graph, features, jacobi(), **options)
    seen = []

    def killed(progress):
        seen.append(progress.done)
        if len(seen) == after:
            raise KilledError

    with pytest.raises(KilledError):
        propagate(tmp_path / "t", graph, features, jacobi(), on_progress=killed, **options)
    with pytest.raises(StoreError, match="holds no finished store"):
        StoredTerms(tmp_path / "t")
    rest = []
    again = propagate(tmp_path / "t", graph, features, jacobi(), on_progress=rest.append, **options)
    assert [p.done for p in rest] == list(range(after + 1, 16))
    assert rest[-1].seconds_left == 0
    assert np.array_equal(again.rows(0, NODES), whole.rows(0, NODES))
    assert again.checksum == whole.checksum
    assert sorted(os.listdir(tmp_path / "t")) == sorted(os.listdir(tmp_path / "whole"))


def test_a_killed_process_goes_on(tmp_path, graph, features):
    np.save(tmp_path / "x.npy", features)
    program = f"""
import numpy as np, sys, time
sys.path.insert(0, {os.getcwd()!r})
from longnn.stores import open_graph, propagate
from tests.longnn.stores.test_propagation import jacobi
graph, x = open_graph({str(tmp_path / "graph")!r}), np.load({str(tmp_path / "x.npy")!r})
def slow(progress):
    print(progress.done, flush=True)
    time.sleep(20 * (progress.done == 3))
propagate({str(tmp_path / "t")!r}, graph, x, jacobi(), state_seconds=0.0, on_progress=slow)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env=os.environ | {"JAX_ENABLE_X64": "1"},
    ) as process:
        while process.stdout.readline() != b"3\n":
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    rest = []
    terms = propagate(tmp_path / "t", graph, features, jacobi(), on_progress=rest.append)
    assert [p.done for p in rest] == [4, 5]
    whole = propagate(tmp_path / "whole", graph, features, jacobi())
    assert np.array_equal(terms.rows(0, NODES), whole.rows(0, NODES))


def test_signals_that_were_cut_off_are_refused(tmp_path, graph, features):
    def killed(progress):
        raise KilledError

    with pytest.raises(KilledError):
        propagate(tmp_path / "t", graph, features, jacobi(), state_seconds=0.0, on_progress=killed)
    (kept,) = tmp_path.rglob("signals-*")
    os.truncate(kept, kept.stat().st_size - 8)
    with pytest.raises(StoreError, match="is too short; delete"):
        propagate(tmp_path / "t", graph, features, jacobi())


def test_what_another_propagation_has_left_is_not_used(tmp_path, graph, features):
    def killed(progress):
        raise KilledError

    with pytest.raises(KilledError):
        propagate(tmp_path / "t", graph, features, jacobi(), state_seconds=0.0, on_progress=killed)
    terms = propagate(tmp_path / "t", graph, features, jacobi(alpha=1.0), dtype="float64")
    exact = expected(graph, features, terms.basis)
    np.testing.assert_allclose(terms.rows(0, NODES), exact, atol=1e-13 * np.abs(exact).max())


def test_terms_that_are_there_are_used_if_they_are_the_same(tmp_path, graph, features):
    terms = propagate(tmp_path / "t", graph, features, jacobi())
    never = []
    same = propagate(tmp_path / "t", graph, features, jacobi(), on_progress=never.append)
    assert same.checksum == terms.checksum
    assert never == []
    with pytest.raises(StoreError, match="terms of another basis"):
        propagate(tmp_path / "t", graph, features, jacobi(alpha=1.0))
    other = power_law(tmp_path / "other", NODES, 7.0)
    with pytest.raises(StoreError, match="terms of another graph and another source"):
        propagate(tmp_path / "t", other, features + 1, jacobi())


def test_a_full_disk_keeps_what_is_done(tmp_path, graph, features, monkeypatch):
    whole = propagate(tmp_path / "whole", graph, features, jacobi())
    add, calls = Writer.add, itertools.count()

    def full(self, values):
        if next(calls) == 3:
            raise OSError(28, "No space left on device")
        add(self, values)

    monkeypatch.setattr(Writer, "add", full)
    with pytest.raises(StoreError, match=r"is full.*the same call goes on"):
        propagate(tmp_path / "t", graph, features, jacobi(), state_seconds=0.0)
    again = propagate(tmp_path / "t", graph, features, jacobi())
    assert again.checksum == whole.checksum


def test_a_damaged_term_is_named(tmp_path, graph, features):
    propagate(tmp_path / "t", graph, features, jacobi())
    damage(tmp_path / "t" / "terms-0-2.bin", 11)
    terms = StoredTerms(tmp_path / "t")
    with pytest.raises(StoreError, match=r"block 0 of .*terms-0-2\.bin .* is damaged"):
        terms.take(np.array([0]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": np.zeros((3, 2))}, r"\[N, F\] with N = 300, got shape \(3, 2\)"),
        ({"features": np.full((NODES, 2), np.nan)}, "must be finite numbers"),
        ({"basis": polybases.jacobi(2, jnp.zeros(3), jnp.zeros(3))}, "one basis for all channels"),
        ({"memory_gb": 0}, "memory_gb > 0"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, graph, features, change, message):
    arguments = {"features": features, "basis": jacobi()} | change
    with pytest.raises(ValueError, match=message):
        propagate(tmp_path / "t", graph, **arguments)
    assert not (tmp_path / "t").exists()


def test_the_graph_may_not_change_below_the_terms(tmp_path, graph, features):
    damage(tmp_path / "graph" / "neighbours.bin", 100)
    with pytest.raises(StoreError, match="is damaged"):
        propagate(tmp_path / "t", open_graph(tmp_path / "graph"), features, jacobi())

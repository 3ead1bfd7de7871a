"""Training with nodes over eight simulated devices."""

import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from subprocess import PIPE

import numpy as np
import pytest

import longnn
from longnn import Optim
from longnn.models import GCN, LonGNN
from longnn.training import Trial, fit_each
from longnn.training.batch import make_batch
from longnn.training.problem import problem_of
from longnn.training.problem_by_rows import spread_problem
from longnn.training.rows import mesh_over
from tests.longnn.training.test_checkpoint import Kept, KilledError
from tests.simulated import environment, on_eight

DATA = longnn.data.csbm.generate(nodes=61, features=20, phi=-0.75)
SPLITS = longnn.data.splits.stratified(DATA, count=2)
FEW = Optim(max_epochs=5)
SETTINGS = {"order": 2, "hidden": 4}


@pytest.mark.slow
def test_eight_devices_equal_one():
    case = on_eight("tests.longnn.training.over_devices")
    assert max(case["float64"].values()) < 1e-9, case
    losses = [case["float32"][name] for name in ("loss", "val_loss")]
    assert max(losses) < 1e-5, case
    assert case["float32"]["outputs"] < 1e-4
    assert case["collectives"] == ["all-reduce", "collective-permute"]
    assert "OptBasisGNN does not say by hops() how far it looks" in case["refused"]


@pytest.mark.slow
def test_two_processes_equal_one():
    """Four devices each, joined over the loopback; every process gets all of the result."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "tests.longnn.training.over_devices", port]
    streams = {"stdout": PIPE, "stderr": PIPE, "text": True}
    both = [
        subprocess.Popen([*command, number], env=environment(4), **streams) for number in ("0", "1")
    ]
    with ThreadPoolExecutor() as readers:  # both: a full pipe would hold the other one up, too
        said = list(readers.map(lambda process: process.communicate(timeout=600), both))
    assert [process.returncode for process in both] == [0, 0], said
    found = [json.loads(out.splitlines()[-1]) for out, _ in said]
    for over in ("8", "4"):
        for of_process in found:
            np.testing.assert_allclose(of_process[over], found[0]["alone"], rtol=1e-9)


def of_rows(order="rcm", backend="auto", **options):
    """The problem on a mesh of one device, in another order of the nodes."""
    given = DATA.graph, DATA.features, DATA.labels, mesh_over(1)
    return spread_problem(*given, order=order, backend=backend, dtype="float64", **options)


def trained(problem, **options):
    settings = SETTINGS | {"dropout": 0.4, "filter_dropout": 0.3}
    given = {"settings": settings, "classes": 2, "optim": FEW} | options
    return longnn.fit(LonGNN, problem, SPLITS, **given)


@pytest.mark.slow
def test_the_order_of_the_rows_changes_nothing():
    problem = of_rows()
    assert (problem.rows.blocks.node != np.arange(61)).any()
    one, other = trained(problem_of(DATA, dtype="float64")), trained(problem)
    np.testing.assert_allclose(other.curves["loss"], one.curves["loss"], rtol=1e-12)
    np.testing.assert_allclose(other.outputs, one.outputs, atol=1e-12)
    np.testing.assert_array_equal(other.labels, DATA.labels)
    np.testing.assert_array_equal(other.score().values, one.score().values)


@pytest.mark.slow
def test_a_killed_training_goes_on_with_outputs_in_the_order_of_the_nodes():
    """One of two trials has ended then: its outputs come from what was kept."""
    problem = of_rows()
    trials = [Trial(SETTINGS, Optim(max_epochs=epochs)) for epochs in (2, 8)]

    def each(kept):
        given = LonGNN, problem, SPLITS, trials
        found = fit_each(*given, classes=2, chunk=2, devices=1, checkpoints=kept)
        return [fit for _, fit in sorted(found, key=lambda pair: pair[0])]

    whole, cut = each(Kept()), Kept(kill=2)
    with pytest.raises(KilledError):
        each(cut)
    again = Kept(cut.kept)
    for one, other in zip(whole, each(again), strict=True):
        np.testing.assert_array_equal(other.outputs, one.outputs)
        np.testing.assert_array_equal(other.curves["loss"], one.curves["loss"])
    assert again.why == {}
    assert again.from_epoch[1] == 4


def test_bits_of_threefry_are_refused():
    with pytest.raises(
        ValueError, match=r"threefry' belong to rows in their order.*use dropout_bits"
    ):
        trained(of_rows(), optim=Optim(max_epochs=2, dropout_bits="threefry"))


def test_a_model_that_reads_the_edges_is_refused():
    with pytest.raises(ValueError, match="reads the edges itself has all nodes on one device"):
        problem_of(DATA, model=GCN, nodes_over=2)


@pytest.mark.parametrize(
    ("count", "message"),
    [
        (0, "nodes_over must be an integer >= 1, got 0"),
        (1.5, "nodes_over must be an integer >= 1, got 1.5"),
        (2, r"nodes_over=2, but there are 1 device\(s\) to train on; take fewer \(XLA_FLAGS"),
    ],
)
def test_a_number_of_devices_that_there_is_not(count, message):
    with pytest.raises(ValueError, match=message):
        longnn.fit("longnn", DATA, SPLITS, devices=1, nodes_over=count)


def test_more_devices_for_a_problem_than_there_are():
    with pytest.raises(ValueError, match="need 1024 devices, but there are"):
        problem_of(DATA, nodes_over=1024)


def test_a_problem_has_decided():
    with pytest.raises(ValueError, match=r"a Problem has its operator already.*nodes_over change"):
        longnn.fit(LonGNN, of_rows(), SPLITS, classes=2, devices=1, dtype="float64")


def test_bucketed_is_refused():
    with pytest.raises(ValueError, match="'bucketed' makes another program for each device"):
        of_rows(backend="bucketed")


def test_members_have_masks_of_rows():
    problem = of_rows()
    batch = make_batch(LonGNN, problem, SPLITS, 2, [Trial(SETTINGS, FEW)], "accuracy")
    _, members = batch.begin(np.arange(2))
    for mask, given in ((members.train, SPLITS.train), (members.val, SPLITS.val)):
        np.testing.assert_array_equal(problem.given(np.asarray(mask), axis=1), given)

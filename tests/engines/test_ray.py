"""Sweeps on a Ray cluster: a worker and a node lost, and no cluster at all."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing

import pytest

from .engine import can_name, until
from .ray import OVERRIDES, Ray, ray, settings
from .sweeps import HeldSweep, Outcome

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def cluster() -> Iterator[Ray]:
    with ray() as running:
        yield running


Start = Callable[..., HeldSweep]


@pytest.fixture
def started(tmp_path, ended) -> Start:
    """``started(environment, *overrides)`` starts a sweep of six held jobs, each a task."""

    def start(environment: Mapping[str, str], *overrides: str) -> HeldSweep:
        return ended.enter_context(closing(HeldSweep(tmp_path, 6, environment, *overrides)))

    return start


@pytest.fixture
def sweep(cluster, started) -> HeldSweep:
    """Such a sweep on the cluster."""
    return started(cluster.daemons.environment, *cluster.overrides)


def test_a_sweep_completes(sweep, note):
    sweep.wait_for_starts(2)
    sweep.release()
    outcome = sweep.outcome()
    note("Ray", "none", outcome)
    assert outcome == Outcome(6, 0, 0, 0), sweep.command.said()
    assert "6 jobs in 6 tasks on 2 Ray nodes with 2 CPUs" in sweep.command.said()
    assert sweep.statuses() == [["done"]] * 6
    if can_name():
        hosts = {start.host for starts in sweep.starts().values() for start in starts}
        assert hosts == {"node1", "node2"}


def test_the_job_of_a_killed_worker_is_started_again(sweep, note):
    number, (first, *_) = next(iter(sweep.wait_for_starts(2).items()))
    os.kill(first.pid, signal.SIGKILL)
    sweep.release()
    outcome = sweep.outcome()
    note("Ray", "a worker killed", outcome)
    assert outcome == Outcome(6, 0, 0, 0), sweep.command.said()
    assert len(sweep.starts()[number]) == 2


def test_the_job_of_a_lost_node_runs_elsewhere(cluster, sweep, note):
    sweep.wait_for_starts(2)
    cluster.kill_node("node2")
    try:
        sweep.release()
        outcome = sweep.outcome()
    finally:
        cluster.start_node("node2")
    note("Ray", "a node killed", outcome)
    assert outcome == Outcome(6, 0, 0, 0), sweep.command.said()


def test_a_killed_command_that_is_started_again_goes_on(sweep, note):
    first = sweep.wait_for_starts(2)
    sweep.command.kill()
    sweep.release()
    sweep.start()
    outcome = sweep.outcome()
    note("Ray", "the command killed while jobs run, and started again", outcome)
    assert outcome == Outcome(6, 0, 0, 0), sweep.command.said()
    assert all(len(sweep.starts()[number]) <= 2 for number in first)


def test_a_cluster_of_its_own_where_none_is_named(alone, started, tmp_path, note):
    sweep = started(alone | settings(tmp_path), *OVERRIDES)
    sweep.release()
    outcome = sweep.outcome()
    note("Ray", "no address: a cluster of its own", outcome)
    assert outcome == Outcome(6, 0, 0, 0), sweep.command.said()


def test_a_cluster_that_does_not_answer(alone, started, tmp_path, note):
    sweep = started(alone | settings(tmp_path), *OVERRIDES, "hydra.launcher.address=127.0.0.1:1")
    until(lambda: sweep.command.process.poll() is not None, 60, sweep.command.said)
    outcome = sweep.outcome()
    note("Ray", "no cluster at the address", outcome)
    assert outcome == Outcome(0, 0, 6, 2), sweep.command.said()
    said = [line for line in sweep.command.said().splitlines() if line.startswith("error: ")]
    assert said[0].startswith("error: no Ray cluster answers at hydra.launcher.address=127.0.0.1:1")
    assert "Traceback" not in sweep.command.said()

"""Sweeps on SLURM, with accounts and without: jobs cancelled, stopped, requeued, nodes lost."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from .engine import can_name, until
from .slurm import NODES, OVERRIDES, Slurm, slurm
from .sweeps import HeldSweep, Outcome

pytestmark = pytest.mark.engines

KINDS = {"SLURM": False, "SLURM with accounting": True}

Start = Callable[..., HeldSweep]


@pytest.fixture(scope="module", params=KINDS)
def cluster(request: pytest.FixtureRequest) -> Iterator[Slurm]:
    with slurm(accounting=KINDS[request.param]) as running:
        yield running


@pytest.fixture(scope="module")
def plain() -> Iterator[Slurm]:
    with slurm() as running:
        yield running


@pytest.fixture
def started(tmp_path, ended) -> Start:
    """``started(cluster, jobs)`` starts a sweep of jobs that are held, each a job of SLURM's."""

    def start(cluster: Slurm, jobs: int, *overrides: str, **settings: Any) -> HeldSweep:
        overrides = overrides or OVERRIDES
        sweep = HeldSweep(tmp_path, jobs, cluster.daemons.environment, *overrides, **settings)
        return ended.enter_context(closing(sweep))

    return start


def kind(cluster: Slurm) -> str:
    return next(name for name, accounting in KINDS.items() if accounting == cluster.accounting)


def running(cluster: Slurm) -> list[str]:
    return cluster.queued("--states=running")


def take_away(cluster: Slurm, jobs: list[str], *command: str) -> None:
    """Takes running jobs from their nodes and waits until their processes have ended.

    SLURM leaves them ``KillWait`` seconds, within which a job that may go on could end its work.
    """
    cluster.ask(*command, *jobs)
    until(
        lambda: not set(jobs) & set(cluster.queued("--states=running,completing")),
        60,
        lambda: cluster.tried("squeue"),
    )


def test_a_sweep_completes(cluster, started, note):
    sweep = started(cluster, 4)
    sweep.release()
    outcome = sweep.outcome()
    note(kind(cluster), "none", outcome)
    assert outcome == Outcome(4, 0, 0, 0), sweep.command.said()
    assert sweep.statuses() == [["done"]] * 4
    if can_name():
        hosts = {start.host for starts in sweep.starts().values() for start in starts}
        assert hosts == set(NODES)


def test_cancelled_jobs_are_submitted_again(cluster, started, note):
    sweep = started(cluster, 3)
    first = sweep.wait_for_starts(2)
    take_away(cluster, running(cluster), "scancel")
    sweep.release()
    outcome = sweep.outcome()
    note(kind(cluster), "two running jobs cancelled (scancel)", outcome)
    assert outcome == Outcome(3, 0, 0, 0), sweep.command.said()
    assert all(len(sweep.starts()[number]) == 2 for number in first)


def test_the_signal_before_the_time_limit_stops_a_job_that_goes_on_later(plain, started, note):
    sweep = started(plain, 2)
    sweep.wait_for_starts(2)
    plain.ask("scancel", "--signal=USR2", running(plain)[0])
    until(lambda: ["stopped"] in sweep.statuses(), 30, sweep.command.said)
    sweep.release()
    outcome = sweep.outcome()
    note("SLURM", "a job near its time limit (SIGUSR2)", outcome)
    assert outcome == Outcome(2, 0, 0, 0), sweep.command.said()
    assert sorted(sweep.statuses()) == [["done"], ["stopped", "done"]]


def test_a_job_that_exceeds_its_time_limit_goes_on(plain, started, note):
    sweep = started(plain, 2, *OVERRIDES, "hydra.launcher.timeout_min=1")
    sweep.wait_for_starts(2)
    until(lambda: running(plain) == [], 150, sweep.command.said)
    sweep.release()
    outcome = sweep.outcome()
    note("SLURM", "two jobs beyond their time limit of a minute", outcome)
    assert outcome == Outcome(2, 0, 0, 0), sweep.command.said()
    assert all(
        len(ended) > 1 and set(ended[:-1]) <= {"stopped", "running"} for ended in sweep.statuses()
    )


def test_a_requeued_job_goes_on(plain, started, note):
    sweep = started(plain, 2)
    sweep.wait_for_starts(2)
    take_away(plain, running(plain)[:1], "scontrol", "requeue")
    sweep.release()
    outcome = sweep.outcome()
    note("SLURM", "a running job requeued (scontrol requeue)", outcome)
    assert outcome == Outcome(2, 0, 0, 0), sweep.command.said()
    assert sorted(map(len, sweep.starts().values())) == [1, 2]


def test_the_job_of_a_lost_node_runs_elsewhere(plain, started, note):
    sweep = started(plain, 3)
    sweep.wait_for_starts(2)
    plain.kill_node("node1")
    try:
        sweep.release()
        outcome = sweep.outcome()
    finally:
        plain.start_node("node1")
    note("SLURM", "a node killed", outcome)
    assert outcome == Outcome(3, 0, 0, 0), sweep.command.said()


def test_a_killed_command_that_is_started_again_queues_nothing_twice(plain, started, note):
    sweep = started(plain, 3)
    sweep.wait_for_starts(2)
    sweep.command.kill()
    before = plain.queued()
    assert len(before) == 3
    sweep.start()
    until(lambda: "in SLURM's queue from before" in sweep.command.said(), 60, sweep.command.said)
    assert plain.queued() == before
    sweep.release()
    outcome = sweep.outcome()
    note("SLURM", "the command killed while jobs wait, and started again", outcome)
    assert outcome == Outcome(3, 0, 0, 0), sweep.command.said()
    assert all(len(starts) == 1 for starts in sweep.starts().values())
    assert plain.queued() == []


def test_the_tasks_of_an_array_do_one_sweep(plain, started, note):
    sweep = started(plain, 4, "hydra/launcher=basic", through=as_array)
    sweep.wait_for_starts(2)
    take_away(plain, running(plain)[:1], "scontrol", "requeue")
    sweep.release()
    outcome = sweep.outcome()
    note("SLURM", "a task of `sbatch --array` requeued", outcome)
    assert outcome == Outcome(4, 0, 0, 0), sweep.command.said()


def test_a_task_of_an_array_is_cancelled(plain, started, note):
    sweep = started(plain, 4, "hydra/launcher=basic", through=as_array)
    sweep.wait_for_starts(2)
    take_away(plain, running(plain)[:1], "scancel")
    sweep.release()
    outcome = sweep.outcome()
    note("SLURM", "a task of `sbatch --array` cancelled", outcome)
    assert outcome[:3] == (4, 0, 0), sweep.command.said()


def as_array(command: list[str]) -> list[str]:
    """Two tasks that run one command; exits with the highest exit code of both."""
    options = ["--wait", "--array=0-1", "--output=/dev/null", "--requeue"]
    return ["sbatch", *options, "--wrap", shlex.join(command)]

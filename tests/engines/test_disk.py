"""Full disks and torn files, of sweeps on each engine."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from .disk import Disk, disk
from .engine import daemons
from .ray import ray
from .slurm import OVERRIDES, slurm
from .sweeps import HeldSweep, Outcome

pytestmark = pytest.mark.engines

JOBS = 3


class Engine(NamedTuple):
    """Where the jobs of a sweep run.

    Attributes:
        name: in the table.
        environment: of the command.
        overrides: that choose the launcher.
    """

    name: str
    environment: dict[str, str]
    overrides: tuple[str, ...]


@contextmanager
def one_process() -> Iterator[Engine]:
    with daemons() as processes:
        yield Engine("one process", processes.environment, ("hydra/launcher=basic",))


@contextmanager
def on_slurm() -> Iterator[Engine]:
    with slurm() as cluster:
        yield Engine("SLURM", cluster.daemons.environment, OVERRIDES)


@contextmanager
def on_ray() -> Iterator[Engine]:
    with ray() as cluster:
        yield Engine("Ray", cluster.daemons.environment, cluster.overrides)


@pytest.fixture(scope="module", params=[one_process, on_slurm, on_ray], ids=lambda p: p.__name__)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with request.param() as running:
        yield running


@pytest.fixture
def small() -> Iterator[Disk]:
    with disk() as mounted:
        yield mounted


@pytest.fixture
def sweep(engine, small, tmp_path, ended) -> HeldSweep:
    """A sweep of held jobs whose directory is on the small disk."""
    directory = small.folder / "sweep"
    held = HeldSweep(tmp_path, JOBS, engine.environment, *engine.overrides, directory=directory)
    return ended.enter_context(closing(held))


def test_a_disk_that_is_full_for_a_while(engine, small, sweep, note):
    sweep.wait_for_starts(1)
    small.fill()
    sweep.release()
    full = sweep.outcome()
    note(engine.name, "the disk full", full)
    assert full == Outcome(0, 0, JOBS, 1), sweep.command.said()
    assert "No space left on device" in sweep.command.said()
    small.clear()
    sweep.start()
    outcome = sweep.outcome()
    note(engine.name, "the disk full, cleared, and the command started again", outcome)
    assert outcome == Outcome(JOBS, 0, 0, 0), sweep.command.said()


def test_torn_files(engine, sweep, note):
    """What a loss of power leaves: half a result, half an attempt, an empty one."""
    sweep.release()
    assert sweep.outcome() == Outcome(JOBS, 0, 0, 0), sweep.command.said()
    first, second, third = sorted(sweep.directory.glob("csbm_*"))
    torn(first / "result.json")
    torn(second / "attempt-001.json")
    (third / "result.json").unlink()
    (third / "attempt-001.json").write_bytes(b"")
    sweep.start()
    outcome = sweep.outcome()
    note(engine.name, "a result and two attempts torn, one without its result", outcome)
    assert outcome == Outcome(JOBS, 1, 0, 0), sweep.command.said()
    assert sorted(map(len, sweep.starts().values())) == [1, 2, 2]


def torn(file: Path) -> None:
    """Leaves the first half of a file."""
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])

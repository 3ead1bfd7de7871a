"""Searches of several processes: some killed, the database away, two directories in one."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from .engine import free_ports
from .postgres import Postgres, postgres
from .searches import SPACE, Searches, trials_of
from .sweeps import Command, Outcome

pytestmark = pytest.mark.engines

Start = Callable[[str, str, int, int], Searches]

AWAY = 20.0
"""Seconds for which the database is stopped."""


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture
def started(server, tmp_path, ended) -> Start:
    """``started(name, storage, processes, trials)`` starts processes of one search."""

    def start(name: str, storage: str, processes: int, trials: int) -> Searches:
        environment = server.daemons.environment
        search = Searches(tmp_path / name, storage, environment, processes, trials)
        return ended.enter_context(closing(search))

    return start


def test_two_of_four_processes_are_killed(server, started, note):
    """As tests/experiments/sweep/test_search.py has it of a journal and of SQLite."""
    search = started("found", server.url, 4, 100)
    search.wait_for_trials()
    *killed, third, fourth = search.commands
    for command in killed:
        command.kill()
    search.release()
    outcome = search.outcome([third, fourth])
    note("PostgreSQL", "two of four processes of a search killed", outcome)
    assert outcome == Outcome(100, 0, 0, 0), search.said()
    assert "Traceback" not in search.said()


def test_a_database_that_is_stopped_for_a_while(server, started, note):
    search = started("found", server.url, 2, 40)
    search.wait_for_trials()
    server.stop()
    search.release()
    time.sleep(AWAY)
    assert search.done() < 40
    assert [command.process.poll() for command in search.commands] == [None, None], search.said()
    server.start()
    outcome = search.outcome(search.commands)
    note("PostgreSQL", f"the server stopped for {AWAY:.0f} s", outcome)
    assert outcome == Outcome(40, 0, 0, 0), search.said()
    assert "the database does not answer, it is asked again" in search.said()
    assert "Traceback" not in search.said()


def test_two_directories_in_one_database_do_not_mix(server, started, note):
    both = [started(name, server.url, 1, 8) for name in ("one", "other")]
    for search in both:
        search.release()
    outcomes = [search.outcome(search.commands) for search in both]
    note("PostgreSQL", "two directories with one search in one database", outcomes[0])
    assert outcomes == [Outcome(8, 0, 0, 0)] * 2, [search.said() for search in both]
    for search in both:
        for trial in trials_of(search.directory, server.url):
            assert (search.directory / trial.user_attrs["directory"] / "result.json").exists()


def test_a_server_that_is_not_there(alone, tmp_path, note):
    (port,) = free_ports(1)
    said = refused(f"postgresql+psycopg://longnn:secret@127.0.0.1:{port}/x", alone, tmp_path)
    assert said.startswith("error: hydra.sweeper.storage=postgresql+psycopg://longnn:***@127.0.0.1")
    assert "does not answer" in said
    note("PostgreSQL", "no server at the URL", Outcome(0, 0, 8, 2))


def test_a_driver_that_is_not_there(alone, tmp_path, note):
    said = refused("postgresql+pg8000://longnn@127.0.0.1/x", alone, tmp_path)
    assert "needs a driver that is not installed" in said
    assert 'pip install "longnn[postgresql]"' in said
    note("PostgreSQL", "its driver is missing", Outcome(0, 0, 8, 2))


def refused(url: str, environment: dict[str, str], folder) -> str:
    """The one line that a search says before it ends with code 2."""
    overrides = (f"hydra.sweep.dir={folder / 'found'}", f"hydra.sweeper.storage='{url}'")
    command = Command(environment, folder / "said", *SPACE, *overrides)
    assert command.ended() == 2, command.said()
    (line,) = command.said().splitlines()
    return line

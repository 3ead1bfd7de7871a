"""The table of faults: what became of the jobs, engine by engine, at the end of the tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from .engine import daemons
from .sweeps import Outcome
from .versions import versions

NAME = "fault"
"""The property of a test that holds rows of the table."""

HEADER = ("engine", "fault", "done", "repeated", "lost", "exit code")

Note = Callable[[str, str, Outcome], None]


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> Note:
    """``note(engine, fault, outcome)`` adds a row to the table."""

    def added(engine: str, fault: str, outcome: Outcome) -> None:
        record_property(NAME, [engine, fault, *outcome])

    return added


@pytest.fixture
def alone() -> Iterator[dict[str, str]]:
    """An environment without an engine, whose processes are killed after the test."""
    with daemons() as processes:
        yield processes.environment


@pytest.fixture
def ended() -> Iterator[ExitStack]:
    """Ends the sweeps that a test has started, also where it has failed."""
    with ExitStack() as stack:
        yield stack


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the table and the versions of the engines."""
    rows = [
        row
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, row in report.user_properties
        if name == NAME
    ]
    if rows:
        terminalreporter.section("engines, faults, and what became of the jobs")
        for row in [HEADER, *sorted(rows)]:
            terminalreporter.write_line("| " + " | ".join(map(str, row)) + " |")
        told = [f"{name} {version}" for name, version in versions().items()]
        terminalreporter.write_line(", ".join(told))

"""The command lines of the engines: a command that runs with one, and ends it."""

import argparse
import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from .engine import Daemons


class HasDaemons(Protocol):
    """An engine that runs."""

    daemons: Daemons


def run_inside(engine: AbstractContextManager[HasDaemons], command: Sequence[str]) -> int:
    """Runs a command with an engine and gives its exit code.

    Args:
        engine: that is started, and ended with the command.
        command: to run.
    """
    with engine as running:
        return subprocess.run(command, env=running.daemons.environment).returncode


def command_line(description: str | None) -> argparse.ArgumentParser:
    """A command line that ends in the command to be run."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", nargs="+", help="the command, after --")
    return parser

"""Whether a run can be written where it goes unless the command line says otherwise."""

import sys
from pathlib import Path

from .cli import output_problem
from .words import SHOWING

_DIRECTORIES = ("hydra.run.dir", "hydra.sweep.dir")


def check_output(arguments: list[str], folder: str) -> None:
    """Exits with a message where ``folder`` is needed and cannot be made or written to.

    Args:
        arguments: the command line without the program name. Nothing is checked where it names a
            directory itself, or shows something and runs nothing.
        folder: the command's own folder for runs, in the current directory.

    Raises:
        SystemExit: with code 2 and the message.
    """
    words = {argument.partition("=")[0].lstrip("+") for argument in arguments}
    if words & {*_DIRECTORIES, *SHOWING}:
        return
    problem = output_problem(Path(folder))
    if problem is not None:
        print(
            f"error: {problem}. Change to a directory that you may write to, or name one with "
            "hydra.run.dir=DIR (of a sweep: hydra.sweep.dir=DIR)",
            file=sys.stderr,
        )
        raise SystemExit(2)

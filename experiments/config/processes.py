"""Several processes that train one run: how they find each other, and how they end.

``jax.distributed`` joins them; jax is imported only where a command asks for it.
"""

import os
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NoReturn

from .words import SHOWING

PROCESS = "LONGNN_PROCESS"
"""The environment variable that says which of how many processes one is, such as 0/2."""

_HOW = re.compile(r"auto|[^\s:/]+:\d+")

SILENT = ("hydra.output_subdir=null", "hydra/job_logging=none", "hydra/hydra_logging=none")
"""Words of a command line with which Hydra writes nothing."""

ENDING = 24 * 3600
"""Seconds that processes wait at their end for the first one, which still writes files."""


def check_distributed(value: object) -> None:
    """Raises ValueError unless it is None, auto or HOST:PORT.

    Example:
        >>> check_distributed("here")
        Traceback (most recent call last):
        ...
        ValueError: distributed must be auto, HOST:PORT or null, got 'here'
    """
    if value is not None and not (isinstance(value, str) and _HOW.fullmatch(value)):
        raise ValueError(f"distributed must be auto, HOST:PORT or null, got {value!r}")


def asked_for(arguments: Sequence[str]) -> str | None:
    """How the processes of a command line find each other; None where there is one alone.

    Args:
        arguments: without the program's name.

    Raises:
        ValueError: for a value that means nothing, or where a sweep is asked for, too.
    """
    values = [word.partition("=")[2] for word in arguments if word.startswith("distributed=")]
    if not values or values[-1] == "null" or set(arguments) & set(SHOWING):
        return None
    check_distributed(values[-1])
    if "-m" in arguments or "--multirun" in arguments:
        raise ValueError(
            "distributed= trains one run over several processes; a sweep (-m) starts its jobs by a "
            "launcher instead, such as hydra/launcher=submitit_slurm"
        )
    return values[-1]


def process_of(environment: Mapping[str, str]) -> tuple[int, int]:
    """The number of this process, and how many there are.

    Raises:
        ValueError: where the environment does not say.

    Example:
        >>> process_of({"LONGNN_PROCESS": "1/2"})
        (1, 2)
    """
    said = environment.get(PROCESS, "")
    found = re.fullmatch(r"(\d+)/(\d+)", said)
    if found is None or int(found[1]) >= int(found[2]):
        raise ValueError(
            f"distributed=HOST:PORT needs {PROCESS}=I/N in the environment of process I of N, "
            f"counted from 0, such as {PROCESS}=0/2; got {said!r}"
        )
    return int(found[1]), int(found[2])


@contextmanager
def joined(arguments: Sequence[str]) -> Iterator[list[str]]:
    """Joins the processes of a command line, where it asks for that, while the block runs.

    Args:
        arguments: without the program's name.

    Yields:
        What a process that is not the first adds to its command line, so that it writes nothing.

    Raises:
        SystemExit: with code 2 and a message, where nothing says what there is to join.
    """
    try:
        how = asked_for(arguments)
        first = how is None or _join(how)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    try:
        with tempfile.TemporaryDirectory(prefix="longnn-") as folder:
            yield [] if first else [*SILENT, f"hydra.run.dir={folder}"]
    except SystemExit as stopped:
        if how is None or not stopped.code:
            raise
        leave(stopped.code)
    except ConnectionError as error:
        if how is None:
            raise
        print(f"error: {error}", file=sys.stderr)
        leave(1)
    except BaseException:
        if how is None:
            raise
        traceback.print_exc()
        leave(1)


def _join(how: str) -> bool:
    """Whether this is the first process of those that it joins."""
    number, count = (None, None) if how == "auto" else process_of(os.environ)
    import jax

    # it would take a TERM for a note, and the run would go on
    jax.config.update("jax_enable_preemption_service", False)
    try:
        jax.distributed.initialize(
            None if how == "auto" else how, count, number, shutdown_timeout_seconds=ENDING
        )
    except ValueError as error:
        raise ValueError(
            "distributed=auto finds no processes to join: start them by srun or mpirun, or give "
            f"distributed=HOST:PORT, and {PROCESS}=I/N to each ({error})"
        ) from error
    return jax.process_index() == 0


def leave(code: int | str | None) -> NoReturn:
    """Ends this process at once: jax would wait for the others, and they for this one."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)

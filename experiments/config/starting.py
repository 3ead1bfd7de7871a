"""Starts a command that Hydra reads, and turns what a user can mend into one line.

With HYDRA_FULL_ERROR=1 every error keeps its traceback.
"""

import os
import re
import sys
from collections.abc import Callable

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from longnn.data.errors import DataFileError

FULL = "HYDRA_FULL_ERROR"

EXPLAINED = (ValueError, DataFileError, MemoryError, FloatingPointError)
"""Errors whose message tells the user what to do; the traceback of another one is shown."""


class JobError(SystemExit):
    """A job ended with an error whose message explains it; no Exception, of which Hydra tells."""

    def __init__(self, error: BaseException):
        super().__init__(exit_code(error))
        self.error = error


def exit_code(error: BaseException) -> int:
    """2 for what cannot be understood, 1 for what failed while it ran."""
    return 2 if isinstance(error, ValueError | HydraException | OmegaConfBaseException) else 1


def started(job: Callable[[], object]) -> None:
    """Runs a command, and exits with one line where an error explains itself.

    Args:
        job: what ``hydra.main`` made of a function.

    Raises:
        SystemExit: with the code of :func:`exit_code`.
    """
    before = os.environ.get(FULL)
    os.environ[FULL] = "1"  # Hydra shows nothing itself, and raises
    try:
        job()
    except JobError as stopped:
        if before == "1":
            raise stopped.error from None
        _stop(stopped.error)
    except (*EXPLAINED, HydraException, OmegaConfBaseException) as error:
        if before == "1":
            raise
        _stop(error)
    finally:
        del os.environ[FULL]
        if before is not None:
            os.environ[FULL] = before


def _stop(error: BaseException) -> None:
    print(f"error: {one_line(error)}", file=sys.stderr)
    raise SystemExit(exit_code(error)) from None


def one_line(error: BaseException) -> str:
    """The message of an error and of its cause in one line, without what serves a programmer.

    Args:
        error: any; of a chain of errors of Hydra's the last cause says what is wrong.
    """
    said = [_cleaned(str(error)) or type(error).__name__]
    foreign = isinstance(error, HydraException | OmegaConfBaseException)
    if foreign and error.__cause__ is not None and not isinstance(error.__cause__, KeyError):
        said.append(one_line(error.__cause__))
    # a note of one line is ours; jax adds one about its own tracebacks
    said += [note for note in getattr(error, "__notes__", []) if "\n" not in note]
    return "; ".join(dict.fromkeys(said))


def _cleaned(text: str) -> str:
    kept = [line.strip() for line in text.splitlines() if not _PROGRAMMERS.match(line)]
    joined = " ".join(line for line in kept if line)
    return re.sub(_HYDRAS, "", joined).strip()


_HYDRAS = r"^\w+(Error|Exception) raised while resolving interpolation: |To append to .* use \+\S+"
"""What Hydra adds to a message: how it came about, and an advice that leads astray."""

_PROGRAMMERS = re.compile(r"\s*(full_key|object_type|reference_type): ?|\s*(full_key|object_type)=")

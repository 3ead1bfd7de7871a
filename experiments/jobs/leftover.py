"""Takes away the directory of a job that never began, so that a typing error leaves no trace."""

import contextlib
import shutil
from pathlib import Path

from longnn.runs import attempts
from longnn.runs.directory import TRAIN_LOG

_HYDRA = ".hydra"


def discard(directory: Path, log: str = TRAIN_LOG) -> None:
    """Removes a run directory that holds nothing but Hydra's files and a first, failed attempt.

    Whatever else lies there, such as an earlier attempt or a result, keeps all of it; so do the
    folders above unless they are empty.

    Args:
        directory: of the job.
        log: name of the log that Hydra began.
    """
    newest = attempts.newest(directory)
    ours = {_HYDRA, log} | ({newest.file.name} if newest and newest.number == 1 else set())
    if not directory.is_dir() or {path.name for path in directory.iterdir()} - ours:
        return
    shutil.rmtree(directory)
    with contextlib.suppress(OSError):  # it is not empty
        directory.parent.rmdir()

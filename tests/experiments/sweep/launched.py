"""A dataset for jobs in processes of their own: some fail, and one kills its process, once."""

import os
import signal
from pathlib import Path

from longnn.data import Dataset, csbm

FAILS, DIES = 1, 2
"""Seeds."""


def generate(seed: int, marks: str, **settings: int) -> Dataset:
    """The built-in synthetic dataset.

    Args:
        seed: FAILS raises, DIES kills the process unless it has done so before.
        marks: folder that remembers.
        **settings: of ``csbm.generate``.
    """
    if seed == FAILS:
        raise LookupError("no such graph")
    if seed == DIES and not (Path(marks) / "died").exists():
        (Path(marks) / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return csbm.generate(seed=seed, **settings)

"""A dataset whose jobs note where they start, and wait until they may go on."""

import os
import socket
import time
from pathlib import Path

from longnn.data import Dataset, csbm

GO = "go"
"""The file that lets jobs go on."""


def generate(seed: int, marks: str, **settings: int) -> Dataset:
    """The built-in synthetic dataset, once the jobs may go on.

    Args:
        seed: of the dataset, which numbers the jobs of a sweep.
        marks: folder of GO and of the notes of what started.
        **settings: of ``csbm.generate``.
    """
    folder = Path(marks)
    with (folder / f"started-{seed}").open("a") as out:
        out.write(f"{os.getpid()} {socket.gethostname()}\n")
    while not (folder / GO).exists():
        time.sleep(0.05)
    return csbm.generate(seed=seed, **settings)

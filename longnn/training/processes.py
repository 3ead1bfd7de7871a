"""What the processes of a run tell each other outside of the compiled program.

The first process reads and writes files; what it knows goes to the others, so that all of them do
the same, in the same order.
"""

import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import jax
import numpy as np
from jax.experimental import multihost_utils

from longnn.training.checkpoint import Arrays
from longnn.training.keeper import Checkpoints

_LOST = re.compile(r"gloo|nccl|connection|coordination|UNAVAILABLE|DEADLINE_EXCEEDED", re.I)
"""What jax's errors say where another process is gone."""


def is_first() -> bool:
    """Whether this is the process that reads and writes files."""
    return jax.process_index() == 0


def told(value: bool = False) -> bool:
    """What the first process says, in every process; all have to call it.

    Args:
        value: what the first one says; of the others it does not count.

    Example:
        >>> told(True)  # of one process
        True
    """
    return bool(multihost_utils.broadcast_one_to_all(np.int32(value)))


def told_arrays(arrays: Mapping[str, np.ndarray] | None) -> Arrays | None:
    """The named arrays of the first process, in every process; all have to call it.

    Args:
        arrays: of the first process, below 2 GB; None: there are none.
    """
    if not told(arrays is not None):
        return None
    content = np.frombuffer(_packed(arrays or {}), np.uint8)
    size = int(multihost_utils.broadcast_one_to_all(np.int32(len(content))))
    content = content if is_first() else np.zeros(size, np.uint8)
    read = io.BytesIO(np.asarray(multihost_utils.broadcast_one_to_all(content)).tobytes())
    with np.load(read, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    held = io.BytesIO()
    np.savez(held, allow_pickle=False, **arrays)
    return held.getvalue()


class Agreed:
    """The checkpoints of the first process, from which every process goes on."""

    def __init__(self, own: Checkpoints | None):
        """Args: those of the first process; None in the others."""
        self._own = own

    def load(self, trial: int) -> Arrays | None:
        """What the first process kept of a trial."""
        return told_arrays(None if self._own is None else self._own.load(trial))

    def resumed(self, trial: int, epoch: int) -> None:
        """See ``longnn.training.keeper.Checkpoints``."""
        if self._own is not None:
            self._own.resumed(trial, epoch)

    def ignored(self, trial: int, why: str) -> None:
        """Likewise."""
        if self._own is not None:
            self._own.ignored(trial, why)

    def save(self, make: Callable[[], Mapping[int, Arrays]]) -> None:
        """All make the arrays if the first says that it is time, and it writes them."""
        if self._own is None:
            if told():
                make()
            return
        asked = []

        def made() -> Mapping[int, Arrays]:
            asked.append(told(True))
            return make()

        self._own.save(made)
        if not asked:
            told(False)


@contextmanager
def others_there() -> Iterator[None]:
    """Turns what jax says where another process is gone into an error that says so.

    Raises:
        ConnectionError: which keeps the checkpoint, as every error of the outside does.
    """
    try:
        yield
    except jax.errors.JaxRuntimeError as error:
        if jax.process_count() == 1 or not _LOST.search(str(error)):
            raise
        raise ConnectionError(
            "another process of this run has ended, and this one cannot go on alone; the same "
            "command in all processes goes on from the last checkpoint"
        ) from error

"""Files that are written whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PARTIAL = ".partial-"
"""The beginning of the names of files that are being written, or whose writer was killed."""


@contextmanager
def atomic_write(target: Path) -> Iterator[Path]:
    """Gives a path to write to, which becomes `target` only if the block ends without an error.

    Args:
        target: the file, in a folder that exists; an earlier one stays until it is replaced.
    """
    handle, name = tempfile.mkstemp(prefix=PARTIAL, suffix=target.suffix, dir=target.parent)
    os.close(handle)
    path = Path(name)
    try:
        yield path
        with path.open("rb") as file:
            os.fsync(file.fileno())
        path.chmod(0o644)
        path.replace(target)
    finally:
        path.unlink(missing_ok=True)

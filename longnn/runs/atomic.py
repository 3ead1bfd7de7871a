"""Files that are written whole or not at all."""

import errno
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


def create_once(file: Path, text: str) -> bool:
    """Creates a file with its content on the disk; False if another process has created it before.

    Where the file system refuses hard links, the file is empty for a moment.

    Args:
        file: its path, in a folder that exists.
        text: its content.

    Raises:
        OSError: if the folder cannot be written.
    """
    handle, name = tempfile.mkstemp(prefix=PARTIAL, dir=file.parent)
    try:
        _fill(handle, text)
        os.chmod(name, 0o644)
        os.link(name, file)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.ENOSYS):
            raise
        return _create_without_links(file, text)
    finally:
        os.unlink(name)
    return True


def _create_without_links(file: Path, text: str) -> bool:
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return False
    _fill(handle, text)
    return True


def _fill(handle: int, text: str) -> None:
    with os.fdopen(handle, "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())

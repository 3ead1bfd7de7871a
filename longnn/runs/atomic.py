"""Files that are written whole or not at all, with the permissions that the umask leaves."""

import errno
import os
import secrets
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
    handle, path = _new_file(target.parent, target.suffix)
    os.close(handle)
    try:
        yield path
        with path.open("rb") as file:
            os.fsync(file.fileno())
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
    handle, path = _new_file(file.parent)
    try:
        _fill(handle, text)
        os.link(path, file)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.ENOSYS):
            raise
        return _create_without_links(file, text)
    finally:
        path.unlink()
    return True


def _create_without_links(file: Path, text: str) -> bool:
    try:
        handle = _created(file)
    except FileExistsError:
        return False
    _fill(handle, text)
    return True


def _new_file(folder: Path, suffix: str = "") -> tuple[int, Path]:
    """A new empty file of a name that no other has, opened for writing, and its path."""
    while True:
        path = folder / f"{PARTIAL}{secrets.token_hex(8)}{suffix}"
        try:
            return _created(path), path
        except FileExistsError:
            continue


def _created(path: Path) -> int:
    # the kernel takes the umask off, which no thread has to be asked for; tempfile gives 0600
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)


def _fill(handle: int, text: str) -> None:
    with os.fdopen(handle, "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())

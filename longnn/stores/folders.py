"""A folder that appears whole or not at all."""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from longnn.stores.blocks import StoreError


@contextmanager
def making(folder: Path, goes_on: bool = False) -> Iterator[Path]:
    """Gives a folder to write to, which becomes ``folder`` if the block ends without an error.

    Args:
        folder: what is made; its parents are made where they are missing.
        goes_on: whether the folder given is the one that an earlier try has left, and is left after
            an error; else it is empty, and removed after an error.

    Raises:
        StoreError: if the folder exists, another process is making it, or the disk is full.
    """
    if folder.exists():
        raise StoreError(f"{folder} exists; delete it, or name another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.partial")
    partial.mkdir(exist_ok=True)
    handle = os.open(partial, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(f"another process is making {folder}; wait until it ends") from error
        if not goes_on:
            _empty(partial)
        try:
            yield partial
            partial.rename(folder)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise StoreError(_full(partial, goes_on)) from error
        finally:
            if not goes_on:
                shutil.rmtree(partial, ignore_errors=True)
    finally:
        os.close(handle)


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """Gives a file to write to, which becomes ``path`` if the block ends without an error.

    Args:
        path: of a file, in a folder that exists.

    Raises:
        StoreError: if the disk is full; what was at ``path`` stays as it was.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        there = "the file that was there before stays" if path.exists() else "nothing is left of it"
        raise StoreError(
            f"the disk that holds {path} is full ({there}): make room, or name a folder on "
            "another disk"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _full(partial: Path, stays: bool) -> str:
    written = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file())
    kept = f"stay in {partial}, and the same call goes on" if stays else "are removed again"
    return (
        f"the disk that holds {partial.parent} is full; {written / 1e9:.2f} GB had been written "
        f"and {kept}: make room, or name a folder on another disk"
    )

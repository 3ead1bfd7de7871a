"""npz and npy files, read without running what they hold and within a limit of memory."""

import contextlib
import csv
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from longnn.data.errors import DataFileError
from longnn.data.limits import Budget, named_file
from longnn.data.npy import read_array

LIMIT = 1 << 32
"""The number of bytes that the content of one file may take; far above every known dataset."""

DAMAGED = (
    *(ValueError, OverflowError, LookupError, EOFError, OSError, RuntimeError),
    *(struct.error, zlib.error, zipfile.BadZipFile, csv.Error),
)
"""What the readers of Python and NumPy raise at damaged content (RuntimeError: too deep)."""

AGAIN = "delete it and fetch it again"
"""What to do about an upstream file that is not what it should be."""

_ADVICE = "write it with numpy.savez(path, name=array, ...)"


@contextlib.contextmanager
def reading(path: Path, what: str, advice: str = AGAIN) -> Iterator[Budget]:
    """Names the file in whatever goes wrong while its content is read and checked.

    Args:
        path: the file.
        what: what the file should be, such as "npz file of numbers".
        advice: what the user can do.

    Yields:
        The bytes that the file may take, `LIMIT` at first.

    Raises:
        DataFileError: in place of each error of `DAMAGED`.
    """
    try:
        yield Budget(LIMIT)
    except DataFileError:
        raise
    except DAMAGED as error:
        kind = "" if type(error) is ValueError else f"{type(error).__name__}: "
        raise DataFileError(f"{path} is damaged or no {what} ({kind}{error}); {advice}") from error


def read_bytes(path: Path, budget: Budget) -> bytes:
    """The content of a file, taken from a budget before it is read.

    Raises:
        ValueError: if the file is larger.
    """
    budget.take(path.stat().st_size)
    return path.read_bytes()


def read_npz(path: str | Path, advice: str = _ADVICE) -> dict[str, Shaped[np.ndarray, "..."]]:
    """Reads all arrays of an npz file of numbers.

    Args:
        path: the file.
        advice: what a user can do about a file that is not read.

    Returns:
        The arrays by their names.

    Raises:
        DataFileError: if the file is missing, damaged, no npz file, holds objects where numbers
            belong, or would take more than `LIMIT` bytes.
    """
    return _members(path, advice, objects=False)


def read_npz_objects(path: Path, names: Collection[str] | None = None) -> dict[str, Any]:
    """Reads an upstream npz file that pickles scipy matrices into object arrays.

    A restricted unpickler reads them, which makes arrays and sparse matrices alone.

    Args:
        path: the file.
        names: the arrays to read; None: all of them.

    Returns:
        The arrays by their names; in place of an array of objects, what it holds.

    Raises:
        DataFileError: as for `read_npz`, and if a pickle asks for anything else.
    """
    return _members(path, AGAIN, objects=True, names=names)


def read_npy(path: Path) -> Any:  # whatever was pickled
    """Reads what one npy file of objects holds; errors are those of `read_npz`."""
    with reading(path, "npy file") as budget, path.open("rb") as file:
        return read_array(file, path.stat().st_size, budget, objects=True)


def zip_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members of a zip file that can be unpacked piece by piece.

    Raises:
        ValueError: if a member is packed by another method, which Python unpacks without a limit.
    """
    for member in archive.infolist():
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{member.filename!r} is packed by method {member.compress_type}")
    return archive.infolist()


def _members(
    path: str | Path, advice: str, objects: bool, names: Collection[str] | None = None
) -> dict[str, Any]:
    path = named_file(path, advice)
    found = {}
    with (
        reading(path, "npz file of numbers", advice) as budget,
        zipfile.ZipFile(path) as archive,
    ):
        for member in zip_members(archive):
            name = member.filename.removesuffix(".npy")
            if names is not None and name not in names:
                continue
            if name in found:
                raise ValueError(f"two arrays have the name {name[:80]}")
            with archive.open(member) as stream:
                try:
                    found[name] = read_array(stream, member.file_size, budget, objects)
                except ValueError as error:
                    raise ValueError(f"array {name[:80]}: {error}") from error
    return found

"""npz and npy files, read without running what they hold and within a limit of memory."""

import io
import math
import pickle
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from longnn.data.errors import DataFileError
from longnn.data.unpickle import restricted_loads

LIMIT = 1 << 32
"""The number of bytes that the arrays of one file may take; far above every known dataset."""

_ADVICE = "write it with numpy.savez(path, name=array, ...)"
_BROKEN = (ValueError, TypeError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


def read_npz(path: Path) -> dict[str, Shaped[np.ndarray, "..."]]:
    """Reads all arrays of an npz file of numbers.

    Args:
        path: the file.

    Returns:
        The arrays by their names.

    Raises:
        DataFileError: if the file is missing, damaged, no npz file, holds objects where numbers
            belong, or would take more than `LIMIT` bytes.
    """
    return _members(path, objects=False)


def read_npz_objects(path: Path) -> dict[str, Any]:  # whatever was pickled
    """Reads an upstream npz file that pickles scipy matrices into object arrays.

    A restricted unpickler reads them, which makes arrays and sparse matrices alone.

    Returns:
        The arrays by their names; in place of an array of objects, what it holds.

    Raises:
        DataFileError: as for `read_npz`, and if a pickle asks for anything else.
    """
    return _members(path, objects=True)


def read_npy(path: Path) -> Any:  # whatever was pickled
    """Reads what one npy file of objects holds; errors are those of `read_npz`."""
    try:
        _check_size(path, path.stat().st_size)
        return _array(path.read_bytes(), objects=True)
    except (pickle.UnpicklingError, *_BROKEN) as error:
        raise DataFileError(f"{path} was not read: {error}") from error


def _members(path: Path, objects: bool) -> dict[str, Any]:
    if not path.is_file():
        raise DataFileError(f"there is no file {path}; {_ADVICE}")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(path, sum(member.file_size for member in archive.infolist()))
            return {
                member.filename.removesuffix(".npy"): _array(archive.read(member), objects)
                for member in archive.infolist()
            }
    except DataFileError:
        raise
    except pickle.UnpicklingError as error:
        raise DataFileError(f"{path} was not read: {error}") from error
    except _BROKEN as error:
        raise DataFileError(
            f"{path} is damaged or no npz file of numbers ({type(error).__name__}: {error}); "
            f"{_ADVICE}"
        ) from error


def _check_size(path: Path, size: int) -> None:
    if size > LIMIT:
        raise DataFileError(
            f"{path} unpacks to {size / 1e9:.3g} GB, more than the {LIMIT / 1e9:.3g} GB that "
            "longnn.data.archive.LIMIT allows; raise it only if you trust the file"
        )


def _array(content: bytes, objects: bool) -> Any:
    """One npy file in memory; its header is believed only as far as the content goes."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise ValueError(f"npy format {version} is not one of 1.0 and 2.0")
    shape, fortran, dtype = read_header(stream)
    rest = content[stream.tell() :]
    if dtype.hasobject:
        if not objects:
            raise ValueError("it holds objects (pickles), which are not read")
        found = restricted_loads(rest)
        return found.item() if shape == () else found
    if math.prod(shape) * dtype.itemsize != len(rest):
        raise ValueError(f"{len(rest)} bytes cannot hold shape {shape} of {dtype}")
    array = np.frombuffer(rest, dtype).reshape(shape, order="F" if fortran else "C")
    return array.copy()

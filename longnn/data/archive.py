"""npz and npy files read without running what they hold, and without more memory than they should
take."""

import io
import math
import pickle
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from longnn.data.download import DataFileError
from longnn.data.unpickle import restricted_loads

LIMIT = 1 << 32
"""Bytes that the arrays of one file may take; far above every known dataset."""

_ADVICE = "write it with numpy.savez(path, name=array, ...)"
_BROKEN = (ValueError, TypeError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


def read_npz(path: Path, *, objects: bool = False) -> dict[str, Any]:
    """All arrays of an npz file.

    Args:
        path: the file.
        objects: true for upstream files that pickle scipy matrices into object arrays: those are
            read by a restricted unpickler. Plain numbers otherwise.

    Returns:
        name -> array, or what the object array holds.

    Raises:
        DataFileError: if the file is missing, damaged, no npz file, holds objects where numbers
            belong, or would take more than `LIMIT` bytes.
    """
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


def read_npy(path: Path) -> Any:
    """What one npy file of objects holds; arguments and errors as for `read_npz`."""
    try:
        _check_size(path, path.stat().st_size)
        return _array(path.read_bytes(), objects=True)
    except (pickle.UnpicklingError, *_BROKEN) as error:
        raise DataFileError(f"{path} was not read: {error}") from error


def _check_size(path: Path, size: int) -> None:
    if size > LIMIT:
        raise DataFileError(
            f"{path} unpacks to {size / 1e9:.3g} GB, more than the {LIMIT / 1e9:.3g} GB that "
            "longnn.data.archive.LIMIT allows; raise it only if you trust the file"
        )


def _array(content: bytes, objects: bool) -> Any:
    """One npy file in memory: the header is believed only as far as the content goes."""
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

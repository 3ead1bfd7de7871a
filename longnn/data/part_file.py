"""Reading splits from a user's npz file."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from longnn.data.download import DataFileError

_UNREADABLE = (
    *(ValueError, TypeError, OSError, EOFError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)


def read_part(path: Path) -> np.ndarray:
    """The array `part` of an npz file, unchecked.

    Raises:
        ValueError: if the file holds no such array.
        DataFileError: if the file is missing, damaged or no npz file.
    """
    advice = "write it with numpy.savez(path, part=array), part integers [S, N]"
    if not path.is_file():
        raise DataFileError(f"there is no file {path} to read splits from; {advice}")
    try:
        # np.load leaves a file that it opened itself open when the archive is damaged.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            if "part" in arrays:
                return arrays["part"]
            found = ", ".join(arrays) or "nothing"
    # A bare npy array is no context manager (TypeError); zipfile's own errors are many.
    except _UNREADABLE as error:
        raise DataFileError(f"{path} is damaged or no npz file of numbers; {advice}") from error
    raise ValueError(f"{path} has no array part, it holds {found}; {advice}")

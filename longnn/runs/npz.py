"""The arrays of an `.npz` file of a run directory, which may come from a stranger; imports no jax.

The headers are read first: how much memory the arrays take is known before any is unpacked. What
can hold code (pickled objects) is never read.
"""

import math
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from longnn.data import archive as limits
from longnn.runs.directory import RunDirectoryError

SMALL, RATIO = 1 << 28, 100
"""Arrays of more than `SMALL` bytes are at most `RATIO` times the size of their file."""

MOST = 10_000
"""The number of arrays that a file may hold."""

_FOREIGN = (  # what a damaged file makes zipfile, zlib and numpy raise
    ValueError, TypeError, KeyError, IndexError, OSError, EOFError, RuntimeError, SyntaxError,
    ArithmeticError, MemoryError, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


@dataclass(frozen=True)
class Header:
    """What a file says of one of its arrays.

    Attributes:
        shape: of the array.
        dtype: of its entries, numbers or text.
    """

    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def size(self) -> int:
        """The number of bytes of the array."""
        return math.prod(self.shape) * self.dtype.itemsize


class Arrays:
    """An open file: the headers of its arrays, and each array as it is asked for.

    Args:
        archive: the open file.

    Attributes:
        headers: name -> header.
    """

    def __init__(self, archive: zipfile.ZipFile):
        self._archive = archive
        members = archive.infolist()
        if len(members) > MOST:
            raise ValueError(f"{len(members):,} arrays, more than the {MOST:,} of any run")
        self._members = {member.filename.removesuffix(".npy"): member for member in members}
        if len(self._members) < len(members):
            raise ValueError("two arrays of one name")
        self.headers = {name: self._header(member) for name, member in self._members.items()}

    def read(self, name: str) -> Shaped[np.ndarray, "..."]:
        """Unpacks the array of a name that `headers` has."""
        with self._archive.open(self._members[name]) as stream:
            return np.lib.format.read_array(stream, allow_pickle=False)

    def _header(self, member: zipfile.ZipInfo) -> Header:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{member.filename} is compressed in a way that numpy never writes")
        with self._archive.open(member) as stream:
            version = np.lib.format.read_magic(stream)
            if version != (1, 0):  # later ones hold headers of up to 4 GB
                raise ValueError(f"{member.filename} has npy format {version}, expected (1, 0)")
            shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
            header, rest = Header(shape, dtype), member.file_size - stream.tell()
        if dtype.kind not in "biufU":
            raise ValueError(f"{member.filename} holds {dtype}, expected numbers")
        if min(shape, default=0) < 0 or header.size != rest:
            raise ValueError(f"{member.filename}: {rest} bytes cannot be {shape} of {dtype}")
        return header


@contextmanager
def opened(file: Path) -> Iterator[Arrays]:
    """Opens an `.npz` file of a run directory.

    Args:
        file: path of the file.

    Raises:
        RunDirectoryError: if it is missing or damaged; what the block reads of a damaged file
            ends in it, too.
    """
    if not file.is_file():
        what = "it is not a file" if file.exists() else "train that run again with force=true"
        raise RunDirectoryError(f"{file.parent} lacks {file.name}; {what}")
    try:
        with file.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            yield Arrays(archive)
    except RunDirectoryError:
        raise
    except _FOREIGN as error:
        raise RunDirectoryError(
            f"{file} is damaged or no npz file of numbers ({type(error).__name__}: {error}); train "
            "that run again with force=true"
        ) from error


def check_size(file: Path, headers: Mapping[str, Header]) -> None:
    """Refuses arrays that take more memory than those of a run.

    Args:
        file: their file.
        headers: of its arrays.

    Raises:
        RunDirectoryError: if they take more than `longnn.data.archive.LIMIT` bytes, or more than
            `SMALL` and `RATIO` times what the file has.
    """
    size, packed = sum(header.size for header in headers.values()), file.stat().st_size
    if size > limits.LIMIT:
        allowed = f"the {limits.LIMIT / 1e9:.3g} GB of longnn.data.archive.LIMIT"
    elif size > max(SMALL, RATIO * packed):
        allowed = f"{RATIO} times its {packed:,} bytes (longnn.runs.npz.RATIO)"
    else:
        return
    raise RunDirectoryError(
        f"{file} would take {size / 1e9:.3g} GB, more than {allowed}; raise that only if you trust "
        "the directory"
    )

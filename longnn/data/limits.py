"""What is asked of a file before it is read: that it is one, and how much memory it may take."""

from pathlib import Path

from longnn.data.errors import DataFileError


def named_file(path: str | Path, advice: str) -> Path:
    """Returns the path of a file that a user names, with ~ for a home directory.

    Args:
        path: of the file.
        advice: what to do where there is none, for the message.

    Raises:
        DataFileError: if it names no file.
    """
    try:
        file = Path(path).expanduser()
        if file.is_file():
            return file
        problem = f"{file} is a directory" if file.is_dir() else f"there is no file {file}"
    except (OSError, RuntimeError, ValueError) as error:  # a name too long, or of no user
        problem = f"{str(path)[:80]!r} names no file ({getattr(error, 'strerror', None) or error})"
    raise DataFileError(f"{problem}; {advice}")


class Budget:
    """The bytes that a file may still take; every reader counts before it allocates.

    Args:
        limit: number of bytes in all, for instance `longnn.data.archive.LIMIT`.

    Example:
        >>> budget = Budget(100)
        >>> budget.take(60)
        >>> budget.take(60)
        Traceback (most recent call last):
        ...
        ValueError: it unpacks to 1.2e-07 GB, more than the 1e-07 GB that \
longnn.data.archive.LIMIT allows; raise it only if you trust the file
    """

    def __init__(self, limit: int):
        self._limit, self._taken = limit, 0

    def take(self, size: int) -> None:
        """Counts ``size`` more bytes, >= 0; a ValueError if that is more than the limit in all."""
        self._taken += size
        if self._taken > self._limit:
            raise ValueError(
                f"it unpacks to {self._taken / 1e9:.3g} GB, more than the "
                f"{self._limit / 1e9:.3g} GB that longnn.data.archive.LIMIT allows; raise it only "
                "if you trust the file"
            )

"""What can go wrong with datasets: errors and warnings. Imports nothing else of ours."""

import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


class DataFileError(OSError):
    """A dataset file is missing, cannot be read, or is not the one that was expected."""


class DataFileWarning(UserWarning):
    """A dataset file could not be checked, because its checksum has never been recorded."""


class MissingClassWarning(UserWarning):
    """A part of a split has no node of some class."""


class RenumberedLabelsWarning(UserWarning):
    """The labels of a dataset were numbers, but not 0 to C - 1; the classes have other numbers."""


@contextmanager
def about(*files: str | Path) -> Iterator[None]:
    """Names files in each ValueError of the block that names none of them.

    Args:
        files: what the block makes something of.

    Example:
        >>> with about("graph.npz"):
        ...     raise ValueError("edges must have shape [E, 2]")
        Traceback (most recent call last):
        ...
        ValueError: graph.npz: edges must have shape [E, 2]
    """
    try:
        yield
    except ValueError as error:
        if any(str(file) in str(error) for file in files):
            raise
        raise ValueError(f"{', '.join(map(str, files))}: {error}") from error


def unknown(kind: str, name: str, known: Sequence[str]) -> ValueError:
    """Makes the error for a name that is not among the known ones.

    Args:
        kind: what the name should have named, for the message.
        name: the name that came.
        known: all names that exist; the message gives the nearest, or all if none is near.

    Example:
        >>> unknown("dataset", "coral", ["cora", "citeseer"])
        ValueError("unknown dataset 'coral'; did you mean cora?")
    """
    near = difflib.get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
    return ValueError(f"unknown {kind} {name!r}; {hint}")

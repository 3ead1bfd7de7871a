"""One file over the network: tried more than once, checked, and never left half done."""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

from longnn.data.errors import DataFileError
from longnn.data.registry import Source

WAITS = (1.0, 4.0)
"""Seconds before each new attempt at a download that broke off."""

STALE = 3600
"""Seconds after which a part file can only be left over from a killed process."""


@runtime_checkable
class Progress(Protocol):
    """What a download reports to.

    Attributes:
        total: number of bytes expected, set by the download; 0 if it is not known.
    """

    total: int

    def update(self, count: int) -> None:
        """Counts ``count`` more bytes."""

    def reset(self) -> None:
        """Counts from the beginning again."""

    def close(self) -> None:
        """Ends the report."""


def download(path: Path, name: str, source: Source, progress: Progress | None) -> None:
    """Downloads into a part file in the folder of ``path``, renamed once its checksum is right.

    Args:
        path: where the file is to lie.
        name: the registered name of the file, for messages.
        source: where it comes from, and its digest.
        progress: told of the bytes as they come; None reports nothing.

    Raises:
        DataFileError: if the file cannot be fetched or written, or is not the one expected.
    """
    yourself = (
        f"get the file {named(source)} and put it at {path}, or at FOLDER/{name} with "
        "LONGNN_DATA_DIR=FOLDER"
    )
    problem: Exception | None = None
    for wait in (0.0, *WAITS):
        time.sleep(wait)
        try:
            problem = _attempt(path, source, progress, yourself)
        except OSError as error:
            problem = _explained(error, path, name, yourself)
            if not _may_pass(error):
                break
        if problem is None:
            return
    assert problem is not None
    raise problem


def _attempt(
    path: Path, source: Source, progress: Progress | None, yourself: str
) -> DataFileError | None:
    """One download; the error if other bytes came than were expected."""
    import pooch  # slow to import, and not needed once the files are here

    with _part_of(path) as part:
        # Progress has the interface that pooch wants.
        pooch.HTTPDownloader(progressbar=progress)(source.url, str(part), None)
        different = difference(part, source)
        if different is None:
            part.replace(path)
            return None
    return DataFileError(
        f"the download of {path} is truncated or altered and was thrown away ({different}); "
        f"try again, or {yourself}"
    )


def named(source: Source) -> str:
    """Digest and address of a file, in words."""
    return f"with {source.digest} from {source.url}" if source.pinned else f"from {source.url}"


def difference(path: Path, source: Source) -> str | None:
    """Says how a file differs from the one expected; None if it does not, or nobody knows."""
    if not source.pinned or (found := source.found(path)) == source.digest:
        return None
    return f"expected {source.digest}, found {found}"


@contextlib.contextmanager
def _part_of(path: Path) -> Iterator[Path]:
    """A new file in the folder of ``path``, of this process alone; removed unless renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob(f".{path.name}.*.part"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - old.stat().st_mtime > STALE:
                old.unlink()
    handle, part = tempfile.mkstemp(".part", f".{path.name}.", path.parent)
    os.close(handle)
    os.chmod(part, 0o644)  # mkstemp's 0600 would hide a shared cache from its other users
    try:
        yield Path(part)
    finally:
        Path(part).unlink(missing_ok=True)


def _explained(error: OSError, path: Path, name: str, yourself: str) -> DataFileError:
    if _is_network(error):
        text = f"cannot fetch {name} ({type(error).__name__}: {error}); {yourself}"
    else:
        text = (
            f"cannot write {path} ({type(error).__name__}: {error}); set XDG_CACHE_HOME to a "
            f"folder that can be written, or {yourself}"
        )
    explained = DataFileError(text)
    explained.__cause__ = error
    return explained


def _is_network(error: OSError) -> bool:
    import requests  # slow to import, and in use already where there is something to explain

    return isinstance(error, requests.RequestException)


def _may_pass(error: OSError) -> bool:
    """Whether another attempt may do better: not after "there is no such file"."""
    status = getattr(getattr(error, "response", None), "status_code", 500)
    return _is_network(error) and status >= 500

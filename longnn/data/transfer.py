"""One file over the network: tried more than once, checked, and never left half done."""

import contextlib
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

from longnn.data.errors import DataFileError
from longnn.data.registry import Source

LARGEST = 1 << 30
"""Bytes that a file may have whose size is not registered."""

LONGEST = 3600.0
"""Seconds that all attempts at one file may take together."""

SILENCE = 30.0
"""Seconds without a byte after which a connection is given up."""

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
        DataFileError: if the file cannot be fetched or written, or is not the one expected, is
            larger than it should be, or takes longer than `LONGEST`.
    """
    yourself = (
        f"get the file {named(source)} and put it at {path}, or at FOLDER/{name} with "
        "LONGNN_DATA_DIR=FOLDER"
    )
    end = time.monotonic() + LONGEST
    problem: DataFileError | None = None
    for wait in (0.0, *WAITS):
        time.sleep(wait)
        try:
            _attempt(path, source, progress, end)
        except DataFileError as error:  # other bytes, too many of them, or no time left
            raise DataFileError(f"{error}; {yourself}") from error
        except OSError as error:
            problem = _explained(error, path, name, yourself)
            if not _may_pass(error):
                break
        else:
            return
    assert problem is not None
    raise problem


def _attempt(path: Path, source: Source, progress: Progress | None, end: float) -> None:
    """One download; an error if other bytes come than were expected."""
    with _part_of(path) as part:
        _receive(part, source, progress, end)
        different = difference(part, source)
        if different is not None:
            raise DataFileError(
                f"the download of {path} is altered and was thrown away ({different})"
            )
        part.replace(path)


def _receive(part: Path, source: Source, progress: Progress | None, end: float) -> None:
    """Writes what the address gives, within the limits of size and time."""
    import requests  # slow to import, and not needed once the files are here

    limit = LARGEST if source.size is None else source.size
    # packed for the transport, a file could unpack to any size
    plain = {"Accept-Encoding": "identity"}
    with requests.get(source.url, stream=True, timeout=SILENCE, headers=plain) as answer:
        answer.raise_for_status()
        length = answer.headers.get("Content-Length", "")
        announced = int(length) if length.isdigit() and length.isascii() else 0
        _check_limits(announced, limit, end, source)
        if progress is not None:
            progress.reset()
            progress.total = announced
        with part.open("wb") as file:
            for piece in answer.iter_content(1 << 16):
                _check_limits(file.tell() + len(piece), limit, end, source)
                file.write(piece)
                if progress is not None:
                    progress.update(len(piece))
            if source.size is not None and file.tell() < source.size:
                raise requests.ConnectionError(f"it ended after {file.tell()} of {limit} bytes")
    if progress is not None:
        progress.close()


def _check_limits(size: int, limit: int, end: float, source: Source) -> None:
    if size > limit:
        raise DataFileError(
            f"{source.url} gives {size} bytes or more, expected at most {limit}, and was stopped"
        )
    if time.monotonic() > end:
        raise DataFileError(f"{source.url} takes longer than {LONGEST:.0f} s, and was stopped")


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
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    part.touch(exist_ok=False)  # as the umask says, so that a shared cache can be shared
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


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
    """Whether another attempt may do better: not after "there is no such file", for instance."""
    import requests

    lasting = (
        requests.exceptions.SSLError,
        requests.exceptions.TooManyRedirects,
        requests.exceptions.InvalidURL,
        requests.exceptions.InvalidSchema,
        requests.exceptions.MissingSchema,
    )
    status = getattr(getattr(error, "response", None), "status_code", 500)
    busy = status in (408, 429) or status >= 500
    return _is_network(error) and busy and not isinstance(error, lasting)

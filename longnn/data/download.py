"""Dataset files: from a folder of the user's, or downloaded once; checked wherever possible."""

import contextlib
import hashlib
import os
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import pooch

from longnn.data.registry import Source, registry, sha256, unknown

WAITS = (1.0, 4.0)
"""Seconds before each new attempt at a download that broke off."""

STALE = 3600
"""Seconds after which a part file can only be left over from a killed process."""


class DataFileError(OSError):
    """A dataset file is missing, unreadable or not the one expected."""


class DataFileWarning(UserWarning):
    """A dataset file could not be checked, since nobody has recorded its checksum."""


class Progress(Protocol):
    """What a download reports to; `total` is set to the bytes expected (0: unknown)."""

    total: int

    def update(self, count: int) -> None:
        """`count` more bytes."""

    def reset(self) -> None:
        """From the beginning."""

    def close(self) -> None:
        """Done."""


def fetch(name: str, progress: Progress | None = None) -> Path:
    """Path of a dataset file whose checksum has been compared.

    With LONGNN_DATA_DIR set, the file must lie at LONGNN_DATA_DIR/name, and the network is not
    used. Otherwise it is downloaded on first use into the cache of `pooch.os_cache("longnn")`. A
    file whose checksum nobody has recorded loads with a `DataFileWarning`.

    Args:
        name: for instance "planetoid/ind.cora.allx"; `registry()` lists all.
        progress: told of the bytes of a download.

    Raises:
        ValueError: if the name is unknown.
        DataFileError: if the file is missing, cannot be fetched, or is altered.
    """
    source = _source(name)
    path = place(name)
    if not path.is_file():
        given = os.environ.get("LONGNN_DATA_DIR")
        if given:
            raise DataFileError(
                f"{path} is missing (LONGNN_DATA_DIR is {given}); put the file {_named(source)} "
                "there, or unset LONGNN_DATA_DIR to download it"
            )
        _download(path, name, source, progress)
    problem = _difference(path, source)
    if problem:
        raise DataFileError(
            f"{path} is truncated or altered: {problem}; delete it and fetch it again from "
            f"{source.url}"
        )
    if not source.pinned:
        warnings.warn(
            f"no checksum of {name} is known, so it is taken as it is ({sha256(path)})",
            DataFileWarning,
            stacklevel=2,
        )
    return path


def place(name: str) -> Path:
    """Where a file is looked for, whether or not it is there."""
    folder = os.environ.get("LONGNN_DATA_DIR") or pooch.os_cache("longnn")
    return Path(folder).expanduser() / name


def digests(names: Iterable[str]) -> dict[str, str]:
    """sha256 (hex) of each file; those that are not pinned by one are read."""
    found = {}
    for name in names:
        digest = _source(name).digest
        digest = digest if digest.startswith("sha256:") else sha256(place(name))
        found[name] = digest.removeprefix("sha256:")
    return found


def checksum(names: Iterable[str]) -> str:
    """sha256 over the `digests` of files, in the order given."""
    return hashlib.sha256("\n".join(digests(names).values()).encode()).hexdigest()


def _source(name: str) -> Source:
    known = registry()
    if name not in known:
        raise unknown("data file", name, list(known))
    return known[name]


def _named(source: Source) -> str:
    return f"with {source.digest} from {source.url}" if source.pinned else f"from {source.url}"


def _difference(path: Path, source: Source) -> str | None:
    if not source.pinned or (found := source.found(path)) == source.digest:
        return None
    return f"expected {source.digest}, found {found}"


def _download(path: Path, name: str, source: Source, progress: Progress | None) -> None:
    """Into a part file beside `path`, which is renamed once its checksum is right."""
    yourself = (
        f"get the file {_named(source)} and put it at {path}, or at FOLDER/{name} with "
        "LONGNN_DATA_DIR=FOLDER"
    )
    problem: Exception | None = None
    for wait in (0.0, *WAITS):
        time.sleep(wait)
        try:
            with _part_of(path) as part:
                # Progress has pooch's interface.
                pooch.HTTPDownloader(progressbar=progress)(source.url, str(part), None)
                difference = _difference(part, source)
                if difference is None:
                    part.replace(path)
                    return
                problem = DataFileError(
                    f"the download of {path} is truncated or altered and was thrown away "
                    f"({difference}); try again, or {yourself}"
                )
        except OSError as error:
            problem = _explained(error, path, name, yourself)
            if not _may_pass(error):
                break
    assert problem is not None
    raise problem


@contextlib.contextmanager
def _part_of(path: Path) -> Iterator[Path]:
    """A new file beside `path`, removed unless it was renamed; two processes never share one."""
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

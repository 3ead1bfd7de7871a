"""Dataset files: from a folder of the user's, or downloaded once; always with a pinned sha256."""

import difflib
import hashlib
import os
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import pooch


class DataFileError(OSError):
    """A dataset file is missing, unreadable or not the one expected."""


class Source(NamedTuple):
    """Where a file comes from and which bytes it must hold."""

    sha256: str
    url: str


def registry() -> dict[str, Source]:
    """Every known file: name (`folder/file`) -> `Source`, read from `registry.txt`."""
    text = resources.files("longnn.data").joinpath("registry.txt").read_text("utf-8")
    lines = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {name: Source(sha256, url) for name, sha256, url in lines}


def fetch(name: str) -> Path:
    """Path of a dataset file whose sha256 has been checked.

    With LONGNN_DATA_DIR set, the file must lie at LONGNN_DATA_DIR/name, and the network is not
    used. Otherwise it is downloaded on first use into the cache of `pooch.os_cache("longnn")`.

    Args:
        name: for instance "planetoid/ind.cora.allx"; `registry()` lists all.

    Raises:
        ValueError: if the name is unknown.
        DataFileError: if the file is missing, cannot be fetched, or is altered.
    """
    known = registry()
    if name not in known:
        raise unknown("data file", name, list(known))
    source = known[name]
    given = os.environ.get("LONGNN_DATA_DIR")
    path = Path(given or pooch.os_cache("longnn")).expanduser() / name
    if path.is_file():
        _verify(path, source)
    elif given:
        raise DataFileError(
            f"{path} is missing (LONGNN_DATA_DIR is {given}); put the file with sha256 "
            f"{source.sha256} from {source.url} there, or unset LONGNN_DATA_DIR to download it"
        )
    else:
        _download(path, name, source)
    return path


def checksum(names: Iterable[str]) -> str:
    """sha256 over the pinned sha256s of files, in the order given."""
    known = registry()
    return hashlib.sha256("\n".join(known[name].sha256 for name in names).encode()).hexdigest()


def unknown(kind: str, name: str, known: Sequence[str]) -> ValueError:
    """An error for a name that is not among the known ones, with the nearest of them."""
    near = difflib.get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
    return ValueError(f"unknown {kind} {name!r}; {hint}")


def _verify(path: Path, source: Source) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != source.sha256:
        raise DataFileError(
            f"{path} is truncated or altered: expected sha256 {source.sha256}, found {found}; "
            f"delete it and fetch it again from {source.url}"
        )


def _download(path: Path, name: str, source: Source) -> None:
    """pooch writes to a temporary file beside `path` and renames it once the sha256 is right."""
    folder = path.parents[len(Path(name).parts) - 1]
    shelf = pooch.create(folder, "", registry={name: source.sha256}, urls={name: source.url})
    try:
        shelf.fetch(name)
    except ValueError as error:
        raise DataFileError(
            f"the download of {path} is truncated or altered and was thrown away ({error}); "
            f"try again, or get the file with sha256 {source.sha256} from {source.url} yourself"
        ) from error
    except OSError as error:
        raise DataFileError(
            f"cannot fetch {name} ({type(error).__name__}: {error}); get the file with sha256 "
            f"{source.sha256} from {source.url} and put it at {path}, or at FOLDER/{name} with "
            "LONGNN_DATA_DIR=FOLDER"
        ) from error

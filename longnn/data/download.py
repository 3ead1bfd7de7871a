"""Dataset files: from a folder of the user's, or downloaded once; checked wherever possible."""

import hashlib
import os
import warnings
from collections.abc import Iterable
from pathlib import Path

from longnn.data.errors import DataFileError, DataFileWarning, unknown
from longnn.data.registry import Source, registered_files, sha256
from longnn.data.transfer import Progress, difference, download, named


def fetch(name: str, progress: Progress | None = None) -> Path:
    """Gives the path of a dataset file, after its checksum has been compared.

    With LONGNN_DATA_DIR set, the file must lie at LONGNN_DATA_DIR/name, and the network is not
    used. Otherwise it is downloaded on first use into the cache folder ``longnn`` of the user. A
    file whose checksum has never been recorded loads with a `DataFileWarning`.

    Args:
        name: for instance "planetoid/ind.cora.allx"; `longnn.data.registry.registered_files` has
            all of them.
        progress: told of the bytes of a download; None reports nothing.

    Raises:
        ValueError: if the name is unknown.
        DataFileError: if the file is missing, cannot be fetched, or is altered.
    """
    source = _source(name)
    path = place(name)
    if not path.is_file():
        _refuse_network(path, source)
        download(path, name, source, progress)
    problem = difference(path, source)
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
    """The path at which a file is looked for, whether or not it is there."""
    folder = os.environ.get("LONGNN_DATA_DIR")
    if folder:
        return Path(folder).expanduser() / name
    import pooch  # slow to import

    return Path(pooch.os_cache("longnn")).expanduser() / name


def digests(names: Iterable[str]) -> dict[str, str]:
    """The sha256 (hex) of each file by its name; files that are not pinned by one are read."""
    found = {}
    for name in names:
        digest = _source(name).digest
        digest = digest if digest.startswith("sha256:") else sha256(place(name))
        found[name] = digest.removeprefix("sha256:")
    return found


def checksum(names: Iterable[str]) -> str:
    """The sha256 over the `digests` of files, in the order given."""
    return hashlib.sha256("\n".join(digests(names).values()).encode()).hexdigest()


def _source(name: str) -> Source:
    known = registered_files()
    if name not in known:
        raise unknown("data file", name, list(known))
    return known[name]


def _refuse_network(path: Path, source: Source) -> None:
    """DataFileError for a missing file where the user has named a folder."""
    folder = os.environ.get("LONGNN_DATA_DIR")
    if folder:
        raise DataFileError(
            f"{path} is missing (LONGNN_DATA_DIR is {folder}); put the file {named(source)} there, "
            "or unset LONGNN_DATA_DIR to download it"
        )


def need_trust(name: str, trust: bool) -> None:
    """Refuses a file of pickled objects that nothing vouches for.

    Args:
        name: a registered file that holds objects.
        trust: whether the user trusts whatever comes.

    Raises:
        DataFileError: if no checksum of the file is known and ``trust`` is false.
    """
    source = _source(name)
    if not source.pinned and not trust:
        raise DataFileError(
            f"{name} holds pickled objects, and no checksum of it is known; if you trust "
            f"{source.url}, say so with trust=True, or dataset.trust=true on the command line"
        )

"""The upstream files: where each comes from, and which bytes it must hold."""

import fnmatch
import hashlib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote


class Source(NamedTuple):
    """The origin of a file.

    Attributes:
        digest: "sha256:HEX"; or "blob:HEX", the id that git gives to the file; or "unknown".
        url: an address that serves these bytes.
        size: number of bytes; None where it has never been recorded.
    """

    digest: str
    url: str
    size: int | None = None

    @property
    def pinned(self) -> bool:
        """Whether the expected bytes are known."""
        return self.digest != "unknown"

    def found(self, path: Path) -> str:
        """The digest of a file, of the kind that is expected (sha256 where none is known)."""
        return git_blob(path) if self.digest.startswith("blob:") else sha256(path)


def registered_files() -> dict[str, Source]:
    """Every known file by its name (``folder/file``), as ``registry.txt`` lists them."""
    text = resources.files("longnn.data").joinpath("registry.txt").read_text("utf-8")
    lines = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {
        unquote(name): Source(digest, url, None if size == "unknown" else int(size))
        for name, digest, size, url in lines
    }


def matching(patterns: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """The known names that each shell pattern matches, pattern by pattern.

    Example:
        >>> matching(["b/*", "a/1"], ["a/1", "b/1", "b/2"])
        ('b/1', 'b/2', 'a/1')
    """
    names = list(known)
    return tuple(name for pattern in patterns for name in fnmatch.filter(names, pattern))


def sha256(path: Path) -> str:
    """ "sha256:HEX" of the content of a file."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def git_blob(path: Path) -> str:
    """ "blob:HEX", the sha1 over "blob SIZE\\0" and the content, as git names a file."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return f"blob:{digest.hexdigest()}"

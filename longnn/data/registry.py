"""The upstream files: where each comes from and which bytes it must hold."""

import difflib
import fnmatch
import hashlib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote


class Source(NamedTuple):
    """Origin of a file.

    Attributes:
        digest: "sha256:HEX"; "blob:HEX", the id that git gives the file; or "unknown".
        url: an address that serves these bytes.
    """

    digest: str
    url: str

    @property
    def pinned(self) -> bool:
        """Whether the expected bytes are known."""
        return self.digest != "unknown"

    def found(self, path: Path) -> str:
        """The digest of a file, of the kind that is expected (sha256 where none is known)."""
        return git_blob(path) if self.digest.startswith("blob:") else sha256(path)


def registry() -> dict[str, Source]:
    """Every known file: name (`folder/file`) -> `Source`, read from `registry.txt`."""
    text = resources.files("longnn.data").joinpath("registry.txt").read_text("utf-8")
    lines = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {unquote(name): Source(digest, url) for name, digest, url in lines}


def matching(patterns: str) -> list[str]:
    """Names of the known files that shell patterns name, apart by blanks, such as "planetoid/*"."""
    known = registry()
    return [name for pattern in patterns.split() for name in fnmatch.filter(known, pattern)]


def sha256(path: Path) -> str:
    """ "sha256:HEX" of a file's content."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def git_blob(path: Path) -> str:
    """ "blob:HEX", sha1 over "blob SIZE\\0" and the content, as git names it."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return f"blob:{digest.hexdigest()}"


def unknown(kind: str, name: str, known: Sequence[str]) -> ValueError:
    """An error for a name that is not among the known ones, with the nearest of them."""
    near = difflib.get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
    return ValueError(f"unknown {kind} {name!r}; {hint}")

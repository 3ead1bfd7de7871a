"""A small disk, which can be filled."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .engine import daemons

MEGABYTES = 16


class Disk:
    """A file system of its own.

    Attributes:
        folder: where it is mounted.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leaves no room."""
        try:
            with self._ballast.open("wb", buffering=0) as out:
                while True:
                    out.write(bytes(4096))
        except OSError:  # no space left on device
            return

    def clear(self) -> None:
        """Takes away what filled it."""
        self._ballast.unlink()


@contextmanager
def disk() -> Iterator[Disk]:
    """A disk while the block runs; mounting it needs the rights of an administrator."""
    with daemons() as processes:
        folder = processes.folder / "disk"
        folder.mkdir()
        options = ["-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs"]
        subprocess.run(["mount", *options, str(folder)], check=True)
        yield Disk(folder)

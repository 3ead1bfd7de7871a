"""Signs of life: a thread that touches the files of the attempts that this process works on."""

import contextlib
import os
import threading
import time
from pathlib import Path

BEAT = 10.0
"""Seconds between two heartbeats."""


class Heartbeat:
    """Touches the held files every `BEAT` seconds; its thread starts with the first of them.

    A file is the same by its relative and by its absolute path.
    """

    def __init__(self) -> None:
        self._files: set[Path] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def hold(self, file: Path) -> None:
        """Adds a file."""
        with self._lock:
            self._files.add(file.absolute())
            if self._thread is None:
                self._thread = threading.Thread(target=self._beat, daemon=True)
                self._thread.start()

    def release(self, file: Path) -> None:
        """Leaves a file alone from now on; one that is not held is no error."""
        with self._lock:
            self._files.discard(file.absolute())

    def holds(self, file: Path) -> bool:
        """Whether a file is touched now and then."""
        with self._lock:
            return file.absolute() in self._files

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT)
            with self._lock:
                files = list(self._files)
            for file in files:
                with contextlib.suppress(OSError):  # it was deleted; the others beat on
                    os.utime(file)

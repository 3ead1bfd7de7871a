"""One damaged file read in a process of its own, and what came of it."""

import os
import random
import resource
import shutil
import signal
import tempfile
import threading
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from longnn.data import archive, download
from longnn.data.errors import DataFileError
from longnn.data.registry import Source, registered_files

from .mutations import damaged
from .samples import Sample

SECONDS = 5
"""How long a case may take."""

LIMIT = 1 << 26
"""`longnn.data.archive.LIMIT` in the cases, so that a small file can exceed it."""

RISE = 4 * LIMIT
"""Bytes by which the memory of a case may rise: what is read, and what is made of it."""

GOOD = ("value", "refused")


class Outcome(NamedTuple):
    """What came of a case.

    Attributes:
        kind: "value"; "refused" (an error that names a file); or else a fault: "unnamed" (an error
            of ours that names none), "foreign" (another exception), "memory", "slow", "killed".
        text: the message, or the traceback.
    """

    kind: str
    text: str


def damage(sample: Sample, draw: random.Random) -> tuple[dict[str, bytes], str]:
    """The files of a sample with one of them damaged, and the name of that."""
    files = dict(draw.choice(sample.variants))
    name = draw.choice(list(files))
    files[name] = damaged(files[name], draw)
    return files, name


def write(files: Mapping[str, bytes], folder: Path) -> None:
    """Writes files below a folder, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def run(sample: Sample, folder: Path) -> Outcome:
    """Reads the files of a folder in a child process, which has imported everything already."""
    assert threading.active_count() == 1, "a thread would not live on in the child"
    with tempfile.TemporaryFile() as file:
        child = os.fork()
        if child == 0:
            _child(sample, folder, file.fileno())
        _, status, used = os.wait4(child, 0)
        file.seek(0)
        kind, _, text = file.read().decode().partition("\n")
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name
        return Outcome("slow" if number == signal.SIGALRM else "killed", name)
    if (risen := 1024 * (used.ru_maxrss - _resident())) > RISE:
        return Outcome("memory", f"{risen / 1e6:.0f} MB for {kind}: {text}")
    return Outcome(kind or "killed", text)


def _resident() -> int:
    """KiB that this process has in memory, which a child begins with."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def _child(sample: Sample, folder: Path, file: int) -> None:
    """Writes the outcome and ends the process, without what Python does at its end."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SECONDS)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + 4 * RISE, size + 4 * RISE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["LONGNN_DATA_DIR"] = str(folder)
    unknown = {name: Source("unknown", source.url) for name, source in registered_files().items()}
    download.registered_files = lambda: unknown
    archive.LIMIT = LIMIT
    warnings.simplefilter("error", RuntimeWarning)
    warnings.simplefilter("error", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    kind, text = _outcome(sample, folder)
    os.write(file, f"{kind}\n{text}".encode(errors="backslashreplace"))
    os._exit(0)


def _outcome(sample: Sample, folder: Path) -> tuple[str, str]:
    try:
        sample.load(folder)
    except (DataFileError, ValueError) as error:
        if type(error).__name__ not in ("DataFileError", "RunDirectoryError", "ValueError"):
            return "foreign", traceback.format_exc()
        named = any(path.name in str(error) for path in folder.rglob("*") if path.is_file())
        return ("refused", str(error)) if named else ("unnamed", traceback.format_exc())
    except BaseException:  # whatever a user would get in its place
        return "foreign", traceback.format_exc()
    return "value", ""

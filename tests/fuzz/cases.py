"""Damaged files read in a process of their own, and what came of it."""

import json
import os
import random
import resource
import shutil
import signal
import tempfile
import threading
import traceback
import warnings
from collections.abc import Mapping, Sequence
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


def run(sample: Sample, folders: Sequence[Path]) -> list[Outcome]:
    """Reads the files of some folders in a child process, which has imported everything already.

    Where anything but an answer comes of several, each is read again in a child of its own.
    """
    read, fault = _in_child(sample, folders)
    if len(read) == len(folders) and fault is None and all(o.kind in GOOD for o in read):
        return read
    if len(folders) > 1:
        return [run(sample, [folder])[0] for folder in folders]
    return [fault] if fault is not None else read


def _in_child(sample: Sample, folders: Sequence[Path]) -> tuple[list[Outcome], Outcome | None]:
    """What came of the folders that were read, and what is wrong with all of them together."""
    assert threading.active_count() == 1, "a thread would not live on in the child"
    with tempfile.TemporaryFile() as file:
        child = os.fork()
        if child == 0:
            _child(sample, folders, file.fileno())
        _, status, used = os.wait4(child, 0)
        file.seek(0)
        read = [Outcome(*json.loads(line)) for line in file]
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name
        return read, Outcome("slow" if number == signal.SIGALRM else "killed", name)
    if (risen := 1024 * (used.ru_maxrss - _resident())) > RISE:
        return read, Outcome("memory", f"{risen / 1e6:.0f} MB for {read}")
    return read, None if read else Outcome("killed", "")


def _resident() -> int:
    """KiB that this process has in memory, which a child begins with."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def _child(sample: Sample, folders: Sequence[Path], file: int) -> None:
    """Writes each outcome and ends the process, without what Python does at its end."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + 4 * RISE, size + 4 * RISE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    unknown = {name: Source("unknown", source.url) for name, source in registered_files().items()}
    download.registered_files = lambda: unknown
    archive.LIMIT = LIMIT
    warnings.simplefilter("error", RuntimeWarning)
    warnings.simplefilter("error", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    for folder in folders:
        signal.alarm(SECONDS)
        os.environ["LONGNN_DATA_DIR"] = str(folder)
        os.write(file, (json.dumps(_outcome(sample, folder)) + "\n").encode())
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

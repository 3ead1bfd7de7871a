"""Commands whose memory the operating system bounds."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GROUPS = {  # of control groups in version 2 and 1 -> the file of their bound
    Path("/sys/fs/cgroup"): "memory.max",
    Path("/sys/fs/cgroup/memory"): "memory.limit_in_bytes",
}


@contextmanager
def bounded(gb: float) -> Iterator[tuple[list[str], str]]:
    """Gives the words before a command that bound its memory, and by what they do.

    Args:
        gb: of all memory, the page cache included, in a control group; where none can be made, of
            data (``ulimit -d``), which mapped files are not.
    """
    most, group = int(gb * 2**30), _group(int(gb * 2**30))
    if group is None:
        yield ["sh", "-c", 'ulimit -d "$0" && exec "$@"', str(most // 1024)], "ulimit -d"
        return
    try:
        yield ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(group / "cgroup.procs")], "cgroup"
    finally:
        group.rmdir()


def _group(most: int) -> Path | None:
    """A control group of so many bytes; None where this process may not make one."""
    for root, name in GROUPS.items():
        if (root / "cgroup.procs").exists() and os.access(root, os.W_OK):
            group = root / f"large-{os.getpid()}"
            group.mkdir()
            if (group / name).exists():
                (group / name).write_text(str(most))
                return group
            group.rmdir()
    return None

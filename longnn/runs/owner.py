"""The process that owns an attempt: how it is written down, and whether it still lives."""

import contextlib
import functools
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def this_process() -> dict[str, Any]:
    """The host, the machine, the process and its birth, and SLURM's job, as JSON values."""
    pid = os.getpid()
    found = {"host": socket.gethostname(), "machine": machine(), "pid": pid, "born": _born(pid)}
    job = slurm_job()
    return found if job is None else found | {"job": job, "restarts": _restarts()}


def slurm_job() -> str | None:
    """SLURM's number of the job that this process belongs to, as "17" or "18_0"; None without."""
    array = os.environ.get("SLURM_ARRAY_JOB_ID")
    if array is not None:
        return f"{array}_{os.environ.get('SLURM_ARRAY_TASK_ID')}"
    return os.environ.get("SLURM_JOB_ID")


def was_requeued(owner: Mapping[str, Any]) -> bool:
    """Whether SLURM ended an owner and started its job again as this process.

    Args:
        owner: as :func:`this_process` gives it.
    """
    job, before = owner.get("job"), owner.get("restarts")
    return job is not None and job == slurm_job() and type(before) is int and before < _restarts()


def _restarts() -> int:
    told = os.environ.get("SLURM_RESTART_COUNT", "")
    return int(told) if told.isdigit() else 0


def is_near(owner: Mapping[str, Any]) -> bool:
    """Whether the processes of an owner's machine can be seen from here.

    Containers may have equal host names, and one machine may have several: what counts is the boot
    and the namespace of process numbers. Only owners of earlier versions have the host alone.

    Args:
        owner: as :func:`this_process` gives it.
    """
    if owner.get("born") is None:
        return False
    if "machine" in owner:
        return bool(owner["machine"] == machine())
    return bool(owner.get("host") == socket.gethostname())


def is_this_process(owner: Mapping[str, Any]) -> bool:
    """Whether an owner near by is the process that asks."""
    return owner.get("pid") == os.getpid() and owner.get("born") == _born(os.getpid())


def lives(owner: Mapping[str, Any]) -> bool:
    """Whether the process of an owner near by is still there, and not another of its number."""
    return bool(owner["born"] == _born(owner.get("pid")))


@functools.cache
def machine() -> str:
    """What is equal for processes that see each other: a boot and a namespace of processes."""
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    return socket.gethostname()


def _born(pid: object) -> str | None:
    """When a process of this machine started, in clock ticks; None if it is gone."""
    if type(pid) is not int:
        return None
    with contextlib.suppress(OSError):
        # after the name in brackets, which may hold anything; the third field is its state
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    if Path("/proc/self").exists():
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "alive"

"""Programs of tests that run on several simulated devices, in processes of their own."""

import json
import os
import subprocess
import sys
from typing import Any

PATIENT = (
    "--xla_cpu_collective_call_terminate_timeout_seconds=600 "
    "--xla_cpu_collective_timeout_seconds=600"
)
"""Devices wait for each other: XLA aborts after 40 seconds, which a busy machine may take."""


def flags(devices: int) -> dict[str, str]:
    """The variable that gives a process so many devices, beside what it says already."""
    count = f"--xla_force_host_platform_device_count={devices}"
    return {"XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} {count} {PATIENT}"}


def environment(devices: int) -> dict[str, str]:
    """That of a process which has so many devices, in double precision."""
    return {**os.environ, **flags(devices), "JAX_ENABLE_X64": "1"}


def on_eight(module: str, *words: str) -> Any:
    """What a module of tests prints at last, as JSON, where it runs as a program."""
    command = [sys.executable, "-m", module, *words]
    done = subprocess.run(command, env=environment(8), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])

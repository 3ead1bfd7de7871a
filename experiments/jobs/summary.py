"""What a result says of the process that made it."""

import importlib.metadata
import platform
from pathlib import Path

PACKAGES = ("longnn", "jax", "jaxlib", "flax", "optax", "numpy", "scipy", "hydra-core")


def versions() -> dict[str, str]:
    """The versions of Python and of each package that decides the numbers."""
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **found}


def peak_memory() -> float | None:
    """The peak memory of this process so far in gigabytes; None where the system does not say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    fields = dict(row.split(":", 1) for row in status.read_text().splitlines())
    return round(int(fields["VmHWM"].split()[0]) * 1024 / 1e9, 3)

"""``longnn doctor``: what this installation runs on, and why."""

import importlib.metadata
import os
import platform

import jax

from longnn.operators.choice import choose
from longnn.operators.native.library import status
from longnn.version import __version__

PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "scipy")


def report() -> list[tuple[str, str]]:
    """(subject, finding) pairs."""
    active, reason = status()
    device = jax.devices()[0]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    return [
        ("longnn", f"{__version__} on Python {platform.python_version()}"),
        ("packages", versions),
        ("device", f"{device.platform}: {device.device_kind}, {os.cpu_count()} CPU cores"),
        ("native kernels", f"{'active' if active else 'not used'}: {reason}"),
        ("backend=auto", f"means {choose('auto')} here"),
        ("data", os.environ.get("LONGNN_DATA_DIR") or "LONGNN_DATA_DIR is not set: downloads"),
    ]


def main() -> None:
    """Prints the report."""
    for subject, finding in report():
        print(f"{subject:>15}: {finding}")


if __name__ == "__main__":
    main()

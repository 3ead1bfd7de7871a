"""``longnn doctor``: what this installation runs on, and why."""

import argparse
import json
import os
import platform
import sys
from importlib import metadata
from urllib.parse import urlparse
from urllib.request import url2pathname

import jax

from longnn.operators import measured
from longnn.operators.choice import choose
from longnn.operators.native.library import status
from longnn.operators.native.variants import model, variants_here
from longnn.version import __version__

PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "scipy")
"""Packages whose versions decide about numbers and speed."""


def report() -> list[tuple[str, str]]:
    """What was found, as (subject, finding) pairs in the order in which they are printed.

    Example:
        >>> dict(report())["longnn"].split()[1:3]
        ['on', 'Python']
    """
    active, reason, _ = status()
    device = jax.devices()[0]
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    return [
        ("longnn", f"{__version__} on Python {platform.python_version()}, {installed('longnn')}"),
        ("polybases", f"{metadata.version('polybases')}, {installed('polybases')}"),
        ("packages", versions),
        ("device", f"{device.platform}: {device.device_kind}, {os.cpu_count()} CPU cores"),
        ("devices=all", _all_devices()),
        ("processor", f"{model()}; kernels: {', '.join(v.name for v in variants_here())}"),
        ("native kernels", f"{'active' if active else 'not used'}: {reason}"),
        ("backend=auto", _auto()),
        ("data", os.environ.get("LONGNN_DATA_DIR") or "LONGNN_DATA_DIR is not set: downloads"),
    ]


def device_problem() -> str | None:
    """Says why jax has no device here that the environment asks for; None where it has one.

    Example:
        >>> device_problem() is None
        True
    """
    asked = os.environ.get("JAX_PLATFORMS")
    try:
        jax.devices()
    except (AssertionError, RuntimeError):  # jax's own words are about its inside
        if not asked:
            raise
        return (
            f"JAX_PLATFORMS={asked} asks for a device that jax cannot use here; set "
            "JAX_PLATFORMS=cpu, or unset it, or install jax for that device, such as "
            'pip install "jax[cuda12]"'
        )
    return None


def _all_devices() -> str:
    """Over what the runs of a batch are spread."""
    count = jax.device_count()
    if count == 1:
        return "means 1 device here, which trains all runs"
    return f"means {count} devices here, over which splits, seeds and trials are spread"


def _auto() -> str:
    filters, features = choose("auto"), choose("auto", "features")
    rest = "" if features == filters else f", {features} for sparse features"
    return f"means {filters} here{rest}"


def installed(name: str) -> str:
    """Says whether a distribution is a checkout or a wheel, and in which folder its code lies.

    Args:
        name: name of the distribution, such as "polybases".

    Raises:
        importlib.metadata.PackageNotFoundError: if none of this name is installed.
    """
    found = metadata.distribution(name)
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        return f"the checkout {url2pathname(urlparse(origin['url']).path)}"
    return f"installed in {found.locate_file('')}"


def parser() -> argparse.ArgumentParser:
    """The command line of ``longnn doctor``."""
    parser = argparse.ArgumentParser(
        prog="longnn doctor",
        description="Print the versions, where the packages are installed, the device, whether the "
        "native CPU kernels are used and why, which backend=auto is, and where data come from.",
    )
    parser.add_argument(
        "--measure",
        action="store_true",
        help="time the native kernels and pure JAX (csr) now, within five seconds, and keep which "
        "of them backend=auto takes on this machine",
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Prints the report.

    Args:
        arguments: the command line without the program's name; None: that of the process.

    Returns:
        The exit status: 0, or 2 where jax has no device.
    """
    options = parser().parse_args(arguments)
    problem = device_problem()
    if problem is not None:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    if options.measure:
        print_times()
    for subject, finding in report():
        print(f"{subject:>15}: {finding}")
    return 0


def print_times() -> None:
    """Times both CPU backends and prints the table, or why there is nothing to compare."""
    if not status().active:
        print(f"Nothing to compare with pure JAX: the native kernels are {status().reason}.\n")
        return
    print(f"{'ms':>26} {'native':>8} {'csr':>8}")
    for _, work, native, csr in measured.measure():
        print(f"{work:>26} {native:>8.3f} {csr:>8.3f}")
    print(f"{measured.verdict()}\n")


if __name__ == "__main__":
    sys.exit(main())

"""Finds and loads the built kernels, or says why they are not used."""

import ctypes
import functools
import hashlib
import os
import platform
from pathlib import Path
from typing import NamedTuple

import jax

SOURCES = Path(__file__).parent
"""The folder of the sources, in which the built library is kept too."""

TESTED_JAX = ("0.10.",)
"""Prefixes of the jax versions that the tests have run the kernels with."""

FLAGS = ("-O3", "-march=native", "-std=c++17", "-fPIC", "-shared")
"""Options of the compiler; the code is made for the processor that it is compiled on."""

TARGETS = (
    "product",
    "matvec",
    "filter_sum",
    "filter_adjoint",
    "lanczos_sum",
    "lanczos_adjoint",
    "layers",
    "layers_adjoint",
)
"""Functions of the library, each compiled for both of ``DTYPES``."""

DTYPES = ("float32", "float64")


class Status(NamedTuple):
    """Whether the kernels are used, and why.

    Attributes:
        active: True where they are built, loaded and registered with jax.
        reason: a phrase that says why, and what to run where they are missing.
    """

    active: bool
    reason: str


def library_path() -> Path:
    """The file that holds the kernels of these sources, this jax and this processor, once built.

    Its name changes with each of the three, so that a library of another machine is never loaded.
    """
    digest = hashlib.sha256(f"{jax.__version__} {FLAGS} {_processor()}".encode())
    for source in sorted([*SOURCES.glob("*.h"), *SOURCES.glob("*.cc")]):
        digest.update(source.read_bytes())
    return SOURCES / f"_kernels-{digest.hexdigest()[:12]}.so"


@functools.cache
def status() -> Status:
    """Loads the kernels and registers them with jax, at the first call of a process.

    Set the environment variable ``LONGNN_NATIVE=0`` to run without them.

    Example:
        >>> isinstance(status().active, bool)
        True
    """
    if os.environ.get("LONGNN_NATIVE", "1") == "0":
        return Status(False, "switched off by LONGNN_NATIVE=0")
    if not jax.__version__.startswith(TESTED_JAX):
        return Status(False, f"not tested with jax {jax.__version__} (tested: {TESTED_JAX[0]}x)")
    path = library_path()
    if not path.exists():
        return Status(False, "not built for this machine; run longnn build")
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        return Status(False, f"cannot be loaded ({error}); run longnn build")
    for name in (f"{target}_{dtype}" for target in TARGETS for dtype in DTYPES):
        capsule = jax.ffi.pycapsule(getattr(library, name))
        jax.ffi.register_ffi_target(f"longnn_{name}", capsule, platform="cpu")
    return Status(True, f"built and loaded ({path.name})")


def _processor() -> str:
    """The features of the processor, which code compiled with ``-march=native`` needs."""
    info = Path("/proc/cpuinfo")
    flags = ""
    if info.exists():
        flags = next((s for s in info.read_text().splitlines() if s.startswith("flags")), "")
    return f"{platform.machine()} {platform.processor()} {flags}"

"""Finds and loads the built kernels, or says why they are not used."""

import ctypes
import functools
import hashlib
import os
import re
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import jax

from longnn.operators.native.variants import FLAGS, Variant, variants_here

SOURCES = Path(__file__).parent
"""The folder of the sources, in which the built libraries are kept too."""

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
        library: the file that was loaded, or None.
    """

    active: bool
    reason: str
    library: Path | None = None


def library_path(variant: Variant) -> Path:
    """The file that holds the kernels of these sources for a kind of processor, once built.

    Its name changes with the sources and with the options of the compiler, so that what an older
    version has built is never loaded.
    """
    digest = hashlib.sha256(f"{FLAGS} {variant.flags}".encode())
    for source in sorted([*SOURCES.glob("*.h"), *SOURCES.glob("*.cc")]):
        digest.update(source.read_bytes())
    return SOURCES / f"_kernels-{variant.name}-{digest.hexdigest()[:12]}.so"


@functools.cache
def status() -> Status:
    """Loads the kernels and registers them with jax, at the first call of a process.

    The best variant that is built and that this processor can run is taken. The environment
    variable ``LONGNN_NATIVE`` changes that: ``LONGNN_NATIVE=0`` runs without the kernels, and the
    name of a variant, such as ``LONGNN_NATIVE=v3``, takes that one.

    Raises:
        ValueError: if ``LONGNN_NATIVE`` names no variant that this processor can run.

    Example:
        >>> isinstance(status().active, bool)
        True
    """
    wish = os.environ.get("LONGNN_NATIVE", "1")
    if wish == "0":
        return Status(False, "switched off by LONGNN_NATIVE=0")
    built = [path for path in map(library_path, wished(wish)) if path.exists()]
    if not built:
        return Status(False, "not built for this processor; run longnn build")
    path = built[0]
    try:
        library = ctypes.CDLL(str(path))
        made_with = library.ffi_version()
    except (OSError, AttributeError) as error:
        return Status(False, f"cannot be loaded ({error}); remove {path.name}, run longnn build")
    problem = refusal(made_with, ffi_version())
    if problem:
        return Status(False, problem)
    for name in (f"{target}_{dtype}" for target in TARGETS for dtype in DTYPES):
        capsule = jax.ffi.pycapsule(getattr(library, name))
        jax.ffi.register_ffi_target(f"longnn_{name}", capsule, platform="cpu")
    return Status(True, f"built and loaded ({path.name})", path)


def wished(wish: str) -> list[Variant]:
    """The variants to look for: all that this processor can run, or the one that is named.

    Args:
        wish: the value of ``LONGNN_NATIVE``: "1", or the name of a variant.

    Raises:
        ValueError: if it names no variant that this processor can run.
    """
    here = variants_here()
    named = [variant for variant in here if wish in ("1", variant.name)]
    if not named:
        names = ", ".join(variant.name for variant in here)
        raise ValueError(
            f"LONGNN_NATIVE={wish} names no variant of the kernels that this processor can run; "
            f"they are {names}; 0 switches the kernels off"
        )
    return named


def ffi_version() -> int:
    """The version of XLA's foreign function interface in this jaxlib, 1000 major + minor."""
    header = Path(jax.ffi.include_dir(), "xla", "ffi", "api", "c_api.h").read_text()
    found = dict(re.findall(r"#define XLA_FFI_API_(MAJOR|MINOR) (\d+)", header))
    return 1000 * int(found["MAJOR"]) + int(found["MINOR"])


def refusal(made_with: int, here: int) -> str | None:
    """Why kernels compiled with one version of the interface cannot run in another, or None.

    XLA runs what was compiled with an older minor version of the same major one.

    Args:
        made_with: version that the library was compiled with, 1000 major + minor.
        here: version of the jaxlib that is installed.

    Example:
        >>> refusal(3, 5), refusal(5, 3)  # doctest: +ELLIPSIS
        (None, 'built for version 0.5 of XLA...')
    """
    if made_with // 1000 == here // 1000 and made_with <= here:
        return None
    old, new = (f"{version // 1000}.{version % 1000}" for version in (made_with, here))
    return (
        f"built for version {old} of XLA's foreign function interface, and jaxlib "
        f"{metadata.version('jaxlib')} has {new}; run longnn build"
    )

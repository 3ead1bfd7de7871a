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

MIXED = ("matvec", "filter_sum", "filter_adjoint")
"""Those that are there with signals stored as bfloat16, too (``longnn.operators.precision``)."""


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


def library_path(variant: Variant, version: str | None = None) -> Path:
    """The file that holds the kernels of these sources for a kind of processor, once built.

    Its name changes with the sources and with the options of the compiler, so that what an older
    version has built is never loaded.

    Args:
        variant: the kind of processor.
        version: of XLA's foreign function interface; None: that of the jaxlib in use. "*" gives a
            pattern for any.
    """
    digest = hashlib.sha256(f"{FLAGS} {variant.flags}".encode())
    for source in sorted([*SOURCES.glob("*.h"), *SOURCES.glob("*.cc")]):
        digest.update(source.read_bytes())
    version = ffi_version() if version is None else version
    return SOURCES / f"_kernels-{variant.name}-ffi{version}-{digest.hexdigest()[:12]}.so"


def built_for(variant: Variant) -> list[Path]:
    """Libraries of a variant that are there, the newest that the jaxlib in use can run first."""

    def rank(path: Path) -> tuple[bool, list[int]]:
        refused = refusal(_version_of(path), ffi_version()) is not None
        return refused, [-int(number) for number in _version_of(path).split(".")]

    return sorted(SOURCES.glob(library_path(variant, "*").name), key=rank)


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
    built = [path for variant in wished(wish) for path in built_for(variant)[:1]]
    if not built:
        return Status(False, "not built for this processor; run longnn build")
    path = built[0]
    problem = refusal(_version_of(path), ffi_version())
    if problem:
        return Status(False, problem)
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        return Status(False, f"cannot be loaded ({error}); remove {path.name}, run longnn build")
    names = [f"{target}_{dtype}" for target in TARGETS for dtype in DTYPES]
    for name in [*names, *(f"{target}_mixed" for target in MIXED)]:
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


@functools.cache
def ffi_version() -> str:
    """The version of XLA's foreign function interface in the jaxlib in use, such as "0.3"."""
    header = Path(jax.ffi.include_dir(), "xla", "ffi", "api", "c_api.h").read_text()
    found = dict(re.findall(r"#define XLA_FFI_API_(MAJOR|MINOR) (\d+)", header))
    return f"{found['MAJOR']}.{found['MINOR']}"


def refusal(made_with: str, here: str) -> str | None:
    """Why kernels compiled with one version of the interface cannot run in another, or None.

    XLA runs what was compiled with an older minor version of the same major one.

    Args:
        made_with: version that the library was compiled with.
        here: version of the jaxlib that is in use.

    Example:
        >>> refusal("0.3", "0.5") is None
        True
        >>> refusal("0.5", "0.3")[:21]
        'built for version 0.5'
    """
    (major, minor), (major_here, minor_here) = (
        map(int, version.split(".")) for version in (made_with, here)
    )
    if major == major_here and minor <= minor_here:
        return None
    return (
        f"built for version {made_with} of XLA's foreign function interface, and jaxlib "
        f"{metadata.version('jaxlib')} has {here}; run longnn build"
    )


def _version_of(library: Path) -> str:
    """The version of the interface in a library's name."""
    return library.name.split("-ffi")[1].split("-")[0]

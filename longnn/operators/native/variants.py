"""The kinds of processor that the kernels are compiled for, and which of them this one is."""

import platform
from functools import cache
from pathlib import Path
from typing import NamedTuple

FLAGS = ("-O3", "-std=c++17", "-fPIC", "-shared")
"""Options of the compiler for every variant."""


class Variant(NamedTuple):
    """Kernels for one kind of processor.

    Attributes:
        name: "v4", "v3" and "v2" are the x86-64 levels of the System V ABI (with AVX-512, AVX2 and
            SSE 4.2); "portable" asks for no more than every processor of the architecture has
            (SSE2 on x86-64, NEON on aarch64).
        flags: the compiler's options for it.
        needs: what Linux calls the processor's features that the code uses.
    """

    name: str
    flags: tuple[str, ...] = ()
    needs: frozenset[str] = frozenset()


_V2 = frozenset({"cx16", "lahf_lm", "popcnt", "ssse3", "sse4_1", "sse4_2"})
_V3 = _V2 | {"abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave"}
_V4 = _V3 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}

PORTABLE = Variant("portable")
"""The one variant of an architecture that has no others."""

VARIANTS = {
    "x86_64": (
        Variant("v4", ("-march=x86-64-v4",), _V4),
        Variant("v3", ("-march=x86-64-v3",), _V3),
        Variant("v2", ("-march=x86-64-v2",), _V2),
        PORTABLE,
    )
}
"""By architecture, the best first."""


def variants_of(machine: str) -> tuple[Variant, ...]:
    """All variants of an architecture, the best first.

    Args:
        machine: what ``platform.machine()`` says, such as "x86_64", "AMD64" or "aarch64".

    Example:
        >>> [variant.name for variant in variants_of("x86_64")]
        ['v4', 'v3', 'v2', 'portable']
        >>> [variant.name for variant in variants_of("aarch64")]
        ['portable']
    """
    return VARIANTS.get({"AMD64": "x86_64"}.get(machine, machine), (PORTABLE,))


def variants_here() -> list[Variant]:
    """The variants that this processor can run, the best first."""
    found = features()
    return [variant for variant in variants_of(platform.machine()) if variant.needs <= found]


@cache
def features() -> frozenset[str]:
    """Features of this processor as Linux names them; empty on another system."""
    return frozenset(_cpuinfo("flags").split())


def model() -> str:
    """The processor as its maker calls it, or the architecture where that is not told."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def _cpuinfo(field: str) -> str:
    """The first value of a field of /proc/cpuinfo, or nothing."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((s.split(":", 1)[1].strip() for s in lines if s.split(":")[0].strip() == field), "")

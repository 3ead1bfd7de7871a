"""Which product of S with a signal runs: by name, or the one that suits this machine."""

from typing import Literal

import jax

from longnn.graphs.checks import check_word
from longnn.operators import measured
from longnn.operators.native.library import status

WRITTEN_OUT = 16
"""Steps of a filter's sweep that a GPU's program has one after the other, without a loop."""

Backend = Literal["auto", "native", "csr", "bucketed", "segment_sum"]


def choose(backend: Backend, part: measured.Part = "operator") -> Backend:
    """The backend that "auto" stands for on this machine; others stand for themselves.

    On a CPU the native kernels if they are active and faster here (see
    :func:`longnn.operators.measured.fastest`), else jaxlib's CSR product; segment sum on a GPU.

    Args:
        backend: a backend, or "auto".
        part: what it is for, "operator" (S and its filters) or "features" (sparse features and
            their layers): one can be faster in native code where the other is not.

    Raises:
        ValueError: for an unknown backend, or if "native" is asked for and cannot be had.
    """
    check_word("backend", backend, Backend)
    on_cpu = jax.default_backend() == "cpu"
    if backend == "native":
        active, reason, *_ = status() if on_cpu else (False, "they are for CPUs")
        if not active:
            raise ValueError(f"backend 'native' needs the C++ kernels: {reason}")
    if backend != "auto":
        return backend
    if not on_cpu:
        return "segment_sum"
    return measured.fastest(part) if status().active else "csr"


def launches() -> bool:
    """Whether this machine launches each operation of a program, as a GPU does."""
    return jax.default_backend() != "cpu"


def written_out_here() -> int:
    """Steps of a filter's sweep that this machine's programs have one after the other, or 0."""
    return WRITTEN_OUT if launches() else 0

"""Signals that products read as bfloat16 while sums are of float32: half the memory to wait for."""

from typing import Literal

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Shaped

Precision = Literal["full", "mixed"]
"""Products read signals as they are, or rounded to bfloat16 (a relative error of at most 2^-8)."""


def read_as(precision: Precision, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """What a product reads of x, in the type of x."""
    # not astype there and back, which XLA leaves out
    return jax.lax.reduce_precision(x, 8, 7) if precision == "mixed" else x


def stored_as(precision: Precision, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """The same, in as many bytes as it needs: what is gathered from it has to be converted."""
    # the barrier keeps XLA from rounding after the gather, which would read whole numbers
    return jax.lax.optimization_barrier(x.astype(jnp.bfloat16)) if precision == "mixed" else x


def check_float32(x: Shaped[Array, "..."]) -> None:
    """Raises a ValueError unless x is float32, which kernels of mixed precision are for."""
    if x.dtype.name != "float32":
        raise ValueError(
            f"the native kernels of precision 'mixed' are for float32, got {x.dtype}; convert the "
            "signals, or take precision 'full'"
        )

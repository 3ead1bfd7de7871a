"""The precision of training: float32, or float64 where jax is set to compute in it."""

import jax
import numpy as np
from jax.typing import DTypeLike

from longnn.operators.precision import Precision


def check_dtype(dtype: DTypeLike, precision: Precision = "full") -> None:
    """Raises ValueError unless training in a data type means something here.

    Args:
        dtype: of the parameters.
        precision: of the operator; "mixed" is for float32.
    """
    try:
        name = np.dtype(dtype).name
    except TypeError:
        name = str(dtype)
    if name not in ("float32", "float64"):
        raise ValueError(f"dtype must be float32 or float64, got {dtype!r}")
    if name == "float32":
        return
    if not jax.config.read("jax_enable_x64"):
        raise ValueError(
            "dtype float64 needs jax to compute in it, which would make it float32 otherwise; call "
            "jax.config.update('jax_enable_x64', True) first"
        )
    if precision != "full":
        raise ValueError(
            f"precision {precision!r} is for dtype float32, got float64; use precision 'full'"
        )

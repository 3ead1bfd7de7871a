"""The way of arrays from the host to the device."""

import jax
import numpy as np
from jax import Array
from jax.typing import DTypeLike


def on_device(values: object, dtype: DTypeLike | None = None) -> Array:
    """Puts numbers of the host on the device, converted there already.

    ``jnp.asarray`` would compile a program for each shape, which takes longer than the copy.

    Args:
        values: [...] an array of numpy, a number, or a sequence of them.
        dtype: of the result; None: that of the values.

    Example:
        >>> on_device([0.5, 2], np.int32).tolist()
        [0, 2]
    """
    return jax.device_put(np.asarray(values, dtype))

"""Whether a dtype holds the values of a basis: no 0 and no infinity without a word."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import DTypeLike

from polybases.ends import Ends

WIDER = "take a wider dtype (for float64, jax.config.update('jax_enable_x64', True))"


def check_range(first: Array, ends: Ends | None, dtype: DTypeLike) -> None:
    """Raises ValueError if the largest value of a concrete p_k is outside the range of a dtype.

    What is looked at is p_0, and the larger of |p_k| at both ends of the interval where they are
    known; this is the largest value unless both exponents of the weight are below -1/2, and then
    it is of the same size.

    Args:
        first: [...] the constant p_0.
        ends: the steps about the ends, or None.
        dtype: in which the values will be.
    """
    if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves((first, ends))):
        return
    info = jnp.finfo(dtype)
    smallest, largest = float(info.smallest_normal), float(info.max)
    sizes = _logarithms(first, ends)
    for bad, word in ((sizes < np.log(smallest), "below"), (sizes > np.log(largest), "above")):
        if bad.any():
            degree = int(bad.reshape(len(bad), -1).any(1).argmax())
            raise ValueError(
                f"the values of degree {degree} are {word} the range of {jnp.dtype(dtype)} "
                f"({smallest:.0e} to {largest:.0e}): {WIDER}, smaller exponents, a lower order or "
                "another scale"
            )


def check_positive(name: str, value: Array, remedy: str) -> None:
    """Raises ValueError unless every entry of a concrete ``value`` is finite and > 0.

    Args:
        name: what it is, for the message.
        value: [...] that a rounding to 0 or an overflow would spoil.
        remedy: what else would help than a wider dtype.
    """
    if isinstance(value, jax.core.Tracer):
        return
    entries = np.asarray(value, np.float64)
    bad = ~((entries > 0) & (entries < np.inf))
    if bad.any():
        info = jnp.finfo(value.dtype)
        raise ValueError(
            f"{name} must be positive and finite, but {value.dtype} holds only "
            f"{float(info.smallest_normal):.0e} to {float(info.max):.0e} and made it "
            f"{entries[bad].flat[0]}: {WIDER} or {remedy}"
        )


def _logarithms(first: Array, ends: Ends | None) -> np.ndarray:
    """[K+1, ...] log of the larger |p_k| at the two ends; [1, ...] where they are unknown."""
    with np.errstate(divide="ignore"):
        sizes = np.log(np.abs(np.asarray(first, np.float64)))[None]
        if ends is None:
            return sizes
        start, growths = np.log(np.abs(np.asarray(ends.start, np.float64))), []
        for end in (ends.right, ends.left):
            growths.append(np.log(np.abs(np.asarray(end.growth, np.float64))).cumsum(0))
        return np.concatenate([sizes, start + np.maximum(*growths)])

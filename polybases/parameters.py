"""Ranges of the parameters of a family, and of the numbers that come out."""

from numbers import Integral
from typing import SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np

from polybases.recurrence import Recurrence, check_order
from polybases.shapes import Numbers


def check_inside(name: str, value: Numbers, low: float, high: float = np.inf) -> None:
    """Raises ValueError unless a concrete ``value`` is finite with low < value < high.

    Traced values pass: they have no number yet.

    Args:
        name: of the parameter, for the message.
        value: [...] real.
        low, high: the open interval.
    """
    if isinstance(value, jax.core.Tracer):
        return
    array = np.asarray(value)
    if array.dtype.kind not in "fiu" and not jnp.issubdtype(array.dtype, jnp.floating):
        raise ValueError(f"{name} must be a real number or array, got {value!r}")
    if not np.all(np.isfinite(array) & (array > low) & (array < high)):
        wanted = f"> {low:g}" if high == np.inf else f"inside ({low:g}, {high:g})"
        raise ValueError(
            f"{name} must be finite and {wanted}, got {value}; to learn it, map a free parameter "
            "there, for instance by softplus or sigmoid"
        )


def check_support(order: SupportsIndex, N: SupportsIndex) -> tuple[int, int]:
    """Returns (order, N) as ints, or raises ValueError unless they are integers, 0 <= order <= N.

    Args:
        order: K.
        N: the largest of the points 0 .. N under whose weight a basis is orthogonal.
    """
    order = check_order(order)
    if isinstance(N, bool) or not isinstance(N, Integral) or order > N:
        raise ValueError(
            f"N must be an integer >= the order {order} (N + 1 points carry polynomials up to "
            f"degree N), got {N!r}"
        )
    return order, int(N)


def check_representable(basis: Recurrence, family: str) -> Recurrence:
    """Returns a basis, or raises ValueError where its concrete numbers left the range of the dtype.

    Args:
        basis: with any leaves; traced ones pass.
        family: name with its parameters, for the message.
    """
    leaves = [basis.first, basis.diagonal, basis.upper, *jax.tree.leaves(basis.norms)]
    if any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
        return basis
    first, diagonal, upper, *norms = (np.asarray(leaf, np.float64) for leaf in leaves)
    good = all(np.all(np.isfinite(leaf) & (leaf != 0)) for leaf in (first, upper, *norms))
    if not (good and np.isfinite(diagonal).all()):
        raise ValueError(
            f"{family} of order {basis.order} has coefficients or squared norms outside the range "
            f"of {basis.first.dtype}; take scale='orthonormal', a lower order, smaller parameters, "
            "or a wider dtype"
        )
    return basis

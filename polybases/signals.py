"""Signals that operators act on: real or complex arrays, or pytrees of such arrays."""

from collections.abc import Callable
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax import Array
from jax.flatten_util import ravel_pytree
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Inexact, Num, PyTree, Shaped

Signal: TypeAlias = PyTree[Inexact[ArrayLike, "..."]]
"""A floating or complex array, or a pytree of such arrays."""


def is_complex(dtype: DTypeLike) -> bool:
    """Whether a dtype is complex."""
    return jnp.issubdtype(dtype, jnp.complexfloating)


def complex_of(dtype: DTypeLike) -> DTypeLike:
    """The complex dtype of the precision of a floating or complex one, complex64 at least."""
    return jnp.complex128 if jnp.finfo(dtype).bits == 64 else jnp.complex64


def is_array(x: Signal) -> bool:
    """Whether a signal is one array, and no pytree of several."""
    return jax.tree_util.all_leaves([x])


def check_signal(x: Any) -> Inexact[Array, "..."]:
    """Returns x as an array, or raises ValueError unless it is floating point or complex."""
    x = jnp.asarray(x)
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        raise ValueError(
            f"x must be a real or complex floating-point array, got dtype {x.dtype}; "
            "convert it, for instance with x.astype(jnp.float32)"
        )
    return x


def check_weights(theta: Num[Array, "..."], dtype: DTypeLike) -> Inexact[Array, "..."]:
    """Returns weights in the dtype of the signals; a ValueError says where that would lose parts.

    Args:
        theta: weights of the terms.
        dtype: of the signals.
    """
    if is_complex(theta.dtype) and not is_complex(dtype):
        raise ValueError(
            f"complex weights theta need a complex signal, got one of {jnp.dtype(dtype)}; take "
            "theta.real, or x.astype(jnp.complex64)"
        )
    return theta.astype(dtype)


def check_entries(entries: Shaped[ArrayLike, "..."], dtype: DTypeLike) -> Inexact[Array, "..."]:
    """Entries of S in the dtype of the signals, or a ValueError if they would lose a part.

    Args:
        entries: of numbers.
        dtype: of the signals.
    """
    kind = jnp.dtype(getattr(entries, "dtype", type(entries)))
    if not (jnp.issubdtype(kind, jnp.number) or jnp.issubdtype(kind, bool)):
        raise ValueError(f"a matrix must hold numbers, got dtype {kind}")
    if is_complex(kind) and not is_complex(dtype):
        raise ValueError(
            f"a complex matrix needs a complex signal, got one of {jnp.dtype(dtype)}; convert it, "
            "for instance with x.astype(jnp.complex64)"
        )
    return jnp.asarray(entries).astype(dtype)


def flat_signal(x: Signal, *scalars: Any) -> tuple[Array, Callable[[Array], Signal]]:
    """A pytree as one vector, and the way back.

    Args:
        x: a pytree of arrays of one dtype.
        scalars: what must be one number each, as it has no shape to follow: the parameters of a
            basis, and the weight of a term.

    Raises:
        ValueError: if x has no leaves, or leaves of several dtypes, or a scalar has a shape.
    """
    for scalar in scalars:
        if jnp.shape(scalar) != ():
            raise ValueError(
                "a signal that is a pytree needs one weight for each degree, and a basis whose "
                f"parameters are numbers; got trailing shape {jnp.shape(scalar)}"
            )
    leaves = [check_signal(leaf) for leaf in jax.tree.leaves(x)]
    if len({leaf.dtype for leaf in leaves}) != 1:
        kinds = ", ".join(sorted({str(leaf.dtype) for leaf in leaves})) or "no leaves"
        raise ValueError(f"the leaves of a signal must share one dtype, got {kinds}")
    return ravel_pytree(jax.tree.unflatten(jax.tree.structure(x), leaves))

"""What stands for an operator S, and for a signal that it acts on.

An operator is a function t -> S t, an object with ``matvec`` (or ``mv``, as lineax names it), or a
square matrix: of numpy, jax or scipy.sparse, or a ``BCOO`` or ``BCSR`` of
``jax.experimental.sparse``.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.flatten_util import ravel_pytree
from jax.typing import DTypeLike

from polybases.signals import Signal, check_entries, is_complex

MatVec = Callable[[Array], Array]
"""t -> S t, which keeps shape and dtype."""

ACCEPTED = (
    "a function t -> S t, an object with matvec or mv, or a square matrix (numpy, jax, "
    "scipy.sparse, BCOO, BCSR)"
)


def as_matvec(operator: Any, dtype: DTypeLike) -> MatVec:  # whatever the library's readers bring
    """The product t -> S t of an operator of any kind, for signals of one dtype.

    A matrix multiplies the first axis of t, and is read in the dtype of the signals.

    Args:
        operator: see above.
        dtype: of the signals.

    Raises:
        TypeError: for anything else.
        ValueError: if a matrix is not square, holds no numbers, or is complex where the signals
            are real.

    Example:
        >>> import numpy as np
        >>> swap = as_matvec(np.array([[0, 1], [1, 0]]), np.float32)
        >>> print(swap(jnp.array([3.0, 5.0])))
        [5. 3.]
    """
    for name in ("matvec", "mv"):
        if callable(getattr(operator, name, None)):
            return getattr(operator, name)
    module = type(operator).__module__
    if module.startswith("scipy.sparse") and hasattr(operator, "tocoo"):
        return _of_entries(operator, dtype)
    if module.startswith("jax.experimental.sparse"):
        return _of_sparse(operator, dtype)
    if isinstance(operator, np.ndarray | Array):
        return partial(_dense, _numbers(operator, operator, dtype))
    if callable(operator):
        return operator
    raise TypeError(f"an operator must be {ACCEPTED}; got {type(operator).__name__}")


def _numbers(matrix: Any, entries: Any, dtype: DTypeLike) -> Array:
    """The entries in the dtype of the signals."""
    if len(matrix.shape) != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"an operator must be {ACCEPTED}; got a matrix of shape {matrix.shape}")
    return check_entries(entries, dtype)


def _dense(matrix: Array, x: Array) -> Array:
    # a GPU would round float32 to ten bits
    return jnp.tensordot(matrix, x, axes=1, precision="highest")


def _of_entries(matrix: Any, dtype: DTypeLike) -> MatVec:
    entries = matrix.tocsr().tocoo()  # duplicates added up, rows ascending
    places = np.stack([entries.row, entries.col]).astype(np.int32)
    return partial(_gathered, _numbers(matrix, entries.data, dtype), jnp.asarray(places))


def _gathered(values: Array, places: Array, x: Array) -> Array:
    rows, columns = places
    along = values.reshape(-1, *(1,) * (x.ndim - 1))
    return jax.ops.segment_sum(along * x[columns], rows, len(x), indices_are_sorted=True)


def _of_sparse(matrix: Any, dtype: DTypeLike) -> MatVec:
    from jax.experimental.sparse import BCOO, BCSR  # brings scipy.linalg, which takes a while

    if isinstance(matrix, BCSR):
        matrix = matrix.to_bcoo()
    if not isinstance(matrix, BCOO) or matrix.n_batch or matrix.n_dense:
        raise TypeError(
            f"an operator must be {ACCEPTED}; got {type(matrix).__name__}, or one with batch or "
            "dense dimensions"
        )
    values = _numbers(matrix, matrix.data, dtype)
    return partial(_scattered, values, matrix.indices)


def _scattered(values: Array, places: Array, x: Array) -> Array:
    rows, columns = places[:, 0], places[:, 1]
    along = values.reshape(-1, *(1,) * (x.ndim - 1))
    # a BCOO may be padded with entries of places past the end
    taken = along * x.at[columns].get(mode="fill", fill_value=0)
    return jnp.zeros_like(x).at[rows].add(taken, mode="drop")


def check_matvec(matvec: MatVec, x: Array) -> None:
    """Raises a ValueError unless the product keeps the shape and dtype of x."""
    out = jax.eval_shape(matvec, x)
    got = (getattr(out, "shape", None), getattr(out, "dtype", None))
    if got == (x.shape, x.dtype):
        return
    hint = ""
    if got[1] is not None and is_complex(got[1]) and not is_complex(x.dtype):
        hint = f"; a complex operator needs a complex signal, as x.astype({got[1]})"
    raise ValueError(
        f"matvec must keep shape and dtype: given {x.shape} {x.dtype}, "
        f"it returned {got[0]} {got[1]}{hint}"
    )


def flat_matvec(operator: Any, dtype: DTypeLike, unravel: Callable[[Array], Signal]) -> MatVec:
    """The product on vectors of an operator on pytrees, which must keep their structure.

    Args:
        operator: as of :func:`as_matvec`.
        dtype: of the leaves.
        unravel: from the vector to the pytree.
    """
    matvec = as_matvec(operator, dtype)

    def on_vectors(vector: Array) -> Array:
        x = unravel(vector)
        out: Any = matvec(x)
        trees: list[Any] = [jax.tree.structure(out), jax.tree.structure(x)]
        kept = trees[0] == trees[1] and all(
            (jnp.shape(a), jnp.result_type(a)) == (b.shape, b.dtype)
            for a, b in zip(jax.tree.leaves(out), jax.tree.leaves(x), strict=True)
        )
        if not kept:
            shapes = lambda tree: jax.tree.map(jax.typeof, tree)  # noqa: E731
            raise ValueError(
                "matvec must keep the structure, shapes and dtypes of the signal: given "
                f"{shapes(x)}, it returned {shapes(out)}"
            )
        return ravel_pytree(out)[0]

    return on_vectors

"""Products of a sparse matrix, given by its pattern and its values, with a dense one."""

from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jax import Array
from jax.custom_batching import custom_vmap
from jaxtyping import Float

from longnn.operators.linear import Rule, refusing

NO_ENTRIES = (
    "this operator gives no derivative in its entries; build it with "
    "backend='bucketed' or backend='segment_sum'"
)
NO_DERIVATIVE = (
    "SparseFeatures gives no derivative in the features; use DenseFeatures "
    "(as_features(..., density_limit=0)) to differentiate with respect to X"
)


@runtime_checkable
class Pattern(Protocol):
    """A sparsity pattern of X or of its transpose, which is a pytree."""

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows and of columns, (R, M)."""

    def sum_members(
        self, values: Float[Array, "#B nnz"], x: Float[Array, "#B M W"]
    ) -> Float[Array, "B R W"]:
        """Multiplies each of B members; see ``longnn.operators.bucketed.Rows.sum_members``."""


def sparse_product(
    rows: Pattern,
    columns: Pattern,
    values: Float[Array, " nnz"],
    transposed: Float[Array, " nnz"],
    weight: Float[Array, "F H"],
) -> Float[Array, "N H"]:
    """Multiplies sparse features X by a dense weight W, differentiable in W in every mode.

    Args:
        rows: the sparsity pattern of X, [N, F].
        columns: the sparsity pattern of the transpose of X, [F, N].
        values: a [nnz] array of the values of the entries, in the order of ``rows``.
        transposed: a [nnz] array of the same values, in the order of ``columns``.
        weight: the [F, H] array W.

    Returns:
        The [N, H] array X W.

    Raises:
        ValueError: if a derivative with respect to the features is asked for.
    """
    return _ROWS(((rows, values), (columns, transposed)), weight)


@custom_vmap
def sum_rows(
    pattern: Pattern, values: Float[Array, " nnz"], x: Float[Array, "M H"]
) -> Float[Array, "R H"]:
    """Returns the product [R, H] of a matrix with values [nnz] and x [M, H]; no derivatives."""
    return pattern.sum_members(values[None], x[None])[0]


@sum_rows.def_vmap
def _(axis_size, in_batched, pattern, values, x):
    """Multiplies all members, values [B, nnz] and x [B, M, H], in one pass over the pattern."""
    pattern_batched, values_batched, x_batched = in_batched
    if any(jax.tree.leaves(pattern_batched)):
        raise ValueError(
            "vmap over the features themselves is not supported; give all members the same "
            "features, or loop over the graphs in Python"
        )
    out = pattern.sum_members(
        values if values_batched else values[None], x if x_batched else x[None]
    )
    return jnp.broadcast_to(out, (axis_size, *out.shape[1:])), True


_ROWS: Rule = Rule(
    lambda fixed, weight: sum_rows(*fixed[0], weight), refusing(NO_DERIVATIVE), lambda: _COLUMNS
)
_COLUMNS: Rule = Rule(
    lambda fixed, g: sum_rows(*fixed[1], g), refusing(NO_DERIVATIVE), lambda: _ROWS
)


@runtime_checkable
class Multiplying(Protocol):
    """A symmetric operator on signals with one axis of columns; it is a pytree."""

    def multiply(self, x: Float[Array, "N W"]) -> Float[Array, "N W"]:
        """Returns S x [N, W] for x [N, W]."""


def symmetric_product(
    operator: Multiplying, x: Float[Array, "N *channels"]
) -> Float[Array, "N *channels"]:
    """Multiplies a signal by a symmetric operator S, differentiable in x in every mode.

    Under ``vmap`` the signals of all members become columns of one product.

    Args:
        operator: the operator S on N nodes.
        x: an [N, ...] array.

    Returns:
        The [N, ...] array S x.

    Raises:
        ValueError: if a derivative with respect to the entries of S is asked for, or ``vmap`` runs
            over the operator itself.
    """
    return _SYMMETRIC((operator,), x)


@custom_vmap
def _columns(operator: Multiplying, x: Array) -> Array:
    return operator.multiply(x.reshape(x.shape[0], -1)).reshape(x.shape)


@_columns.def_vmap
def _(axis_size, in_batched, operator, x):
    operator_batched, x_batched = in_batched
    if any(jax.tree.leaves(operator_batched)):
        raise ValueError(
            "vmap over graphs needs another operator than this one; build it with "
            "backend='bucketed' or backend='segment_sum'"
        )
    if not x_batched:
        return _columns(operator, x), False
    return jnp.moveaxis(_columns(operator, jnp.moveaxis(x, 0, 1)), 1, 0), True


_SYMMETRIC: Rule = Rule(
    lambda fixed, x: _columns(*fixed, x), refusing(NO_ENTRIES), lambda: _SYMMETRIC
)

"""Products of a sparse matrix, given by its pattern and values, with dense ones."""

from typing import Any, Protocol

import jax
import jax.numpy as jnp
from jax import Array
from jax.custom_batching import custom_vmap

from longnn.transforms import refuse_gradient


NO_DERIVATIVE = (
    "SparseFeatures gives no derivative in the features; use DenseFeatures "
    "(as_features(..., density_limit=0)) to differentiate with respect to X"
)


class Pattern(Protocol):
    """Sparsity pattern of X or X^T, a pytree."""

    @property
    def shape(self) -> tuple[int, int]:
        """(R, M)."""

    def sum_members(self, values: Array, x: Array) -> Array:
        """values [B or 1, nnz], x [B or 1, M, W] -> [B, R, W]: ``longnn.rows.Rows``."""


@jax.custom_vjp
def sparse_product(rows: Pattern, columns: Pattern, values: Array, weight: Array) -> Array:
    """X W [N, H], differentiable in W [F, H] in reverse mode.

    Args:
        rows: pattern of X.
        columns: pattern of X^T.
        values: [nnz].
        weight: [F, H].
    """
    return sum_rows(rows, values, weight)


def _forward(rows: Any, columns: Any, values: Any, weight: Any) -> tuple[Array, Any]:
    rows, columns, values = refuse_gradient((rows, columns, values), NO_DERIVATIVE)
    return sum_rows(rows, values, weight.value), (columns, values)


def _backward(residuals, g):
    columns, values = residuals
    if isinstance(g, jax.custom_derivatives.SymbolicZero):
        return None, None, None, jnp.zeros((columns.shape[0], g.shape[-1]), values.dtype)
    return None, None, None, sum_rows(columns, values, g)


sparse_product.defvjp(_forward, _backward, symbolic_zeros=True)


@custom_vmap
def sum_rows(pattern: Pattern, values: Array, x: Array) -> Array:
    """values [nnz], x [M, H] -> [R, H]; without derivatives."""
    return pattern.sum_members(values[None], x[None])[0]


@sum_rows.def_vmap
def _(axis_size, in_batched, pattern, values, x):
    """Members share one pass over the pattern: values [B, nnz], x [B, M, H]."""
    pattern_batched, values_batched, x_batched = in_batched
    if any(jax.tree.leaves(pattern_batched)):
        raise ValueError("vmap over the features themselves is not supported; loop over graphs")
    out = pattern.sum_members(
        values if values_batched else values[None], x if x_batched else x[None]
    )
    return jnp.broadcast_to(out, (axis_size, *out.shape[1:])), True

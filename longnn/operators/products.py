"""Products of a sparse matrix, given by its pattern and values, with dense ones."""

from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jax import Array
from jax.custom_batching import custom_vmap
from jaxtyping import Float

from longnn.operators.transforms import refuse_gradient

NO_ENTRIES = (
    "this operator gives no derivative in its entries; take backend='bucketed' or 'segment_sum'"
)
NO_DERIVATIVE = (
    "SparseFeatures gives no derivative in the features; use DenseFeatures "
    "(as_features(..., density_limit=0)) to differentiate with respect to X"
)


@runtime_checkable
class Pattern(Protocol):
    """Sparsity pattern of X or X^T, a pytree."""

    @property
    def shape(self) -> tuple[int, int]:
        """(R, M)."""

    def sum_members(
        self, values: Float[Array, "#B nnz"], x: Float[Array, "#B M W"]
    ) -> Float[Array, "B R W"]:
        """values [B or 1, nnz], x [B or 1, M, W] -> [B, R, W]: ``bucketed.Rows``."""


@jax.custom_vjp
def sparse_product(
    rows: Pattern,
    columns: Pattern,
    values: Float[Array, " nnz"],
    transposed: Float[Array, " nnz"],
    weight: Float[Array, "F H"],
) -> Float[Array, "N H"]:
    """X W [N, H], differentiable in W [F, H] in reverse mode.

    Args:
        rows: pattern of X.
        columns: pattern of X^T.
        values: [nnz] in the order of ``rows``.
        transposed: [nnz] the same in the order of ``columns``.
        weight: [F, H].
    """
    return sum_rows(rows, values, weight)


def _forward(
    rows: Any, columns: Any, values: Any, transposed: Any, weight: Any
) -> tuple[Array, Any]:
    fixed = refuse_gradient((rows, columns, values, transposed), NO_DERIVATIVE)
    rows, columns, values, transposed = fixed
    return sum_rows(rows, values, weight.value), (columns, transposed)


def _backward(residuals, g):
    columns, transposed = residuals
    if isinstance(g, jax.custom_derivatives.SymbolicZero):
        return None, None, None, None, jnp.zeros((columns.shape[0], g.shape[-1]), transposed.dtype)
    return None, None, None, None, sum_rows(columns, transposed, g)


sparse_product.defvjp(_forward, _backward, symbolic_zeros=True)


@custom_vmap
def sum_rows(
    pattern: Pattern, values: Float[Array, " nnz"], x: Float[Array, "M H"]
) -> Float[Array, "R H"]:
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


@runtime_checkable
class Multiplying(Protocol):
    """A symmetric operator on signals with one axis of columns, and a pytree."""

    def multiply(self, x: Float[Array, "N W"]) -> Float[Array, "N W"]:
        """x [N, W] -> S x [N, W]."""


@jax.custom_vjp
def symmetric_product(
    operator: Multiplying, x: Float[Array, "N *channels"]
) -> Float[Array, "N *channels"]:
    """S x [N, ...], differentiable in x in reverse mode; under ``vmap`` members become columns."""
    return _columns(operator, x)


def _symmetric_forward(operator: Any, x: Any) -> tuple[Array, Any]:
    operator = refuse_gradient(operator, NO_ENTRIES)
    return _columns(operator, x.value), operator


def _symmetric_backward(operator, g):
    if isinstance(g, jax.custom_derivatives.SymbolicZero):
        return None, jnp.zeros(g.shape, g.dtype)
    return None, _columns(operator, g)


symmetric_product.defvjp(_symmetric_forward, _symmetric_backward, symbolic_zeros=True)


@custom_vmap
def _columns(operator: Multiplying, x: Array) -> Array:
    return operator.multiply(x.reshape(x.shape[0], -1)).reshape(x.shape)


@_columns.def_vmap
def _(axis_size, in_batched, operator, x):
    operator_batched, x_batched = in_batched
    if any(jax.tree.leaves(operator_batched)):
        raise ValueError("vmap over graphs needs backend='bucketed' or 'segment_sum'")
    if not x_batched:
        return _columns(operator, x), False
    return jnp.moveaxis(_columns(operator, jnp.moveaxis(x, 0, 1)), 1, 0), True

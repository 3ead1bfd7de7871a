"""Node features as the left factor of the first layer: sparse or dense, chosen by density."""

from dataclasses import dataclass
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse
from jax import Array
from jax.custom_batching import custom_vmap
from jax.typing import ArrayLike, DTypeLike

from longnn.dropout import Key, dropout
from longnn.native import native_rows
from longnn.operators import Backend, choose
from longnn.rows import bucketed_rows
from longnn.transforms import refuse_gradient, static

DENSITY_LIMIT = 0.1
"""Share of non-zeros above which a dense product is faster on a CPU."""


class Features(Protocol):
    """X [N, F], a pytree."""

    @property
    def shape(self) -> tuple[int, int]:
        """(N, F)."""

    @property
    def dtype(self) -> jnp.dtype:
        """Type of the values."""

    def project(self, weight: Array, rate: ArrayLike = 0.0, key: Key | None = None) -> Array:
        """dropout(X) W [N, H] for W [F, H]; no dropout where ``key`` is None."""


class Pattern(Protocol):
    """Sparsity pattern of X or X^T, a pytree."""

    @property
    def shape(self) -> tuple[int, int]:
        """(R, M)."""

    def sum_members(self, values: Array, x: Array) -> Array:
        """values [B or 1, nnz], x [B or 1, M, W] -> [B, R, W]: ``longnn.rows.Rows``."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class DenseFeatures:
    """X as a matrix [N, F]."""

    matrix: Array
    shape: tuple[int, int] = static()

    @property
    def dtype(self) -> jnp.dtype:
        """Type of the values."""
        return self.matrix.dtype

    def project(self, weight: Array, rate: ArrayLike = 0.0, key: Key | None = None) -> Array:
        """dropout(X) W [N, H] for W [F, H]."""
        return dropout(self.matrix, rate, key) @ weight


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class SparseFeatures:
    """X by its non-zeros: only they are dropped out (zeros stay zero, so nothing is lost).

    Attributes:
        values: [nnz].
        rows: pattern of X.
        columns: pattern of X^T, for the backward pass.
        shape: (N, F).
    """

    values: Array
    rows: Pattern
    columns: Pattern
    shape: tuple[int, int] = static()

    @property
    def dtype(self) -> jnp.dtype:
        """Type of the values."""
        return self.values.dtype

    def project(self, weight: Array, rate: ArrayLike = 0.0, key: Key | None = None) -> Array:
        """dropout(X) W [N, H] for W [F, H]; differentiable in W."""
        if weight.ndim != 2 or weight.shape[0] != self.shape[1]:
            raise ValueError(f"weight must have shape [F, H], F = {self.shape[1]}: {weight.shape}")
        values = dropout(self.values, rate, key).astype(weight.dtype)
        return _product(self.rows, self.columns, values, weight)


def as_features(
    matrix: np.ndarray | scipy.sparse.sparray | scipy.sparse.spmatrix,
    *,
    backend: Backend = "auto",
    dtype: DTypeLike = jnp.float32,
    density_limit: float = DENSITY_LIMIT,
) -> SparseFeatures | DenseFeatures:
    """Puts X on the device, sparse where its density is at most ``density_limit``.

    Args:
        matrix: [N, F] numpy array or scipy sparse matrix.
        backend: of the sparse product: "native" if the kernels are to be used, "auto" to use them
            where they are active, anything else for pure JAX.
        dtype: of the values on the device.
        density_limit: 0 forces dense, 1 forces sparse.

    Raises:
        ValueError: if X is not a matrix, or holds NaN or infinities.
    """
    if not scipy.sparse.issparse(matrix):
        matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiub":
        raise ValueError(
            f"features must have shape [N, F], got {matrix.shape}; and be real numbers, got "
            f"{matrix.dtype}"
        )
    coo = scipy.sparse.coo_array(matrix)
    if not np.isfinite(coo.data).all():
        bad = int(np.flatnonzero(~np.isfinite(coo.data))[0])
        raise ValueError(
            f"features hold {(~np.isfinite(coo.data)).sum()} NaN or infinite values, the first at "
            f"row {coo.row[bad]}, column {coo.col[bad]}; clean them before training"
        )
    shape = (int(matrix.shape[0]), int(matrix.shape[1]))
    if coo.nnz > density_limit * shape[0] * shape[1]:
        return DenseFeatures(jnp.asarray(coo.toarray(), dtype), shape)
    rows = _pattern(coo.row, coo.col, shape, backend)
    columns = _pattern(coo.col, coo.row, shape[::-1], backend)
    return SparseFeatures(jnp.asarray(coo.data, dtype), rows, columns, shape)


def _pattern(
    rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int], backend: Backend
) -> Pattern:
    if choose(backend) == "native":
        return native_rows(rows, columns, shape)
    return bucketed_rows(rows, columns, shape, with_values=True)


@jax.custom_vjp
def _product(rows: Pattern, columns: Pattern, values: Array, weight: Array) -> Array:
    return _sum_rows(rows, values, weight)


def _product_forward(rows: Any, columns: Any, values: Any, weight: Any) -> tuple[Array, Any]:
    rows, columns, values = refuse_gradient(
        (rows, columns, values),
        "SparseFeatures.project gives no derivative in the features; use DenseFeatures "
        "(as_features(..., density_limit=0)) to differentiate with respect to X",
    )
    return _sum_rows(rows, values, weight.value), (columns, values)


def _product_backward(residuals, g):
    columns, values = residuals
    if isinstance(g, jax.custom_derivatives.SymbolicZero):
        return None, None, None, jnp.zeros((columns.shape[0], g.shape[-1]), values.dtype)
    return None, None, None, _sum_rows(columns, values, g)


_product.defvjp(_product_forward, _product_backward, symbolic_zeros=True)


@custom_vmap
def _sum_rows(pattern: Pattern, values: Array, x: Array) -> Array:
    return pattern.sum_members(values[None], x[None])[0]


@_sum_rows.def_vmap
def _(axis_size, in_batched, pattern, values, x):
    """Members share one pass over the pattern: values [B, nnz], x [B, M, H]."""
    pattern_batched, values_batched, x_batched = in_batched
    if any(jax.tree.leaves(pattern_batched)):
        raise ValueError("vmap over the features themselves is not supported; loop over graphs")
    out = pattern.sum_members(
        values if values_batched else values[None], x if x_batched else x[None]
    )
    return jnp.broadcast_to(out, (axis_size, *out.shape[1:])), True

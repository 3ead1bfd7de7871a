"""Node features as the left factor of the first layer: sparse or dense, chosen by density."""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse
from jax import Array
from jax.typing import ArrayLike, DTypeLike

from longnn.models.dropout import Key, drop
from longnn.models.native_layers import fused_layers
from longnn.operators.bucketed import bucketed_rows
from longnn.operators.choice import Backend, choose
from longnn.operators.csr import csr_rows
from longnn.operators.native.rows import NativeRows, native_rows
from longnn.operators.products import Pattern, sparse_product
from longnn.operators.transforms import static

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


@runtime_checkable
class TwoLayers(Protocol):
    """Features with the first two layers of a perceptron in one pass, as the native ones."""

    def two_layers(
        self,
        first: Array,
        bias: Array,
        second: Array,
        rate: ArrayLike,
        key: Array | None,
    ) -> Array:
        """dropout(relu(dropout(X) W + b)) V [N, C] for W [F, H], b [H], V [H, C].

        ``key`` is None for evaluation.
        """


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
        return drop(self.matrix, rate, key) @ weight


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
        self._check(weight)
        values = drop(self.values, rate, key).astype(weight.dtype)
        return sparse_product(self.rows, self.columns, values, values, weight)

    def _check(self, weight: Array) -> None:
        if weight.ndim != 2 or weight.shape[0] != self.shape[1]:
            raise ValueError(f"weight must have shape [F, H], F = {self.shape[1]}: {weight.shape}")


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class NativeFeatures(SparseFeatures):
    """Sparse features on the native kernels."""

    rows: NativeRows
    columns: NativeRows

    def two_layers(
        self,
        first: Array,
        bias: Array,
        second: Array,
        rate: ArrayLike,
        key: Array | None,
    ) -> Array:
        """See :class:`TwoLayers`; differentiable in reverse mode in the three weights."""
        self._check(first)
        width = first.shape[1]
        if bias.shape != (width,) or second.ndim != 2 or second.shape[0] != width:
            raise ValueError(
                f"bias and second weight must have shapes [H] and [H, C], H = {width}, got "
                f"{bias.shape} and {second.shape}"
            )
        outer, inner = (None, None) if key is None else jax.random.split(key, 2)
        values = drop(self.values, rate, outer).astype(first.dtype)
        return fused_layers(self.rows, self.columns, values, first, bias, second, rate, inner)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CsrFeatures(SparseFeatures):
    """Sparse features with the values of X^T in their own order.

    Attributes:
        transposed: [nnz] values of X^T.
        order: [nnz] their places in ``values``.
    """

    transposed: Array = field(kw_only=True)
    order: Array = field(kw_only=True)

    def project(self, weight: Array, rate: ArrayLike = 0.0, key: Key | None = None) -> Array:
        """dropout(X) W [N, H] for W [F, H]; differentiable in W."""
        self._check(weight)
        values = drop(self.values, rate, key).astype(weight.dtype)
        # drawn twice: a gather of the values just drawn takes longer
        transposed = drop(self.transposed, rate, key, self.order).astype(weight.dtype)
        return sparse_product(self.rows, self.columns, values, transposed, weight)


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
    values = jnp.asarray(coo.data, dtype)
    backend = choose(backend)
    if backend == "native":
        native = native_rows(coo.row, coo.col, shape), native_rows(coo.col, coo.row, shape[::-1])
        return NativeFeatures(values, *native, shape)
    if backend == "csr":
        by_rows, first = csr_rows(coo.row, coo.col, shape)
        by_columns, second = csr_rows(coo.col, coo.row, shape[::-1])
        order = jnp.asarray(np.argsort(first)[second], jnp.int32)
        values = values[first]
        transposed = values[order]
        return CsrFeatures(values, by_rows, by_columns, shape, transposed=transposed, order=order)
    rows = bucketed_rows(coo.row, coo.col, shape, with_values=True)
    columns = bucketed_rows(coo.col, coo.row, shape[::-1], with_values=True)
    return SparseFeatures(values, rows, columns, shape)

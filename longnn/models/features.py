"""Node features as the left factor of the first layer: sparse or dense, chosen by density."""

from typing import Protocol, runtime_checkable

import jax.numpy as jnp
import numpy as np
import scipy.sparse
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float, PRNGKeyArray, Real

from longnn.graphs.device import on_device
from longnn.models.dropout import Key
from longnn.models.matrices import CsrFeatures, DenseFeatures, NativeFeatures, SparseFeatures
from longnn.operators.bucketed import bucketed_rows
from longnn.operators.choice import Backend, choose, launches
from longnn.operators.csr import csr_rows
from longnn.operators.native.rows import native_rows
from longnn.operators.segments import segment_rows

DENSITY_LIMIT = 0.1
"""The share of non-zeros above which a dense product is faster on a CPU."""


@runtime_checkable
class Features(Protocol):
    """Features X [N, F] of the nodes as the left factor of the first layer; a pytree."""

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers (N, F) of nodes and of features."""

    @property
    def dtype(self) -> jnp.dtype:
        """The data type of the values."""

    def project(
        self, weight: Float[Array, "F H"], rate: ArrayLike = 0.0, key: Key | None = None
    ) -> Float[Array, "N H"]:
        """Returns dropout(X) W; dropout is on where a key is given.

        Args:
            weight: [F, H] matrix W.
            rate: rate of the dropout, in [0, 1).
            key: the dropout's key, or None for evaluation.
        """


@runtime_checkable
class TwoLayers(Protocol):
    """Features that compute the first two layers of a perceptron in one pass."""

    def two_layers(
        self,
        first: Float[Array, "F H"],
        bias: Float[Array, " H"],
        second: Float[Array, "H C"],
        rate: ArrayLike,
        key: PRNGKeyArray | None,
    ) -> Float[Array, "N C"]:
        """Returns dropout(relu(dropout(X) W + b)) V.

        Args:
            first: [F, H] matrix W.
            bias: [H] vector b.
            second: [H, C] matrix V.
            rate: rate of both dropouts, in [0, 1).
            key: the dropout's key, or None for evaluation.
        """


def as_features(
    matrix: Real[np.ndarray, "N F"] | scipy.sparse.sparray | scipy.sparse.spmatrix,
    *,
    backend: Backend = "auto",
    dtype: DTypeLike = jnp.float32,
    density_limit: float = DENSITY_LIMIT,
) -> SparseFeatures | DenseFeatures:
    """Puts features on the device, as a sparse matrix where their density is low.

    Args:
        matrix: [N, F] numpy array or scipy sparse matrix of finite real numbers.
        backend: backend of sparse products: "native" for the native kernels, "auto" for them where
            they are active, any other word for pure JAX.
        dtype: data type of the values on the device.
        density_limit: share of non-zeros up to which X is kept sparse; 0 forces a dense matrix, 1 a
            sparse one.

    Raises:
        ValueError: if X is not a matrix of real numbers, or holds NaN or infinities.

    Example:
        >>> as_features(np.eye(20)).shape
        (20, 20)
    """
    coo = checked_entries(matrix)
    shape = (int(coo.shape[0]), int(coo.shape[1]))
    if coo.nnz > density_limit * shape[0] * shape[1]:
        return DenseFeatures(on_device(coo.toarray(), dtype), shape)
    values = on_device(coo.data, dtype)
    backend = choose(backend, "features")
    if backend == "native":
        native = native_rows(coo.row, coo.col, shape), native_rows(coo.col, coo.row, shape[::-1])
        return NativeFeatures(values, *native, shape)
    if backend == "csr" or (backend == "segment_sum" and launches()):
        pattern = csr_rows if backend == "csr" else segment_rows
        by_rows, first = pattern(coo.row, coo.col, shape)
        by_columns, second = pattern(coo.col, coo.row, shape[::-1])
        order = on_device(np.argsort(first)[second], jnp.int32)
        values, transposed = (on_device(coo.data[e], dtype) for e in (first, second))
        return CsrFeatures(values, by_rows, by_columns, shape, transposed=transposed, order=order)
    rows = bucketed_rows(coo.row, coo.col, shape, with_values=True)
    columns = bucketed_rows(coo.col, coo.row, shape[::-1], with_values=True)
    return SparseFeatures(values, rows, columns, shape)


def checked_entries(
    matrix: Real[np.ndarray, "N F"] | scipy.sparse.sparray | scipy.sparse.spmatrix,
) -> scipy.sparse.coo_array:
    """The entries of a matrix [N, F], or a ValueError unless they are finite real numbers."""
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
    return coo

"""The matrices that features are kept in: dense, sparse, and sparse for each kind of kernel."""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Int32, PRNGKeyArray

from longnn.models.dropout import Key, drop
from longnn.models.native_layers import fused_layers
from longnn.operators.native.rows import NativeRows
from longnn.operators.products import Pattern, sparse_product
from longnn.operators.transforms import static


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class DenseFeatures:
    """Features as a matrix.

    Attributes:
        matrix: [N, F] X.
        shape: (N, F).
    """

    matrix: Float[Array, "N F"]
    shape: tuple[int, int] = static()

    @property
    def dtype(self) -> jnp.dtype:
        """The data type of the values."""
        return self.matrix.dtype

    def project(
        self, weight: Float[Array, "F H"], rate: ArrayLike = 0.0, key: Key | None = None
    ) -> Float[Array, "N H"]:
        """See :class:`Features`."""
        return drop(self.matrix, rate, key) @ weight


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class SparseFeatures:
    """Features by their non-zeros: only they are dropped out (zeros stay zero, so nothing is lost).

    Attributes:
        values: [nnz] non-zeros of X.
        rows: pattern of X.
        columns: pattern of X^T, for the backward pass.
        shape: (N, F).
    """

    values: Float[Array, " nnz"]
    rows: Pattern
    columns: Pattern
    shape: tuple[int, int] = static()

    @property
    def dtype(self) -> jnp.dtype:
        """The data type of the values."""
        return self.values.dtype

    def project(
        self, weight: Float[Array, "F H"], rate: ArrayLike = 0.0, key: Key | None = None
    ) -> Float[Array, "N H"]:
        """See :class:`Features`; the result is differentiable in W."""
        self._check(weight)
        values = drop(self.values, rate, key).astype(weight.dtype)
        return sparse_product(self.rows, self.columns, values, values, weight)

    def _check(self, weight: Array) -> None:
        if weight.ndim != 2 or weight.shape[0] != self.shape[1]:
            raise ValueError(f"weight must have shape [F, H], F = {self.shape[1]}: {weight.shape}")


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class NativeFeatures(SparseFeatures):
    """Sparse features whose products are computed by the native kernels."""

    rows: NativeRows
    columns: NativeRows

    def two_layers(
        self,
        first: Float[Array, "F H"],
        bias: Float[Array, " H"],
        second: Float[Array, "H C"],
        rate: ArrayLike,
        key: PRNGKeyArray | None,
    ) -> Float[Array, "N C"]:
        """See :class:`TwoLayers`; reverse mode differentiates in the three weights."""
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
    """Sparse features with the values of X^T in an order of their own.

    Attributes:
        transposed: [nnz] values of X^T.
        order: [nnz] their places in ``values``.
    """

    transposed: Float[Array, " nnz"] = field(kw_only=True)
    order: Int32[Array, " nnz"] = field(kw_only=True)

    def project(
        self, weight: Float[Array, "F H"], rate: ArrayLike = 0.0, key: Key | None = None
    ) -> Float[Array, "N H"]:
        """See :class:`Features`; the result is differentiable in W."""
        self._check(weight)
        values = drop(self.values, rate, key).astype(weight.dtype)
        # drawn twice: a gather of the values just drawn takes longer
        transposed = drop(self.transposed, rate, key, self.order).astype(weight.dtype)
        return sparse_product(self.rows, self.columns, values, transposed, weight)

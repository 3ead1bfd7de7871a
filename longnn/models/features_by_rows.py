"""Features with their rows over the devices of a mesh, each of which multiplies its own."""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse
from jax import Array
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float, Int32

from longnn.graphs.device import over_devices
from longnn.models.dropout import Key, NodeKey, drop
from longnn.models.features import DENSITY_LIMIT, checked_entries
from longnn.models.matrices import DenseFeatures, SparseFeatures
from longnn.operators.blocks import Blocks
from longnn.operators.choice import Backend, choose
from longnn.operators.products import Pattern, sparse_product
from longnn.operators.sharded import BY_NODES, NODES, over_nodes
from longnn.operators.stacking import stacked
from longnn.operators.transforms import static
from longnn.operators.varying import varying_alike

_BATCH_BY_NODES = P(None, NODES)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class SpreadRows:
    """The sparsity pattern of X [R, F], or of its transpose, in pieces of rows of X.

    Attributes:
        pattern: of each device, [n, F] or [F, n]; its arrays have a leading axis of P devices.
        mesh: the devices.
        shape: (R, F), or (F, R) for the transpose.
        transposed: whether this is the transpose, whose products are summed over the devices.
    """

    pattern: Pattern
    mesh: Mesh = static()
    shape: tuple[int, int] = static()
    transposed: bool = static(False)

    def sum_members(
        self, values: Float[Array, "#B nnz"], x: Float[Array, "#B M W"]
    ) -> Float[Array, "B R W"]:
        """Multiplies a batch, as ``longnn.operators.bucketed.Rows.sum_members``."""
        return _multiplied(self, values, x)


@jax.jit
def _multiplied(rows: SpreadRows, values: Array, x: Array) -> Array:
    before, after = P(), _BATCH_BY_NODES
    if rows.transposed:
        before, after = after, before
    given = (BY_NODES, _BATCH_BY_NODES, before)
    return over_nodes(partial(_product, rows.transposed), rows.mesh, given, after)(
        rows.pattern, values, x
    )


def _product(transposed: bool, pattern: Any, values: Array, x: Array) -> Array:
    """The products of one device."""
    own, values, x = varying_alike((jax.tree.map(lambda leaf: leaf[0], pattern), values, x))
    made = own.sum_members(values, x)
    return jax.lax.psum(made, NODES) if transposed else made


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class SpreadFeatures(SparseFeatures):
    """Sparse features whose rows lie over devices.

    Attributes:
        transposed: [nnz] values of X^T, in an order of their own, as those of X are.
        number, transposed_number: [nnz] the number that each entry has in the caller's matrix, row
            by row, by which it is dropped out.
    """

    transposed: Float[Array, " nnz"] = field(kw_only=True)
    number: Int32[Array, " nnz"] = field(kw_only=True)
    transposed_number: Int32[Array, " nnz"] = field(kw_only=True)

    def project(
        self, weight: Float[Array, "F H"], rate: ArrayLike = 0.0, key: Key | None = None
    ) -> Float[Array, "N H"]:
        """See :class:`longnn.models.Features`; the result is differentiable in W."""
        self._check(weight)
        key = key.key if isinstance(key, NodeKey) else key
        values = drop(self.values, rate, key, self.number).astype(weight.dtype)
        transposed = drop(self.transposed, rate, key, self.transposed_number).astype(weight.dtype)
        return sparse_product(self.rows, self.columns, values, transposed, weight)


def spread_features(
    matrix: np.ndarray | scipy.sparse.sparray | scipy.sparse.spmatrix,
    blocks: Blocks,
    mesh: Mesh,
    *,
    backend: Backend = "auto",
    dtype: DTypeLike = jnp.float32,
    density_limit: float = DENSITY_LIMIT,
) -> SpreadFeatures | DenseFeatures:
    """Puts features on the devices of a mesh, in the order of its blocks of nodes.

    Args:
        matrix: [N, F] array or scipy sparse matrix of finite real numbers.
        blocks: of the N nodes, as many as the mesh has devices on its axis "nodes".
        mesh: the devices.
        backend: of sparse products, "native", "csr", "segment_sum" or "auto".
        dtype: of the values.
        density_limit: share of non-zeros up to which X is kept sparse.

    Returns:
        Features of the rows of the blocks; rows without a node are 0.

    Raises:
        ValueError: if X is not a matrix of real numbers, holds NaN or infinities, or the backend is
            "bucketed".
    """
    coo = checked_entries(matrix)
    nodes, width = (int(size) for size in coo.shape)
    by_nodes = NamedSharding(mesh, BY_NODES)
    shape = len(blocks.node), width
    if coo.nnz > density_limit * nodes * width:
        dense = blocks.inside(coo.toarray().astype(dtype), 0)
        return DenseFeatures(over_devices(dense, by_nodes), shape)
    row = blocks.row[coo.row]
    made = _Sparse(row // blocks.size, row % blocks.size, coo, choose(backend, "features"), mesh)
    rows, values, number = made.rows(blocks.size, dtype, transposed=False)
    columns, transposed, transposed_number = made.rows(blocks.size, dtype, transposed=True)
    rows, columns = replace(rows, shape=shape), replace(columns, shape=shape[::-1])
    return SpreadFeatures(
        *(values, rows, columns, shape),
        transposed=transposed,
        number=number,
        transposed_number=transposed_number,
    )


@dataclass(frozen=True)
class _Sparse:
    """Entries of X, each on its device."""

    block: np.ndarray
    local: np.ndarray
    coo: scipy.sparse.coo_array
    backend: Backend
    mesh: Mesh

    def rows(
        self, size: int, dtype: DTypeLike, *, transposed: bool
    ) -> tuple[SpreadRows, Array, Array]:
        """The pattern of X or of X^T, its values, and the numbers of its entries."""
        width, count = int(self.coo.shape[1]), self.mesh.shape[NODES]
        places, shape = (self.local, self.coo.col), (size, width)
        if transposed:
            places, shape = places[::-1], shape[::-1]
        found = stacked(self.block, *places, shape, count, self.backend)
        entry = found.entry.ravel()
        put = partial(over_devices, sharding=NamedSharding(self.mesh, BY_NODES))
        pattern = jax.tree.map(put, found.pattern)
        values = np.append(self.coo.data, 0)[entry].astype(dtype)
        spread = SpreadRows(pattern, self.mesh, shape, transposed)
        return spread, put(values), put(entry.astype(np.int32))

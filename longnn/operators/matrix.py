"""Any symmetric matrix as an operator: its spectrum estimated, and moved into [-1, 1]."""

import jax.numpy as jnp
import numpy as np
import scipy.linalg
import scipy.sparse
from jax.typing import DTypeLike

from longnn.graphs.device import on_device
from longnn.operators.choice import written_out_here
from longnn.operators.normalized import SegmentOperator
from longnn.operators.protocol import Operator
from polybases.lanczos import reorthogonalised_step


def spectral_bounds(
    matrix: scipy.sparse.sparray | scipy.sparse.spmatrix, steps: int = 60, seed: int = 0
) -> tuple[float, float]:
    """An interval that holds the spectrum of a symmetric matrix, by Lanczos steps.

    The extreme Ritz values, moved out by the norm of the last residual (Zhou and Li, J. Sci.
    Comput. 46 (2011) 203, section 3): safe in practice, and exact once the Krylov space is.

    Args:
        matrix: [N, N] symmetric.
        steps: at most; fewer where the Krylov space ends.
        seed: random seed of the start vector.
    """
    n = matrix.shape[0]
    vectors = [np.random.default_rng(seed).standard_normal(n)]
    vectors[0] /= np.linalg.norm(vectors[0])
    diagonal: list[float] = []
    off: list[float] = []
    for _ in range(min(steps, n)):
        current, basis = vectors[-1], np.stack(vectors)
        following, a, length = reorthogonalised_step(matrix @ current, current, basis)
        diagonal.append(float(a))
        off.append(float(length))
        if length <= 1e-12 * max(map(abs, diagonal)) or len(vectors) == n:
            off[-1] = 0.0
            break
        vectors.append(following / length)
    ritz = scipy.linalg.eigvalsh_tridiagonal(diagonal, off[:-1])
    return float(ritz[0] - off[-1]), float(ritz[-1] + off[-1])


def symmetric_operator(
    matrix: scipy.sparse.sparray | scipy.sparse.spmatrix,
    *,
    rescale: bool = True,
    dtype: DTypeLike = jnp.float32,
) -> tuple[Operator, tuple[float, float]]:
    """Any symmetric matrix as an operator on [-1, 1], where the bases live.

    M becomes (2 M - (high + low) I) / (high - low) with bounds from `spectral_bounds`, unless its
    spectrum lies in [-1, 1] already.

    Args:
        matrix: [N, N], real and symmetric.
        rescale: false to refuse a matrix that would need it.
        dtype: of the entries.

    Returns:
        (operator, (low, high)): x in [-1, 1] stands for the eigenvalue
        (high - low) / 2 x + (high + low) / 2 of M; (-1, 1) where nothing was changed.

    Raises:
        ValueError: if the matrix is not square, symmetric and finite, or its spectrum leaves
            [-1, 1] and rescale is false.
    """
    entries = scipy.sparse.coo_array(matrix)
    if entries.ndim != 2 or entries.shape[0] != entries.shape[1]:
        raise ValueError(f"an operator needs a square matrix, got shape {entries.shape}")
    if not np.isfinite(entries.data).all():
        raise ValueError("an operator needs finite entries, got NaN or infinity")
    rows = scipy.sparse.csr_array(entries)
    gap = abs(rows - rows.T).max() if rows.nnz else 0.0
    if gap > 1e-6 * max(abs(rows).max(), 1e-300):
        raise ValueError(
            f"an operator needs a symmetric matrix, entries differ from their mirror by {gap:.3g}; "
            "take (M + M.T) / 2, or D^-r A D^(r-1) by longnn.operators.similar"
        )
    low, high = spectral_bounds(rows)
    size = rows.shape[0]
    if low < -1 - 1e-6 or high > 1 + 1e-6:
        if not rescale:
            raise ValueError(
                f"the spectrum lies in [{low:.4g}, {high:.4g}], outside [-1, 1] where the bases "
                "are orthogonal; allow rescale=True"
            )
        shift = scipy.sparse.diags_array(np.full(size, (high + low) / (high - low)))
        rows = scipy.sparse.csr_array(rows * (2 / (high - low)) - shift)
    else:
        low, high = -1.0, 1.0
    final = scipy.sparse.coo_array(rows)
    operator = SegmentOperator(
        on_device(final.col, jnp.int32),
        on_device(final.row, jnp.int32),
        on_device(final.data, dtype),
        size,
        written_out=written_out_here(),
    )
    return operator, (low, high)

"""How node features are scaled, with the numbers that scaled them, so that others can follow."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32, Float64
from scipy import sparse

from longnn.graphs.numbers import as_float32, real_array, real_matrix

Features: TypeAlias = Float32[np.ndarray, "N F"] | sparse.csr_array
"""Node features as a dataset stores them, dense or sparse."""

# Below this share of nonzeros CSR takes less memory; longnn.as_features decides what computes.
_SPARSE_BELOW = 0.25

NORMALIZE = ("row", "none", "standard")
"""The words that a dataset's ``normalize`` may be."""


@dataclass(frozen=True, eq=False)
class Preparation:
    """What was done to the features of a dataset; calling it does the same to those of other nodes.

    Attributes:
        normalize: "row", (X - minimum) / max(row sum, 1); "standard", (X - mean) / scale, or 0
            where the scale is 0; "none", X.
        minimum: the smallest feature of the dataset, for "row".
        mean: [F] the mean of each column, for "standard".
        scale: [F] their standard deviations, 0 of a constant column, for "standard".

    Example:
        >>> of = fitted(np.array([[1, 3], [3, 3]], np.float32), "standard")
        >>> of(np.array([[5, 7]], np.float32))
        array([[3., 0.]], dtype=float32)
    """

    normalize: str = "none"
    minimum: float = 0.0
    mean: Float64[np.ndarray, " F"] | None = None
    scale: Float64[np.ndarray, " F"] | None = None

    def __call__(self, features: Features) -> Features:
        """The features [N, F] of any nodes, scaled as those that this was fitted to."""
        if self.normalize == "none":
            return features
        if self.normalize == "row":
            return _by_row(features, np.float32(self.minimum))
        assert self.mean is not None
        assert self.scale is not None
        return _by_column(features, self.mean, self.scale)


def fitted(features: Features, how: str) -> Preparation:
    """The preparation of a word, with the numbers that it takes from these features.

    Args:
        features: [N, F] node features, dense or CSR.
        how: "row", "standard" or "none", see `Preparation`.

    Raises:
        ValueError: if `how` is another word or a feature is not finite.
    """
    if how not in NORMALIZE:
        raise ValueError(f"normalize must be one of {', '.join(NORMALIZE)}, got {how!r}")
    check_finite(features, "features")
    if how == "row":
        return Preparation("row", float(features.min()))
    if how == "none":
        return Preparation()
    # Sums of squares of many rows lose digits in float32.
    values = dense(features).astype(np.float64)
    mean, constant = values.mean(axis=0), (values == values[:1]).all(axis=0)
    centred = values - mean
    centred[:, constant] = 0
    return Preparation("standard", mean=mean, scale=centred.std(axis=0))


def normalize(features: Features, how: str) -> Features:
    """Scales node features.

    Args:
        features: node features, dense or CSR.
        how: "row": (X - min X) / max(row sum, 1), where sparse features stay sparse if min X = 0;
            "standard": columns of mean 0 and variance 1, dense, where constant columns become 0;
            "none": as they are.

    Returns:
        Features of the same shape.

    Raises:
        ValueError: if `how` is another word or a feature is not finite.

    Example:
        >>> normalize(np.array([[1, 3], [0, 0]], np.float32), "row")
        array([[0.25, 0.75],
               [0.  , 0.  ]], dtype=float32)
    """
    return fitted(features, how)(features)


def as_stored(features: object, what: str = "features") -> Features:
    """Features as float32: CSR where fewer than a quarter of the values are nonzero, else dense.

    Args:
        features: [N, F] real numbers, of which numpy makes an array, or a sparse matrix of scipy,
            whose entries at one place are added.
        what: names the features, for messages.

    Raises:
        ValueError: if they are no real numbers, or one is beyond the range of float32.
    """
    if sparse.issparse(features):
        rows = sparse.csr_array(real_matrix(what, features))
        rows.sum_duplicates()
        values = as_float32(what, rows.data)
        rows = sparse.csr_array((values, rows.indices, rows.indptr), shape=rows.shape)
        return rows if rows.nnz < _SPARSE_BELOW * np.prod(rows.shape) else rows.toarray()
    array = as_float32(what, real_array(what, features))
    few = array.ndim == 2 and np.count_nonzero(array) < _SPARSE_BELOW * array.size
    return sparse.csr_array(array) if few else array


def check_finite(features: Features, what: str) -> None:
    """Raises a ValueError if a feature is NaN or infinite.

    Args:
        features: [N, F], dense or CSR.
        what: names them, for the message.
    """
    values = features.data if sparse.issparse(features) else features
    if np.isfinite(values).all():
        return
    bad = ~np.isfinite(dense(features))
    raise ValueError(
        f"{what}: {bad.sum()} values are NaN or infinite, the first in row "
        f"{np.flatnonzero(bad.any(axis=1))[0]}; replace them or drop those columns"
    )


def dense(features: Features) -> Float32[np.ndarray, "N F"]:
    """Features as a dense array."""
    return features if isinstance(features, np.ndarray) else features.toarray()


def _by_row(features: Features, minimum: np.float32) -> Features:
    if isinstance(features, np.ndarray) or minimum != 0:
        shifted = dense(features) - minimum
        return (shifted * _row_scale(shifted)[:, None]).astype(np.float32)
    # A product with a diagonal matrix would leave the column indices unsorted.
    values = features.data * np.repeat(_row_scale(features), np.diff(features.indptr))
    indices = features.indices, features.indptr
    return sparse.csr_array((values.astype(np.float32), *indices), shape=features.shape)


def _row_scale(features: Features) -> Float32[np.ndarray, " N"]:
    return 1 / np.maximum(features.sum(axis=1), 1)


def _by_column(
    features: Features, mean: Float64[np.ndarray, " F"], scale: Float64[np.ndarray, " F"]
) -> Float32[np.ndarray, "N F"]:
    constant = scale == 0
    centred = dense(features).astype(np.float64) - mean
    centred[:, constant] = 0
    return (centred / np.where(constant, 1, scale)).astype(np.float32)

"""Checks of what an upstream file holds, before anything is made of it.

They raise ValueErrors without a name; `longnn.data.archive.reading` adds that of the file.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64, Shaped
from scipy import sparse

from longnn.data.limits import Budget

LARGEST = 1e30
"""The largest feature: sums over a row must stay finite in float32."""


def one_of(content: Mapping[str, Any], key: str) -> Any:  # whatever the file holds
    """The value of a key, or a ValueError that names it and what there is."""
    if key not in content:
        found = ", ".join(map(str, content))[:200] or "nothing"
        raise ValueError(f"it has no array {key}, it holds {found}")
    return content[key]


def numbers(values: Any, what: str, dimensions: int) -> np.ndarray:
    """An array of finite numbers with a given number of dimensions, not empty.

    Args:
        values: what the file holds.
        what: its name, for the message.
        dimensions: 1 or 2.

    Raises:
        ValueError: if it is anything else.
    """
    if not isinstance(values, np.ndarray) or values.ndim != dimensions or values.size == 0:
        shape = f"shape {values.shape}" if isinstance(values, np.ndarray) else "no shape"
        raise ValueError(f"{what} has {shape}, expected {dimensions} sizes of at least 1")
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{what} is {values.dtype}, expected numbers")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ValueError(f"{what} holds values that are NaN or infinite")
    return values


def whole(values: Any, what: str, dimensions: int, low: int, high: int) -> Int64[np.ndarray, "..."]:
    """Whole numbers in [low, high) as int64; the arguments are those of `numbers`."""
    found = numbers(values, what, dimensions)
    if found.min() < low or found.max() >= high:
        raise ValueError(
            f"{what} holds numbers from {found.min()} to {found.max()}, expected [{low}, {high})"
        )
    whole = found.astype(np.int64)
    if (whole != found).any():
        raise ValueError(f"{what} holds fractions, expected whole numbers")
    return whole


def classes(values: Any, what: str) -> tuple[Int64[np.ndarray, " N"], int]:
    """Labels [N] in [-1, N), -1 for none, and the number of classes; at least one is labelled."""
    labels = whole(values, what, 1, -1, np.size(values))
    if labels.max() < 0:
        raise ValueError(f"{what} labels no node")
    return labels, int(labels.max()) + 1


def features(
    values: Any, what: str, nodes: int, budget: Budget
) -> Shaped[np.ndarray, "N F"] | sparse.csr_array:
    """Features as they came, an array or a sparse matrix, after they have been checked.

    Args:
        values: an array [N, F] or a CSR matrix.
        what: its name, for the message.
        nodes: N.
        budget: from which the dense form is taken where the sparse one cannot be normalised.

    Raises:
        ValueError: if they have another shape, or a value is not finite or beyond `LARGEST`.
    """
    held = values.data if sparse.issparse(values) else values
    if np.size(held):
        found = numbers(held, what, 1 if sparse.issparse(values) else 2)
        if max(-float(found.min()), float(found.max())) > LARGEST:
            raise ValueError(f"{what} holds values beyond {LARGEST:g}")
    shape: tuple[int, ...] = getattr(values, "shape", ())
    if len(shape) != 2 or shape[0] != nodes or shape[1] < 1:
        raise ValueError(f"{what} has shape {shape}, expected [{nodes}, F] with F >= 1")
    if not sparse.issparse(values) or (values.nnz and values.data.min() < 0):
        budget.take(12 * nodes * shape[1])
    return values


def mask(values: Any, what: str, dimensions: int, nodes: int) -> Bool[np.ndarray, "... N"]:
    """Truth values [N] or [S, N], which a file may store as 0 and 1."""
    found = whole(values, what, dimensions, 0, 2)
    if found.shape[-1] != nodes:
        raise ValueError(f"{what} has shape {found.shape}, expected [..., {nodes}]")
    return found.astype(bool)

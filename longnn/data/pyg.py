"""A dataset from PyTorch Geometric's ``Data``, by its attributes alone."""

from typing import Any

import numpy as np

from longnn.data.dataset import Dataset, checksum_of
from longnn.data.own import Options, own_dataset


def from_pyg(data: Any, name: str = "pyg", **options: Any) -> Dataset:
    """A dataset from a ``torch_geometric.data.Data``, by its attributes; torch is not imported.

    Args:
        data: edge_index [2, E], x [N, F] and y [N]; optionally edge_weight [E], and train_mask,
            val_mask, test_mask [N] or [N, S], which become the split protocol "fixed".
        name: what reports call it.
        options: of `longnn.data.own.Options`.

    Raises:
        ValueError: if an attribute is missing or of wrong shape.
    """
    missing = [key for key in ("edge_index", "x", "y") if getattr(data, key, None) is None]
    if missing:
        raise ValueError(f"the Data has no {missing[0]}; it needs edge_index, x and y")
    weights = getattr(data, "edge_weight", None)
    edges, features, labels = (np.asarray(getattr(data, key)) for key in ("edge_index", "x", "y"))
    return own_dataset(
        name,
        edges.T,
        features,
        labels,
        weights=None if weights is None else np.asarray(weights),
        shipped=_pyg_masks(data),
        checksum=checksum_of(edges, features, labels),
        options=Options(**options),
    )


def _pyg_masks(data: Any) -> dict[str, np.ndarray]:
    names = [f"{part}_mask" for part in ("train", "val", "test")]
    if any(getattr(data, name, None) is None for name in names):
        return {}
    masks = [np.asarray(getattr(data, name)).astype(bool) for name in names]
    columns = [mask.reshape(len(mask), -1).T for mask in masks]
    part = np.full(columns[0].shape, -1, np.int8)
    for number, mask in enumerate(columns):
        part[mask] = number
    return {"fixed": part}

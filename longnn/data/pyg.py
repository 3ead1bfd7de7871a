"""A dataset from PyTorch Geometric's ``Data``, by its attributes alone."""

import numpy as np
from jaxtyping import Int8

from longnn.data.dataset import Dataset, checksum_of
from longnn.data.own import options_of, own_dataset


def from_pyg(data: object, name: str = "pyg", **options: str) -> Dataset:
    """Makes a dataset of a ``torch_geometric.data.Data``, by its attributes; torch is not imported.

    Args:
        data: an object with edge_index [2, E], x [N, F] and y [N]; optionally with edge_weight [E],
            and train_mask, val_mask, test_mask, [N] or [N, S], which become the split protocol
            "fixed".
        name: what reports call the dataset.
        options: fields of `longnn.data.own.Options`, such as ``directions="sum"``.

    Raises:
        ValueError: if an attribute is missing or of wrong shape.
        TypeError: if an option is unknown.
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
        options=options_of(options),
    )


def _pyg_masks(data: object) -> dict[str, Int8[np.ndarray, "S N"]]:
    names = [f"{part}_mask" for part in ("train", "val", "test")]
    if any(getattr(data, name, None) is None for name in names):
        return {}
    masks = [np.asarray(getattr(data, name)).astype(bool) for name in names]
    columns = [mask.reshape(len(mask), -1).T for mask in masks]
    part = np.full(columns[0].shape, -1, np.int8)
    for number, mask in enumerate(columns):
        part[mask] = number
    return {"fixed": part}

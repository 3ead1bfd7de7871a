"""A dataset from PyTorch Geometric's ``Data``, by its attributes alone."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Int8, Shaped

from longnn.data.dataset import Dataset, checksum_of
from longnn.data.known import check_ignored, names_of, near_name
from longnn.data.own import options_of, own_dataset
from longnn.graphs.numbers import first_true

REQUIRED = ("edge_index", "x")

MASKS = ("train_mask", "val_mask", "test_mask")

_READ = (*REQUIRED, "y", "edge_weight", *MASKS)


def from_pyg(data: object, name: str = "pyg", **options: object) -> Dataset:
    """Makes a dataset of a ``torch_geometric.data.Data``, by its attributes; torch is not imported.

    Args:
        data: an object with edge_index [2, E], x [N, F], and y [N] or [N, 1], or [N, C] of 0 and 1
            for a multi-label metric, or without y where it is only predicted on; optionally with
            edge_weight [E], and train_mask, val_mask, test_mask, booleans [N] or [N, S] without
            overlap, which become the split protocol "fixed". An edge_attr, or an attribute whose
            name is like one of these, is an error unless it is ignored; others are left out.
        name: what reports call the dataset.
        options: fields of `longnn.data.own.Options`, such as ``directions="sum"``; ``ignore`` are
            names of attributes.

    Raises:
        ValueError: if an attribute is missing, of wrong shape or type, or is near to one that is
            read, or if masks overlap.
        TypeError: if an option is unknown.

    Warns:
        RenumberedLabelsWarning: if the labels are numbers, but not 0 to C - 1.
    """
    rules = options_of(options)
    ignore = names_of(rules.ignore)
    given = {key: getattr(data, key) for key in names_in(data) if key not in ignore}
    given = {key: value for key, value in given.items() if value is not None}
    check_ignored(ignore, [key for key in names_in(data) if key not in REQUIRED], "the Data")
    missing = [key for key in REQUIRED if key not in given]
    if missing:
        raise ValueError(f"the Data has no {missing[0]}; it needs edge_index and x")
    check_unread(given)
    nodes = getattr(data, "num_nodes", None)
    if isinstance(nodes, int) and nodes != len(given["x"]):
        raise ValueError(
            f"the Data has num_nodes {nodes} and x of {len(given['x'])} rows, expected one row a "
            "node"
        )
    arrays = {key: array_of(key, given[key]) for key in _READ if key in given}
    edges, features = (arrays[key] for key in REQUIRED)
    if edges.ndim != 2 or len(edges) != 2:
        raise ValueError(f"edge_index has shape {edges.shape}, expected [2, E]; transpose [E, 2]")
    weights = arrays.get("edge_weight")
    return own_dataset(
        name,
        edges.T,
        features,
        arrays.get("y"),
        weights=weights,
        shipped=_shipped({key: arrays[key] for key in MASKS if key in arrays}, len(features)),
        checksum=checksum_of(
            *(arrays[key] for key in (*REQUIRED, "y", "edge_weight") if key in arrays)
        ),
        options=replace(rules, ignore=()),
    )


def names_in(data: object) -> Iterable[str]:
    """The names of an object's attributes; a ``Data`` lists its own."""
    keys = getattr(data, "keys", None)
    listed = keys() if callable(keys) else keys if keys is not None else vars(data)
    return dict.fromkeys([*map(str, listed), *(key for key in _READ if hasattr(data, key))])


def check_unread(given: Iterable[str]) -> None:
    """Raises a ValueError for edge_attr, and for names that are near to one that is read."""
    for key in given:
        if key in _READ:
            continue
        near = near_name(key, ("weights", "part"))
        meant = {"weights": "edge_weight", "part": ", ".join(MASKS)}.get(near or "")
        if meant is not None:
            raise ValueError(
                f"the Data has {key}, which nothing reads; weights are edge_weight [E], and splits "
                f"are {', '.join(MASKS)}: set {meant} if it means that, or leave it out by "
                f"ignore={key!r}"
            )


def array_of(key: str, value: object) -> Shaped[np.ndarray, "..."]:
    """An attribute as an array; a ValueError, which names it, if it is none of the host."""
    try:
        return np.asanyarray(value)  # with its mask, if it has one
    except (TypeError, ValueError, RuntimeError) as error:  # sparse, on a GPU, or with gradients
        raise ValueError(
            f"{key} of the Data cannot be read as an array ({error}); use "
            ".detach().cpu(), and a dense tensor of a type that numpy has"
        ) from error


def _shipped(
    masks: dict[str, Shaped[np.ndarray, "..."]], nodes: int
) -> dict[str, Int8[np.ndarray, "S N"]]:
    if not masks:
        return {}
    missing = [key for key in MASKS if key not in masks]
    if missing:
        raise ValueError(
            f"the Data has {', '.join(masks)} but no {missing[0]}; give all three masks, or leave "
            f"them out by ignore={list(masks)}"
        )
    for key, mask in masks.items():
        if mask.dtype != bool or mask.ndim not in (1, 2) or len(mask) != nodes:
            raise ValueError(
                f"{key} is {mask.dtype} of shape {mask.shape}, expected booleans of shape "
                f"[{nodes}] or [{nodes}, S]; make a mask of an index by mask[index] = True"
            )
    return {"fixed": _parts({key: mask.reshape(nodes, -1).T for key, mask in masks.items()})}


def _parts(masks: dict[str, Bool[np.ndarray, "_ N"]]) -> Int8[np.ndarray, "S N"]:
    """The part of each node in each split; a mask of one split counts in all."""
    counts = sorted({len(mask) for mask in masks.values()} - {1})
    if len(counts) > 1:
        raise ValueError(
            f"the masks are of {' and '.join(map(str, counts))} splits, expected one number S in "
            "all [N, S], or [N]"
        )
    together = np.stack(np.broadcast_arrays(*(masks[key] for key in MASKS)))
    twice = together.sum(axis=0) > 1
    first = first_true(twice)
    if first is not None:
        split, node = first
        raise ValueError(
            f"{', '.join(MASKS)} overlap at {int(twice.sum())} places, the first is node {node} in "
            f"split {split}; a node belongs to one part"
        )
    return np.where(together.any(axis=0), together.argmax(axis=0), -1).astype(np.int8)

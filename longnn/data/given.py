"""Split protocols whose parts are given: by the dataset, by Geom-GCN's files, or by the user's."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
from jaxtyping import Int, Integer

from longnn.data.archive import AGAIN, read_npz, reading
from longnn.data.contents import mask, one_of
from longnn.data.coverage import covering
from longnn.data.dataset import Dataset, check_labelled
from longnn.data.download import fetch
from longnn.data.errors import about
from longnn.data.known import check_ignored, check_known, names_of
from longnn.data.partition import PARTS, UNUSED, Splits
from longnn.graphs.checks import check_count

GEOM_GCN: Mapping[str, str] = MappingProxyType(
    {
        "cora": "cora",
        "citeseer": "citeseer",
        "pubmed": "pubmed",
        "chameleon": "chameleon",
        "squirrel": "squirrel",
        "actor": "film",
        "texas": "texas",
        "cornell": "cornell",
        "wisconsin": "wisconsin",
    }
)
"""Dataset -> the name of it in the names of its split files."""


def geom_gcn(dataset: Dataset) -> Splits:
    """Reads the ten 48/32/20 splits of Pei et al. 2020 (arXiv 2002.05287).

    Their authors call them 60/20. Nodes that a file leaves out (in Cora those outside of the
    largest component) are in no part.

    Args:
        dataset: one of `GEOM_GCN`, with all its nodes.

    Raises:
        ValueError: if there are none for this dataset, or they are for another number of nodes.
        DataFileError: if a file is missing, altered or cannot be fetched.
    """
    check_labelled(dataset)
    if dataset.name not in GEOM_GCN:
        raise ValueError(
            f"there are no geom_gcn splits for dataset {dataset.name!r}, only for "
            f"{', '.join(GEOM_GCN)}; use another protocol"
        )
    stem = f"geom-gcn/splits/{GEOM_GCN[dataset.name]}_split_0.6_0.2_"
    parts = []
    for name in (f"{stem}{number}.npz" for number in range(10)):
        row = _row(name)
        with about(name):
            parts.append(_of_labelled(dataset, "geom_gcn", row[None], "the geom_gcn split").part)
    return covering(dataset, Splits("geom_gcn", np.concatenate(parts)))


def fixed(dataset: Dataset, count: int | None = None) -> Splits:
    """Gives the masks that the dataset's file ships.

    Args:
        dataset: whose file has masks.
        count: how many, the first ones; None for all.

    Raises:
        ValueError: if it ships none, or fewer than `count`.
    """
    shipped = _shipped(dataset, "fixed")
    if count is None:
        return shipped
    check_count("split.count", count)
    if count > len(shipped.part):
        raise ValueError(
            f"split.count is {count}, but dataset {dataset.name!r} ships {len(shipped.part)} masks"
        )
    return Splits("fixed", shipped.part[:count])


def public(dataset: Dataset) -> Splits:
    """Gives the public split of Planetoid; a ValueError if the dataset has none."""
    return _shipped(dataset, "public")


def file(
    dataset: Dataset, path: str | Path | None = None, ignore: str | Sequence[str] = ()
) -> Splits:
    """Reads splits from a file of the user's.

    Args:
        dataset: N nodes.
        path: an npz file with an integer array part [S, N]: 0 train, 1 validation, 2 test, -1 in no
            part.
        ignore: names of other arrays of the file, which are left out.

    Raises:
        ValueError: if no path is given, the array is missing, of another shape or type, or leaves a
            part empty, or if there is an array that nothing reads.
        DataFileError: if the file is missing or damaged.
    """
    if path is None:
        raise ValueError(
            "the split protocol 'file' needs a path: give split.path=FILE, an npz file with an "
            "array part [S, N] (0 train, 1 val, 2 test, -1 unused)"
        )
    advice = "write it with numpy.savez(path, part=array), part integers [S, N]"
    arrays = read_npz(path)
    if "part" not in arrays:
        found = ", ".join(arrays) or "nothing"
        raise ValueError(f"{path} has no array part, it holds {found}; {advice}")
    names = names_of(ignore)
    check_ignored(names, [key for key in arrays if key != "part"], str(path))
    check_known(arrays, ["part"], names, str(path))
    with about(path):
        return labelled_only(dataset, "file", arrays["part"], f"array part in {path}")


def labelled_only(
    dataset: Dataset, protocol: str, part: Integer[np.ndarray, "S N"], what: str
) -> Splits:
    """Makes splits of the labelled nodes from an array that was given.

    Args:
        dataset: N nodes.
        protocol: how the splits were made.
        part: the parts as for `Splits`.
        what: what the array is, for messages.

    Raises:
        ValueError: unless it holds integers of shape [S, N], as `Splits` wants them.
    """
    return covering(dataset, _of_labelled(dataset, protocol, part, what))


def _of_labelled(
    dataset: Dataset, protocol: str, part: Integer[np.ndarray, "_ N"], what: str
) -> Splits:
    check_labelled(dataset)
    nodes = len(dataset.labels)
    if part.ndim != 2 or part.shape[1] != nodes:
        raise ValueError(
            f"{what} has shape {part.shape}, expected [S, {nodes}] for dataset "
            f"{dataset.name!r}; use part[None] for one split, and check that it is the same dataset"
        )
    if not np.issubdtype(part.dtype, np.integer):
        raise ValueError(f"{what} is {part.dtype}, expected integers: 0, 1, 2 or -1 per node")
    return Splits(protocol, np.where(dataset.labelled, part.astype(np.int64), UNUSED))


def _shipped(dataset: Dataset, protocol: str) -> Splits:
    check_labelled(dataset)
    if protocol not in dataset.shipped:
        one = not (dataset.regression or dataset.multilabel)
        by_class = ("per_class", "stratified") if one else ()
        usable = (*dataset.shipped, *by_class, "random", "file")
        raise ValueError(
            f"dataset {dataset.name!r} ships no split {protocol!r} (it ships "
            f"{', '.join(dataset.shipped) or 'none'}); use one of {', '.join(usable)}"
        )
    part = dataset.shipped[protocol]
    return labelled_only(dataset, protocol, part, f"shipped split {protocol!r}")


def _row(name: str) -> Int[np.ndarray, " N"]:
    """Parts of the nodes in one of Geom-GCN's files of masks."""
    path = fetch(name)
    masks = read_npz(path, AGAIN)
    with reading(path, "file of Geom-GCN's masks"):
        nodes = np.size(one_of(masks, "train_mask"))
        row = np.full(nodes, UNUSED)
        for part, number in PARTS.items():
            key = f"{part}_mask"
            row[mask(one_of(masks, key), key, 1, nodes)] = number
        return row

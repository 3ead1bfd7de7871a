"""What a file or an object holds beside the arrays that are read: an error, unless left out."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from jaxtyping import Shaped

_PARTS = ("train", "val", "valid", "validation", "test")

MEANINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "weights": ("weight", "edge_weight", "edge_weights", "edge_attr", "w"),
        "part": (
            *(
                f"{part}_{ending}"
                for part in _PARTS
                for ending in ("mask", "masks", "idx", "index")
            ),
            *_PARTS,
            *("mask", "masks", "split", "splits", "fold", "folds"),
        ),
        "features": ("x", "attr", "node_attr", "node_features", "node_feat"),
        "labels": ("y", "target", "targets", "node_label", "node_labels"),
        "edges": ("edge_index", "edge_list", "adj", "adj_matrix", "adjacency"),
    }
)
"""The name of an array here -> other names that are common for it."""


def names_of(ignore: object) -> tuple[str, ...]:
    """The names in ``ignore``, which may be a single one.

    Raises:
        ValueError: if it is no name and no list of names.

    Example:
        >>> names_of("pos"), names_of(["pos", "id"])
        (('pos',), ('pos', 'id'))
    """
    names = (ignore,) if isinstance(ignore, str) else ignore
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"ignore must be a name or a list of names, got {ignore!r}")
    return tuple(names)


def check_known(
    found: Mapping[str, Shaped[np.ndarray, "..."]],
    known: Sequence[str],
    ignore: Sequence[str],
    owner: str,
) -> None:
    """Raises a ValueError that names what nothing reads, unless it is to be ignored.

    A single text is a note, which may stand in every file.

    Args:
        found: the arrays that a file holds, by their names.
        known: the names that are read.
        ignore: names of arrays that are left out on purpose.
        owner: has the arrays, for the message.
    """
    others = [
        name
        for name, array in found.items()
        if name not in known and name not in ignore and not _is_note(array)
    ]
    if others:
        told = ", ".join(f"{name}{_near(name, known)}" for name in others)
        raise ValueError(
            f"{owner} holds {told}, which nothing reads; known are {', '.join(known)}; rename, or "
            f"leave out by ignore=[{','.join(others)}]"
        )


def check_ignored(ignore: Sequence[str], found: Iterable[str], owner: str) -> None:
    """Raises a ValueError if a name that is to be ignored is not there.

    Args:
        ignore: names of arrays that are left out on purpose.
        found: names of those that are there and may be left out.
        owner: has the arrays, for the message.
    """
    there = sorted(set(found))
    missing = [name for name in ignore if name not in there]
    if missing:
        raise ValueError(
            f"ignore names {missing[0]!r}, but what may be left out of {owner} is "
            f"{', '.join(there) or 'nothing'}; drop it from ignore"
        )


def near_name(name: str, known: Sequence[str]) -> str | None:
    """The known name that a name may stand for; None if there is none.

    Example:
        >>> near_name("edge_weight", ["edges", "weights"])
        'weights'
    """
    lower = name.casefold()
    meant = [key for key, names in MEANINGS.items() if key in known and lower in names]
    near = meant or difflib.get_close_matches(lower, known, n=1)
    return near[0] if near else None


def _is_note(array: Shaped[np.ndarray, "..."]) -> bool:
    return array.ndim == 0 and array.dtype.kind in "US"


def _near(name: str, known: Sequence[str]) -> str:
    near = near_name(name, known)
    return f" (did you mean {near}?)" if near else ""

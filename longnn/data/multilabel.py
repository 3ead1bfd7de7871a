"""Labels of which a node may have any number."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Shaped

from longnn.data.classes import Owner, Read
from longnn.graphs.numbers import first_true


def read_multilabel(
    labels: Shaped[np.ndarray, "..."] | Sequence[object],
    owner: Owner,
    classes: int | None = None,
    names: Sequence[str] = (),
) -> Read:
    """Reads C labels a node: 1 has it, 0 has it not; -1, NaN or masked: not known.

    Args:
        labels: [N, C] numbers or truth values.
        owner: has the labels, for messages.
        classes: the number of labels C, if it is known.
        names: of the C labels; their numbers by default.

    Returns:
        The labels as int8 in {0, 1, -1}, C, and their names.

    Raises:
        ValueError: if they are of another shape or kind, or no label differs between nodes.

    Example:
        >>> read_multilabel([[1, 0], [1, 1], [np.nan, 0]], Owner("pets")).labels.tolist()
        [[1, 0], [1, 1], [-1, 0]]
    """
    array, hidden = _array(labels, owner)
    known = ~(hidden | (array == -1) | np.isnan(array))
    _check_entries(array, known, owner)
    count = array.shape[1]
    if classes not in (None, count):
        raise ValueError(
            f"{owner.name} has {count} columns of labels, but classes={classes}; leave it out"
        )
    read = np.where(known, array, -1).astype(np.int8)
    if not ((read == 1).any(axis=0) & (read == 0).any(axis=0)).any():
        raise ValueError(
            f"no label of {owner.name} differs between nodes, nothing to tell apart; check the "
            "labels given"
        )
    return Read(read, count, tuple(names) or tuple(map(str, range(count))))


def _array(
    labels: Shaped[np.ndarray, "..."] | Sequence[object], owner: Owner
) -> tuple[Shaped[np.ndarray, "N C"], Bool[np.ndarray, "N C"]]:
    """The labels as numbers, and which of them are masked."""
    try:
        array = np.asarray(labels)
        hidden = np.broadcast_to(np.ma.getmask(labels), array.shape)  # type: ignore[arg-type]
    except (ValueError, TypeError, RuntimeError) as error:  # ragged, or no array of the host
        raise ValueError(f"labels of {owner.name} cannot be read as an array; {error}") from error
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind not in "biuf":
        raise ValueError(
            f"labels of {owner.name} are {array.dtype} of shape {array.shape}, expected 0 or 1 for "
            "each of C labels, [N, C], for a multi-label metric; one class a node needs accuracy"
        )
    return array, hidden


def _check_entries(
    array: Shaped[np.ndarray, "N C"], known: Bool[np.ndarray, "N C"], owner: Owner
) -> None:
    place = first_true(known & (array != 0) & (array != 1))
    if place is not None:
        entry = owner.label(place[0], array[tuple(place)].item())
        raise ValueError(
            f"{entry} in column {place[1]}, expected 1 (has it), 0 (has it not), or -1 or NaN (not "
            "known)"
        )
